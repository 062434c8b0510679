import { one, type Parsed } from "../table.ts";
import { hysteresis } from "../value.ts";

/** What all percentages with a threshold have in common. */
export const LEVELS_VARIABLES = {
  hysteresisPct: one(
    "WATCHDOG_HYSTERESIS_PCT",
    hysteresis,
    2,
    "a percentage stays alerting until it is this far below its threshold",
  ),
};

export type LevelSettings = Parsed<typeof LEVELS_VARIABLES>;
