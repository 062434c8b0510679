import type { Moment } from "../clock.ts";
import type { Readings } from "../collectors/index.ts";
import { isMuted, neverMuted } from "../config/mute.ts";
import type { Config } from "../config/variables.ts";
import { NO_SERIES, type Series } from "../history/history.ts";
import { keyOf } from "../kinds.ts";
import type { Lang } from "../lang/index.ts";
import { type BlindMemory, blindSignals } from "./blind.ts";
import { bootOccurrence } from "./boot.ts";
import { withCauses } from "./cause.ts";
import { containerSignals, type RestartMemory } from "./containers.ts";
import { type DampState, damp } from "./damping.ts";
import { type CertificateMemory, certificateSignals, depSignals } from "./deps.ts";
import { type CeilingMemory, diskForecastSignals } from "./disk-forecast.ts";
import { diskSignals, memorySignals } from "./host.ts";
import { type MetricsMemory, metricsSignals, NO_METRICS } from "./metrics.ts";
import { procSignals } from "./proc.ts";
import type { Occurrence, Signal } from "./signal.ts";

/** Everything the signal layer remembers from tick to tick. */
export interface SignalState {
  readonly damping: DampState;
  readonly metrics: MetricsMemory;
  readonly restarts: RestartMemory;
  readonly blind: BlindMemory;
  readonly certificates: CertificateMemory;
  readonly ceilings: CeilingMemory;
  /** When the watchdog started; the grace period counts from here. */
  readonly startedMonoMs?: number;
  /** Wall time of a boot of the host that is still to be told. */
  readonly bootedAtMs?: number;
  /** When the muted patterns were last named, or the day began to count. */
  readonly mutesNamed?: Moment;
}
export const NO_SIGNALS: SignalState = {
  damping: new Map(),
  metrics: NO_METRICS,
  restarts: new Map(),
  blind: {},
  certificates: new Map(),
  ceilings: new Map(),
};

/** Readings, what was measured before and what is remembered -> signals and what to remember. Pure. */
export function buildSignals(
  before: SignalState,
  readings: Readings,
  config: Config,
  lang: Lang,
  now: Moment,
  history: Series = NO_SERIES,
): { state: SignalState; signals: Signal[] } {
  const metrics = metricsSignals(before.metrics, readings.metrics, config, lang, now);
  const certificates = certificateSignals(before.certificates, readings.deps, config, lang, now);
  const containers = containerSignals(before.restarts, readings.docker, config, lang, now);
  const forecast = diskForecastSignals(before.ceilings, readings.disk, history, config, lang, now);
  const blind = blindSignals(before.blind, readings, config, lang, now);
  const families = [
    ...metrics.families,
    memorySignals(readings, config, lang),
    diskSignals(readings.disk, history, config, lang),
    forecast.family,
    containers.family,
    depSignals(readings.deps, config, lang),
    certificates.family,
    procSignals(readings, config, lang),
    blind.family,
  ];
  const startedMonoMs = before.startedMonoMs ?? now.monoMs;
  const grace = now.monoMs - startedMonoMs < config.startupGraceS * 1000;
  const damped = damp(before.damping, families, { clearTicks: config.clearTicks, grace }, now);
  const boot =
    before.bootedAtMs === undefined ? undefined : bootOccurrence(before.bootedAtMs, damped.state, !grace, lang, now);
  const mutes = muteOccurrence(before.mutesNamed, damped.signals, config, lang, now);
  const occurrences = [...metrics.occurrences, ...(boot ? [boot] : []), ...(mutes ? [mutes] : [])];
  return {
    state: {
      damping: damped.state,
      metrics: metrics.memory,
      restarts: containers.memory,
      blind: blind.memory,
      certificates: certificates.memory,
      ceilings: forecast.memory,
      startedMonoMs,
      mutesNamed: mutes ? now : (before.mutesNamed ?? now),
      ...(before.bootedAtMs === undefined || boot ? {} : { bootedAtMs: before.bootedAtMs }),
    },
    signals: [...withCauses(damped.signals, readings, config, lang, now.wallMs), ...occurrences.map(edgeSignal)],
  };
}

const DAY_MS = 86_400_000;

/** Once a day, so that nobody forgets what is muted. */
function muteOccurrence(
  named: Moment | undefined,
  signals: readonly Signal[],
  config: Config,
  lang: Lang,
  now: Moment,
): Occurrence | undefined {
  if (config.mute.length === 0 || !named || now.monoMs - named.monoMs < DAY_MS) return undefined;
  const bad = signals
    .filter(({ topic, active }) => active && isMuted(config.mute, topic))
    .map(({ topic }) => keyOf(topic));
  return {
    topic: { kind: "mutes" },
    count: 1,
    title: lang.titles.mutes,
    detail: lang.details.mutes(config.mute.slice(0, 50), neverMuted(config.mute), bad.slice(0, 20)),
  };
}

export function edgeSignal({ topic, title, detail, count }: Occurrence): Signal {
  return { topic, title, detail, active: count > 0, edge: { count } };
}
