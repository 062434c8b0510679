import { optional, type Parsed } from "../table.ts";
import { text } from "../value.ts";

/** What outlives a restart. */
export const STATE_VARIABLES = {
  stateFile: optional(
    "WATCHDOG_STATE_FILE",
    text("an absolute path", /^\/[^\0]*[^/\0]$/),
    "file that keeps what was told and what is pending across restarts; unset: memory only",
  ),
};

export type StateSettings = Parsed<typeof STATE_VARIABLES>;
