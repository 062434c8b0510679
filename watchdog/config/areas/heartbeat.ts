import { hook } from "../secret.ts";
import { one, optional, type Parsed } from "../table.ts";
import { httpUrl, period } from "../value.ts";

/** The heartbeat. */
export const HEARTBEAT_VARIABLES = {
  heartbeatUrl: optional(
    "WATCHDOG_HEARTBEAT_URL",
    httpUrl,
    "asked after a tick while all is well with the watchdog; silence there means trouble here",
    { secret: hook },
  ),
  heartbeatS: one("WATCHDOG_HEARTBEAT_S", period, 60, "at most one such request in this many seconds"),
};

export type HeartbeatSettings = Parsed<typeof HEARTBEAT_VARIABLES>;
