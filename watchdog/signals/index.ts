import type { Moment } from "../clock.ts";
import type { Readings } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import type { Lang } from "../lang/index.ts";
import { blindSignals, type BlindMemory } from "./blind.ts";
import { containerSignals, type RestartMemory } from "./containers.ts";
import { damp, type DampState } from "./damping.ts";
import { depSignals } from "./deps.ts";
import { diskSignals, memorySignals } from "./host.ts";
import { metricsSignals, NO_METRICS, type MetricsMemory } from "./metrics.ts";
import { procSignals } from "./proc.ts";
import type { Occurrence, Signal } from "./signal.ts";

/** Everything the signal layer remembers from tick to tick. */
export interface SignalState {
  readonly damping: DampState;
  readonly metrics: MetricsMemory;
  readonly restarts: RestartMemory;
  readonly blind: BlindMemory;
}
export const NO_SIGNALS: SignalState = { damping: new Map(), metrics: NO_METRICS, restarts: new Map(), blind: {} };

/** Readings and what is remembered -> signals and what to remember. Pure. */
export function buildSignals(before: SignalState, readings: Readings, config: Config, lang: Lang, now: Moment): { state: SignalState; signals: Signal[] } {
  const metrics = metricsSignals(before.metrics, readings.metrics, config, lang, now);
  const containers = containerSignals(before.restarts, readings.docker, config, lang, now);
  const blind = blindSignals(before.blind, readings, config, lang);
  const families = [
    ...metrics.families,
    memorySignals(readings.mem, config, lang),
    diskSignals(readings.disk, config, lang),
    containers.family,
    depSignals(readings.deps, config, lang),
    procSignals(readings.proc, config, lang),
    blind.family,
  ];
  const damped = damp(before.damping, families, config.clearTicks, now);
  return {
    state: { damping: damped.state, metrics: metrics.memory, restarts: containers.memory, blind: blind.memory },
    signals: [...damped.signals, ...metrics.occurrences.map(edgeSignal)],
  };
}

function edgeSignal({ key, title, detail, count }: Occurrence): Signal {
  return { key, title, detail, active: count > 0, edge: { count } };
}
