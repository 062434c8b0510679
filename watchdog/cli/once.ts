import { type Clock, momentOf } from "../clock.ts";
import { collectAllOf, createCollectors, type SourceName } from "../collectors/index.ts";
import { hostName } from "../config/host-name.ts";
import type { Config } from "../config/variables.ts";
import { type Action, decide } from "../decide/decide.ts";
import { keyOf } from "../kinds.ts";
import { round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import { buildSignals, NO_SIGNALS } from "../signals/index.ts";
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

/** One tick that sends nothing: each signal's condition itself, and the action it would mean if nothing were debounced. */
export async function once(
  config: Config,
  lang: Lang,
  clock: Clock,
  pool: ThreadPool,
  systemHostname: string,
): Promise<OnceReport> {
  const undamped: Config = {
    ...config,
    orchDownTicks: 1,
    containerDownTicks: 1,
    depDownTicks: 1,
    blindTicks: 1,
    startupGraceS: 0,
  };
  const now = momentOf(clock);
  const readings = await collectAllOf(createCollectors(undamped, pool, systemHostname))(
    now,
    new AbortController().signal,
  );
  const { signals } = buildSignals(NO_SIGNALS, readings, undamped, lang, now);
  const engineHostname = readings.docker.state === "ok" ? readings.docker.value.hostname : undefined;
  const sources = Object.keys(readings).map((name) => {
    const reading = readings[name as SourceName];
    return [name, sourceView(name as SourceName, readings, reading.state === "ok" ? now.wallMs : null)] as const;
  });
  return {
    host: hostName(config.hostLabel, engineHostname, systemHostname),
    sources: Object.fromEntries(sources),
    signals: signals.map(({ topic, active, title, detail }) => ({
      key: keyOf(topic),
      active,
      action: decide(active, { alerting: false }, now.monoMs, 0),
      title,
      detail,
    })),
    tickMs: round1(clock.monoMs() - now.monoMs),
  };
}

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
