import type { Moment } from "../../../watchdog/clock.ts";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { failed, OFF } from "../../../watchdog/collectors/reading.ts";
import { NO_SERIES, type Series } from "../../../watchdog/history/history.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { buildSignals, NO_SIGNALS, type SignalState } from "../../../watchdog/signals/index.ts";
import type { Signal } from "../../../watchdog/signals/signal.ts";
import { configOf } from "../fakes/config.ts";
import { MONO_START_MS, WALL_START_MS } from "../fakes/virtual-clock.ts";
import { withText } from "./detail.ts";

export const ALL_OFF: Readings = { metrics: OFF, mem: OFF, disk: OFF, docker: OFF, deps: OFF, proc: OFF };
export const FAILED = failed({ kind: "other", reason: "cannot be read" });

export function momentAt(ms: number): Moment {
  return { monoMs: MONO_START_MS + ms, wallMs: WALL_START_MS + ms };
}

/** A signal with its detail as people read it. */
export type ShownSignal = ReturnType<typeof withText<Signal>>;

/** The signal layer with its memory: feed it readings tick by tick, look at the signals. */
export interface Rig {
  /** One tick, `afterMs` (30 s) later than the previous one. */
  tick(readings: Partial<Readings>, afterMs?: number, history?: Series): readonly ShownSignal[];
  /** The signal of that key in the last tick; throws when there is none. */
  signal(key: string): ShownSignal;
  find(key: string): ShownSignal | undefined;
  /** Milliseconds since the first tick. */
  nowMs(): number;
}

export function rigOf(env: Readonly<Record<string, string>> = {}): Rig {
  // What is bad from the start is judged at once, unless a test is about the grace period.
  const config = configOf({ WATCHDOG_STARTUP_GRACE_S: "0", ...env });
  let state: SignalState = NO_SIGNALS;
  let last: readonly ShownSignal[] = [];
  let ms: number | undefined;
  const find = (key: string): ShownSignal | undefined => last.find(({ topic }) => keyOf(topic) === key);
  return {
    tick: (readings, afterMs = 30_000, history = NO_SERIES) => {
      ms = ms === undefined ? 0 : ms + afterMs;
      const built = buildSignals(state, { ...ALL_OFF, ...readings }, config, LANGS.en, momentAt(ms), history);
      state = built.state;
      last = built.signals.map((signal) => withText(signal));
      return last;
    },
    signal: (key) => {
      const signal = find(key);
      if (!signal) throw new Error(`no signal ${key}; there are ${last.map(({ topic }) => keyOf(topic)).join(" ")}`);
      return signal;
    },
    find,
    nowMs: () => ms ?? 0,
  };
}
