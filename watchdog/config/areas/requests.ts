import { one, type Parsed } from "../table.ts";
import { period } from "../value.ts";

/** What every request has in common. */
export const REQUESTS_VARIABLES = {
  httpTimeoutS: one(
    "WATCHDOG_HTTP_TIMEOUT_S",
    period,
    5,
    "deadline of one request, from connect to last byte, in seconds",
  ),
};

export type RequestSettings = Parsed<typeof REQUESTS_VARIABLES>;
