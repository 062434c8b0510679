const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 5 * 60_000;

/** Exponential backoff from 1 s to 5 min; jitter moves it by up to a quarter either way, within those bounds. `failures` ≥ 1, 0 ≤ random < 1. Pure. */
export function nextDelayMs(failures: number, random: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20));
  return Math.min(LONGEST_DELAY_MS, Math.max(FIRST_DELAY_MS, delay * (0.75 + random / 2)));
}

/** Milliseconds until another message is allowed: `perMin` in any minute, and one a second where that is 60 or less. Pure. */
export function pacingDelayMs(sentAt: readonly number[], now: number, perMin: number | undefined): number {
  if (perMin === undefined) return 0;
  // What is longer ago than that asks for no wait.
  const [oldest = -Infinity, last = -Infinity] = [sentAt.at(-perMin), perMin <= 60 ? sentAt.at(-1) : undefined];
  return Math.max(0, oldest + 60_000 - now, last + 1000 - now);
}
