/** Two clocks, because they answer different questions: wall time is for people, monotonic time is for periods. */
export interface Clock {
  /** Milliseconds since the epoch; may step in either direction. For display and for dates that others give us. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never steps. For cooldowns, debounces and backoff. */
  monoMs(): number;
  /** Resolves after `ms` of monotonic time, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One moment, read once a tick and handed down as a number. */
export interface Moment {
  readonly wallMs: number;
  readonly monoMs: number;
}

/** setTimeout's delay is a signed 32-bit number; anything longer would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  sleep: async (ms, signal) => {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !signal?.aborted; left = until - performance.now()) {
      await timer(Math.min(left, MAX_TIMER_MS), signal);
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(handle);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const handle = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
}

/** ISO 8601 in UTC, or null. */
export function iso(wallMs: number | null | undefined): string | null {
  return wallMs === null || wallMs === undefined ? null : new Date(wallMs).toISOString();
}
