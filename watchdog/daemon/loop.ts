import type { Clock } from "../clock.ts";

/**
 * Runs `tick` at start, start + interval, start + 2 intervals, …: without drift, and without overlap. A tick that takes longer
 * than the interval is followed at the next of those moments, not by a burst. `onFault` gets what a tick threw; the loop goes on.
 */
export async function runLoop(
  tick: () => Promise<void>,
  intervalMs: number,
  clock: Clock,
  stop: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<void> {
  let next = clock.monoMs();
  while (!stop.aborted) {
    try {
      await tick();
    } catch (error) {
      onFault(error);
    }
    const now = clock.monoMs();
    next += intervalMs * Math.max(1, Math.ceil((now - next) / intervalMs));
    await clock.sleep(next - now, stop);
  }
}
