import type { Moment } from "../clock.ts";

/** Longer ago than this, a tick is no longer fresh. */
export function staleAfterMs(intervalS: number): number {
  return 3 * intervalS * 1000 + 10_000;
}

/** Fresh: the last finished tick is at most 3 intervals + 10 s old. Before the first tick, the start counts as one. */
export function isFresh(lastTick: Moment, nowMonoMs: number, intervalS: number): boolean {
  return nowMonoMs - lastTick.monoMs <= staleAfterMs(intervalS);
}
