import { one, type Parsed } from "../table.ts";
import { count } from "../value.ts";

/** When a source counts as unavailable. */
export const BLIND_VARIABLES = {
  blindTicks: one("WATCHDOG_BLIND_TICKS", count, 3, 'failing readings in a row before "source unavailable"'),
};

export type BlindSettings = Parsed<typeof BLIND_VARIABLES>;
