import { one, type Parsed } from "../table.ts";
import { flag, percent } from "../value.ts";

/** The host's memory. */
export const MEMORY_VARIABLES = {
  memEnabled: one("WATCHDOG_MEM_ENABLED", flag, true, "watch the host's memory"),
  memPct: one("WATCHDOG_MEM_PCT", percent, 90, "memory use, in percent, from which it alerts"),
};

export type MemorySettings = Parsed<typeof MEMORY_VARIABLES>;
