import { momentOf } from "../../../watchdog/clock.ts";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { createWatch } from "../../../watchdog/daemon/watch.ts";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { createJournal } from "../../../watchdog/notify/journal.ts";
import { createSite, type Site } from "../../../watchdog/status/site.ts";
import { configOf } from "../fakes/config.ts";
import { virtualClock } from "../fakes/virtual-clock.ts";
import { ALL_OFF } from "./signal-rig.ts";

/** The watch and its status server's answers, tick by tick, without a server. */
export interface SiteRig {
  readonly site: Site;
  tick(readings: Partial<Readings>): Promise<void>;
  /** Everything pending is delivered. */
  deliver(): void;
  metrics(): string;
  /** The document of /status, as far as the tests read it. */
  status(): {
    readonly host: string;
    readonly intervalS: number;
    readonly disks: readonly {
      readonly label: string;
      readonly usedPct: number;
      readonly freeGb: number;
      readonly stale: boolean;
    }[];
  };
  /** The heading of the page. */
  headline(): string;
  page(): string;
  /** What the channel says of itself from now on. */
  lastError(error: string | null): void;
  /** Lets time pass without a tick. */
  wait(ms: number): Promise<void>;
  /** The value of one series; undefined: there is none. */
  value(series: string): number | undefined;
}

export function siteRig(
  env: Readonly<Record<string, string>> = {},
  redact = (text: string): string => text,
  systemHostname = "host-1",
): SiteRig {
  const clock = virtualClock();
  const config = configOf({
    WATCHDOG_STARTUP_GRACE_S: "0",
    WATCHDOG_LANG: "en",
    WATCHDOG_PROC_ENABLED: "true",
    ...env,
  });
  const journal = createJournal(["telegram"], clock.wallMs);
  let pending: readonly Notice[] = [];
  let lastOkAtMs: number | null = null;
  let lastError: string | null = null;
  const watch = createWatch({ config, lang: LANGS[config.lang], clock, systemHostname });
  const site = createSite({
    config,
    watch,
    clock,
    journal,
    stateError: undefined,
    problems: [],
    version: "1.2.3",
    startedAt: { wallMs: clock.wallMs(), monoMs: clock.monoMs() },
    redact,
    delivery: () => ({ channel: "telegram", pending: pending.length, lastOkAtMs, lastError }),
  });
  const metrics = (): string => site.routes["/metrics"]?.().body ?? "";
  const page = (): string => site.routes["/"]?.().body ?? "";
  return {
    site,
    metrics,
    page,
    status: () => JSON.parse(site.routes["/status"]?.().body ?? "") as ReturnType<SiteRig["status"]>,
    headline: () => /<h1>.*<span>(.*?)<\/span><\/h1>/.exec(page())?.[1] ?? "",
    lastError: (error) => {
      lastError = error;
    },
    wait: (ms) => clock.advance(ms),
    tick: async (now) => {
      await clock.advance(30_000);
      watch.observe({ ...ALL_OFF, ...now }, momentOf(clock));
      watch.finish();
      pending = watch.judge();
      site.ticked();
    },
    deliver: () => {
      journal.record({ channel: "telegram", result: "delivered", blocks: [{ head: "🔴 x", body: "" }] });
      lastOkAtMs = clock.wallMs();
      watch.delivered(pending);
      pending = watch.judge();
    },
    value: (series) => {
      const line = metrics()
        .split("\n")
        .find((each) => each.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
}
