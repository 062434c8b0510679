import { MAX_TIMER_MS } from "./clock.ts";
import { reasonOf } from "./safe.ts";

/** The code of the error of a job that hangs, or that was not tried because others hang. */
export const HANGS_CODE = "HANGS";

/**
 * What a job brought. `hangs`: it did not answer within its round, or has not since an earlier one. `untried`: it was not started, because too
 * many others hang or the round was over.
 */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly failure: "failed" | "hangs" | "untried"; readonly error: unknown };

/** Runs jobs that may never end. A job that hangs is remembered by its key and not started again until it has ended. */
export interface Share {
  /** Runs one job a key and resolves after `deadlineMs` at the latest, or when `signal` aborts. Never rejects. */
  runAll<T>(
    keys: Iterable<string>,
    job: (key: string) => Promise<T>,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<Map<string, Outcome<T>>>;
}

/** The threads on which libuv runs file system calls and name lookups (https://docs.libuv.org/en/v1.x/threadpool.html). */
export interface ThreadPool {
  /** The part of that name, which keeps `most` jobs under way at once. Whoever asks for one name gets one share, and so what it remembers. */
  share(name: string, most: number): Share;
}

/** UV_THREADPOOL_SIZE as libuv reads it when its first job comes: 4 without it, 1024 at most. */
export function threadsOf(variable: string | undefined): number {
  const size = variable === undefined ? 4 : Math.trunc(Number(variable)) || 1;
  return Math.min(Math.max(size, 1), 1024);
}

/**
 * A job that waits for a dead mount or a stuck process holds its thread for as long as that lasts, and nothing can take the thread
 * back. So all shares together run one job fewer than there are threads: a name lookup always finds one.
 */
export function threadPool(threads: number): ThreadPool {
  const limit = Math.max(1, threads - 1);
  let running = 0;
  /** Of those running: whose round is over. */
  let hanging = 0;
  /** Rounds that found no free thread. */
  const waiting = new Set<() => void>();

  const shares = new Map<string, Share>();
  const newShare = (most: number): Share => {
    const underWay = new Set<string>();
    return {
      runAll: <T>(keys: Iterable<string>, job: (key: string) => Promise<T>, deadlineMs: number, signal: AbortSignal) =>
        new Promise<Map<string, Outcome<T>>>((resolve) => {
          const outcomes = new Map<string, Outcome<T>>();
          const mine = new Set<string>();
          const queue: string[] = [];
          for (const key of new Set(keys)) {
            if (underWay.has(key))
              outcomes.set(key, { failure: "hangs", error: hangs("an earlier measurement still hangs") });
            else queue.push(key);
          }
          let next = 0;
          let over = false;
          const settle = (): void => {
            if (over) return;
            over = true;
            clearTimeout(timer);
            signal.removeEventListener("abort", settle);
            waiting.delete(advance);
            hanging += mine.size;
            for (const key of mine)
              outcomes.set(key, { failure: "hangs", error: hangs(`does not answer within ${seconds(deadlineMs)}`) });
            const stuck = underWay.size >= most ? underWay.size : hanging;
            const error =
              stuck > 0
                ? hangs(`not tried: ${stuck} other measurements hang`)
                : new Error(`not tried within ${seconds(deadlineMs)}`);
            for (const key of queue.slice(next)) outcomes.set(key, { failure: "untried", error });
            resolve(outcomes);
          };
          const start = async (key: string): Promise<void> => {
            let outcome: Outcome<T>;
            try {
              outcome = { value: await job(key) };
            } catch (error) {
              outcome = { failure: "failed", error };
            }
            underWay.delete(key);
            running -= 1;
            if (over) hanging -= 1;
            else {
              mine.delete(key);
              outcomes.set(key, outcome);
            }
            // The others first, so that a long round does not keep a short one waiting.
            waiting.delete(advance);
            const woken = [...waiting];
            waiting.clear();
            for (const wake of woken) wake();
            advance();
          };
          const advance = (): void => {
            if (over) return;
            while (next < queue.length && underWay.size < most && running < limit) {
              const key = queue[next++] as string;
              underWay.add(key);
              mine.add(key);
              running += 1;
              void start(key);
            }
            const isDone = next === queue.length;
            // Nothing of this round runs, and what hangs since earlier ones leaves it no thread: waiting would help nobody.
            if (mine.size === 0 && (isDone || underWay.size >= most || hanging >= limit)) settle();
            else if (!isDone && running >= limit) waiting.add(advance);
          };
          // After a stall of our own an answer may lie there unread: the event loop fetches it before it runs what setImmediate holds.
          const timer = setTimeout(() => setImmediate(settle), Math.min(deadlineMs, MAX_TIMER_MS));
          if (signal.aborted) return settle();
          signal.addEventListener("abort", settle, { once: true });
          advance();
        }),
    };
  };
  return {
    share: (name, most) => {
      const share = shares.get(name) ?? newShare(most);
      shares.set(name, share);
      return share;
    },
  };
}

/** Runs a single job and returns its value. Rejects with what kept it from coming, or with the signal's reason. */
export async function runOne<T>(
  share: Share,
  key: string,
  job: (key: string) => Promise<T>,
  what: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<T> {
  const outcome = (await share.runAll([key], job, deadlineMs, signal)).get(key);
  signal.throwIfAborted();
  if (outcome && "value" in outcome) return outcome.value;
  throw new Error(`${what}: ${reasonOf(outcome?.error)}`);
}

function hangs(message: string): Error {
  return Object.assign(new Error(message), { code: HANGS_CODE });
}

/** A deadline for people, to a tenth of a second. */
function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10 || ms / 1000} s`;
}
