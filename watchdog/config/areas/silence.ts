import { list, optional, type Parsed } from "../table.ts";
import { dailySpan, keyPattern } from "../value.ts";

/** What is never told, and when it is told without sound. */
export const SILENCE_VARIABLES = {
  mute: list(
    "WATCHDOG_MUTE",
    keyPattern,
    "",
    () => [],
    "signal keys that are never told, such as dep:*,container:build-*",
  ),
  quietHours: optional(
    "WATCHDOG_QUIET_HOURS",
    dailySpan,
    "send without sound in these hours, such as 23:00-07:00 Europe/Moscow",
  ),
};

export type SilenceSettings = Parsed<typeof SILENCE_VARIABLES>;
