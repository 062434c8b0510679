import type { Fault } from "../net/fault.ts";

/**
 * What a source said: a value, a failure with its reason, or nothing because it is switched off.
 * A failure is never taken for a value: it freezes what would have been judged by it.
 */
export type Reading<T> =
  | { readonly state: "ok"; readonly value: T }
  | ({ readonly state: "failed" } & Fault)
  | { readonly state: "off" };

export const OFF: Reading<never> = { state: "off" };
export const ok = <T>(value: T): Reading<T> => ({ state: "ok", value });
export const failed = (fault: Fault): Reading<never> => ({ state: "failed", ...fault });

/** One source. `collect` may reject; that is a failed reading too. */
export interface Collector<T> {
  readonly deadlineMs: number;
  collect(context: CollectContext): Promise<T>;
}

export interface CollectContext {
  readonly wallMs: number;
  readonly monoMs: number;
  /** Aborts when the deadline is over or the daemon stops. */
  readonly signal: AbortSignal;
}
