import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 15;

/** Polls until `probe` brings something, and fails with what was awaited when it does not in time. Tests wait by this alone, never for a fixed time. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  withinMs = 15_000,
  pollMs = POLL_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1000} s in vain for: ${what}`);
    await sleep(pollMs);
  }
}
