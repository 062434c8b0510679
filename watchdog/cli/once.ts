import type { Clock } from "../clock.ts";
import { collectAllOf, createCollectors, SOURCE_NAMES } from "../collectors/index.ts";
import type { System } from "../config/table.ts";
import type { Config } from "../config/variables.ts";
import { createPipeline } from "../daemon/pipeline.ts";
import { type Action, decide } from "../decide/decide.ts";
import { keyOf } from "../kinds.ts";
import { detailText } from "../lang/detail.ts";
import { round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import type { Channel } from "../notify/channel.ts";
import { type SourceView, sourceView } from "../status/view.ts";
import type { ThreadPool } from "../thread-pool.ts";

export interface OnceReport {
  readonly host: string;
  readonly sources: Readonly<Record<string, SourceView>>;
  readonly signals: readonly {
    readonly key: string;
    readonly active: boolean;
    readonly action: Action;
    readonly title: string;
    readonly detail: string;
  }[];
  readonly tickMs: number;
}

export interface OnceOptions {
  readonly config: Config;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly pool: ThreadPool;
  readonly system: System;
}

/** One tick that sends nothing: each signal's condition itself, and the action it would mean if nothing were debounced. */
export async function once({ config, pool, system, ...options }: OnceOptions): Promise<OnceReport> {
  const undamped: Config = {
    ...config,
    orchDownTicks: 1,
    containerDownTicks: 1,
    depDownTicks: 1,
    blindTicks: 1,
    startupGraceS: 0,
  };
  const { watch, tick } = createPipeline({
    ...options,
    config: undamped,
    systemHostname: system.hostname,
    collectAll: collectAllOf(createCollectors(undamped, pool, system)),
    channels: { first: NOBODY },
  });
  await tick(new AbortController().signal);
  const last = watch.lastTick();
  if (!last) throw new Error("the tick did not finish");
  const { readings, signals, startedAt, tookMs } = last;
  const sources = SOURCE_NAMES.map((name) => [name, sourceView(name, readings, watch.lastOkAt(name))] as const);
  return {
    host: watch.host(),
    sources: Object.fromEntries(sources),
    signals: signals.map(({ topic, active, title, detail }) => ({
      key: keyOf(topic),
      active,
      action: decide(active, { alerting: false }, startedAt.monoMs, 0),
      title,
      detail: detailText(detail, options.lang),
    })),
    tickMs: round1(tookMs),
  };
}

/** What is to be told stays in the outbox, which nobody runs. */
const NOBODY: Channel = {
  name: "nobody",
  forms: ["plain"],
  send: () => Promise.resolve({ kind: "operator", reason: "nothing is sent" }),
  probe: () => Promise.resolve({ kind: "operator", reason: "nothing is sent" }),
};

/** The report for people. */
export function formatReport({ host, sources, signals, tickMs }: OnceReport): string {
  const sourceLines = Object.entries(sources).map(
    ([name, { state, error }]) => `  ${name.padEnd(8)} ${state}${error === undefined ? "" : `: ${error}`}`,
  );
  const signalLines = signals.map(
    ({ key, active, action, title, detail }) =>
      `  ${active ? "🔴" : "🟢"} ${key} → ${action}\n     ${[title, ...detail.split("\n")].join("\n     ")}`,
  );
  return (
    [`${host}: one tick in ${tickMs} ms`, "sources:", ...sourceLines, "signals:", ...signalLines].join("\n") + "\n"
  );
}
