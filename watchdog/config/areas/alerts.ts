import { one, type Parsed } from "../table.ts";
import { countOrOff, flag, period, periodOrOff } from "../value.ts";

/** What makes an alert loud, flapping or awaited. */
export const ALERTS_VARIABLES = {
  quietCritical: one(
    "WATCHDOG_QUIET_CRITICAL",
    flag,
    false,
    "true = even orchestrator_down and disk_crit go without sound in the quiet hours",
  ),
  flapChanges: one(
    "WATCHDOG_FLAP_CHANGES",
    countOrOff,
    6,
    "changes of state within the window from which a signal counts as flapping; 0 = off",
  ),
  flapWindowS: one("WATCHDOG_FLAP_WINDOW_S", period, 3600, "that window, in seconds"),
  flapSteadyS: one(
    "WATCHDOG_FLAP_STEADY_S",
    period,
    900,
    "seconds without a change until a flapping signal counts as settled",
  ),
  startupGraceS: one(
    "WATCHDOG_STARTUP_GRACE_S",
    periodOrOff,
    60,
    "seconds after start in which containers and dependencies not up yet are awaited; 0 = off",
  ),
};

export type AlertSettings = Parsed<typeof ALERTS_VARIABLES>;
