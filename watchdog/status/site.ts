import type { Clock, Moment } from "../clock.ts";
import { iso } from "../clock.ts";
import type { StatusSettings } from "../config/areas/status.ts";
import type { Problem } from "../config/table.ts";
import type { Watch } from "../daemon/watch.ts";
import type { Journal } from "../notify/journal.ts";
import type { DeliveryView } from "../notify/outbox.ts";
import { redactJson } from "../safe.ts";
import { createHistogram, EXPOSITION_TYPE } from "./exposition.ts";
import { isFresh } from "./health.ts";
import { CONTENT_SECURITY_POLICY, renderPage } from "./page.ts";
import { type PageSources, pageView } from "./page-view.ts";
import { type PrometheusSources, prometheusText } from "./prometheus.ts";
import { type Answer, type Asked, jsonAnswer, type Routes } from "./server.ts";
import { createSteady } from "./steady.ts";
import { type StatusOptions, statusView } from "./view.ts";

export interface SiteOptions {
  readonly config: PageSources["config"] & PrometheusSources["config"] & StatusOptions["config"] & StatusSettings;
  readonly watch: Watch;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly delivery: () => DeliveryView;
  /** Why the state file could not be written, where there is one. */
  readonly stateError: (() => string | null) | undefined;
  readonly problems: readonly Problem[];
  readonly version: string;
  readonly startedAt: Moment;
  readonly redact: (text: string) => string;
}

export interface Site {
  readonly routes: Routes;
  /** Call it after each finished tick. */
  ticked(): void;
}

const TICK_BOUNDS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Everything that the status server answers: views of the last finished tick, without secrets. */
export function createSite(options: SiteOptions): Site {
  const { config, watch, clock, journal, delivery, stateError, problems, version, startedAt, redact } = options;
  const steady = createSteady();
  const durations = createHistogram(TICK_BOUNDS_S);
  const startedAtMs = startedAt.wallMs;

  const health = (): Answer => {
    const fresh =
      !config.enabled || isFresh(watch.lastTick()?.startedAt ?? startedAt, clock.monoMs(), config.intervalS);
    const { pending, lastError } = delivery();
    return jsonAnswer(
      fresh ? 200 : 503,
      redactJson(
        {
          status: !config.enabled ? "disabled" : fresh ? "ok" : "stale",
          lastTickAt: iso(watch.lastTick()?.startedAt.wallMs),
          delivery: { pending, lastError },
        },
        redact,
      ),
    );
  };
  const page = (asked?: Asked): Answer => ({
    status: 200,
    type: "text/html; charset=utf-8",
    headers: { "content-security-policy": CONTENT_SECURITY_POLICY },
    body: renderPage(
      redactJson(
        pageView({ config, watch, clock, delivery, recent: journal.recent, steady, problems, version, startedAt }),
        redact,
      ),
      asked?.tokenInQuery ? `?token=${percentEncoded(config.statusToken ?? "")}` : "",
    ),
  });
  return {
    routes: {
      "/": page,
      "/healthz": health,
      "/status": () =>
        jsonAnswer(
          200,
          redactJson(statusView({ config, watch, delivery, stateError, problems, version, startedAtMs }), redact),
        ),
      "/metrics": () => ({
        status: 200,
        type: EXPOSITION_TYPE,
        body: prometheusText({ config, watch, delivery, journal, durations, version, startedAtMs, redact }),
      }),
    },
    ticked: () => {
      const last = watch.lastTick();
      if (!last) return;
      steady.observe(last.signals, last.startedAt.wallMs);
      durations.observe(last.tookMs / 1000);
    },
  };
}

/** Every byte as %XX (RFC 3986, 2.1): links lead on, and a page that is saved or shown to somebody has no token in clear text. */
function percentEncoded(text: string): string {
  return Buffer.from(text).toString("hex").replace(/../g, "%$&");
}
