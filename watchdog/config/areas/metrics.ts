import { login } from "../secret.ts";
import { one, optional, type Parsed } from "../table.ts";
import { count, httpUrl, periodOrOff } from "../value.ts";

/** The orchestrator's /metrics. */
export const METRICS_VARIABLES = {
  metricsUrl: optional("WATCHDOG_METRICS_URL", httpUrl, "the orchestrator's /metrics; unset: not watched", {
    secret: login,
  }),
  orchDownTicks: one("WATCHDOG_ORCH_DOWN_TICKS", count, 3, 'failing ticks in a row before "orchestrator down"'),
  metricsStaleS: one("WATCHDOG_METRICS_STALE_S", periodOrOff, 300, "seconds without generated_at advancing; 0 = off"),
  agentHungMin: one("WATCHDOG_AGENT_HUNG_MIN", periodOrOff, 15, "minutes an agent makes no CPU progress; 0 = off"),
  queueStalledMin: one(
    "WATCHDOG_QUEUE_STALLED_MIN",
    periodOrOff,
    30,
    "minutes with work queued, nothing running, nothing finishing; 0 = off",
  ),
};

export type MetricsSettings = Parsed<typeof METRICS_VARIABLES>;
