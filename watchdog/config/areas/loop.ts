import { one, type Parsed } from "../table.ts";
import { count, flag, period } from "../value.ts";

/** When it looks, and how often it repeats itself. */
export const LOOP_VARIABLES = {
  enabled: one("WATCHDOG_ENABLED", flag, true, "kill switch: false = the process stays up, healthy and inert"),
  intervalS: one("WATCHDOG_INTERVAL_S", period, 30, "seconds from tick start to tick start"),
  cooldownS: one("WATCHDOG_COOLDOWN_S", period, 1800, "seconds until an unresolved alert is repeated"),
  clearTicks: one("WATCHDOG_CLEAR_TICKS", count, 2, "good readings in a row before a signal counts as recovered"),
};

export type LoopSettings = Parsed<typeof LOOP_VARIABLES>;
