import { list, one, type Parsed } from "../table.ts";
import { flag, pattern, period, text } from "../value.ts";

/** Processes that were left over. */
export const PROC_VARIABLES = {
  procEnabled: one("WATCHDOG_PROC_ENABLED", flag, false, "scan for orphaned long-lived processes (needs pid: host)"),
  procAgeMin: one(
    "WATCHDOG_PROC_AGE_MIN",
    period,
    60,
    "minutes after which such a process is blocking; must exceed the longest legitimate test run",
  ),
  procPatterns: list(
    "WATCHDOG_PROC_PATTERNS",
    pattern,
    "pytest",
    () => ["pytest"],
    "substrings of the command line, comma-separated",
  ),
  procCooldownS: one(
    "WATCHDOG_PROC_COOLDOWN_S",
    period,
    1800,
    "seconds until an alert about such a process is repeated",
  ),
  procRoot: one("WATCHDOG_PROC_ROOT", text("an absolute path", /^\/[^\0]*$/), "/proc", "where procfs is"),
};

export type ProcSettings = Parsed<typeof PROC_VARIABLES>;
