import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../watchdog/clock.ts";

export interface VirtualClock extends Clock {
  /** Lets `ms` pass: wakes every sleeper at its own moment, in order, and lets what it wakes run before the next one. */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock alone, as NTP or an operator does. */
  stepWall(ms: number): void;
  /** How many sleepers there are. */
  sleepers(): number;
}

/** 2026-01-02 03:04:05 UTC. */
export const WALL_START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
/** Not 0, so that a forgotten `?? 0` shows. */
export const MONO_START_MS = 1_000_000;

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to: no test waits for real time. */
export function virtualClock(): VirtualClock {
  let mono = MONO_START_MS;
  let wallOffset = WALL_START_MS - MONO_START_MS;
  let sleepers: Sleeper[] = [];

  return {
    wallMs: () => mono + wallOffset,
    monoMs: () => mono,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (ms <= 0 || signal?.aborted) return resolve();
        const wake = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper: Sleeper = { at: mono + ms, wake };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", wake, { once: true });
      }),
    advance: async (ms) => {
      const until = mono + ms;
      await settled();
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        mono = Math.max(mono, next.at);
        next.wake();
        await settled();
      }
      mono = until;
    },
    stepWall: (ms) => {
      wallOffset += ms;
    },
    sleepers: () => sleepers.length,
  };
}

/** Runs every promise callback that is due; chains that only await promises are done after it. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await setImmediate();
}
