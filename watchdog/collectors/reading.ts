import type { System } from "../config/table.ts";
import type { Fault } from "../net/fault.ts";
import type { ThreadPool } from "../thread-pool.ts";

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

/** How one source is read. `collect` may reject; that is a failed reading too. */
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

/** Everything that is true of a source, whatever it says. */
export interface Source<T, Settings = never> {
  /** undefined: this configuration switches it off. */
  open(config: Settings, needs: SourceNeeds): Collector<T> | undefined;
  /** The variable that switches it off, as it stands. */
  whyOff(config: Settings): string;
  /** What it said, in a few words for the log; undefined: nothing. */
  shown(value: T): string | undefined;
  /** What of a reading could not be read. A source without this is never called blind: its failure is a finding of its own, such as orchestrator_down. */
  unread?(value: T): Unread;
}

/** What collectors are made with. */
export interface SourceNeeds extends System {
  readonly deadlineMs: number;
  readonly pool: ThreadPool;
}

export interface Unread {
  readonly parts: readonly UnreadPart[];
  /** Other parts could be read, or are nothing that could be named. */
  readonly isPartly: boolean;
}

export interface UnreadPart extends Pick<Fault, "reason"> {
  /** Its name; empty: all of the source. */
  readonly part: string;
  /** How it is named, where its name alone says too little. */
  readonly shown?: string;
}

const SHOWN = 10;

/** The first of these, and how many more there are; undefined: none. */
export function listed(parts: readonly string[]): string | undefined {
  return parts.length === 0
    ? undefined
    : parts.slice(0, SHOWN).join(", ") + (parts.length > SHOWN ? `, +${parts.length - SHOWN}` : "");
}
