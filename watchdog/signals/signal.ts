import type { Moment } from "../clock.ts";
import type { Reading } from "../collectors/reading.ts";
import { keyOf, type Topic } from "../kinds.ts";
import type { Detail } from "../lang/detail.ts";

/** How one entity looks in this tick, before damping. `between` = inside the hysteresis band; `unknown` = not readable now, or on its way: it freezes. */
export type Condition = "good" | "bad" | "between" | "unknown";

/** What a builder found out about one entity. */
export interface Finding {
  readonly topic: Topic;
  /** What the topic stands for this time, where one can name different things over time. */
  readonly entity?: string;
  readonly condition: Condition;
  readonly title: string;
  readonly detail: Detail;
  /** Bad readings in a row before it is active; default 1. */
  readonly confirmTicks?: number;
  /** Good readings in a row before it is over; default CLEAR_TICKS. */
  readonly clearTicks?: number;
  readonly cooldownS?: number;
  /** When it began to be bad, where the builder knows better than the first bad reading. */
  readonly since?: Moment;
  /** When it came into the state it is in, where the source itself tells that (a container's FinishedAt or StartedAt). */
  readonly changed?: Moment;
}

/** Something that happened rather than lasts: each occurrence alerts, nothing recovers. */
export interface Occurrence {
  readonly topic: Topic;
  readonly title: string;
  readonly detail: Detail;
  readonly count: number;
}

/** What a builder found out from a reading that came. */
export interface Findings {
  readonly findings: readonly Finding[];
  /** What is said of an entity of this family that is no longer there. */
  readonly gone?: Detail;
  /** Its entities come up by and by after a start: within the grace period they are awaited. */
  readonly awaited?: boolean;
  /** True for a signal whose absence proves nothing, because that part could not be read. */
  readonly keeps?: (signal: Signal) => boolean;
  /** True for a signal of a part that is switched off. */
  readonly retires?: (signal: Signal) => boolean;
}

/**
 * The signals that one reading feeds. `frozen`: nothing is known of them in this tick, so they stay as they were. `off`: they are not
 * watched, so what an earlier run said of them is dropped without a word.
 */
export type Family = { readonly name: string } & (
  | { readonly state: "frozen" }
  | { readonly state: "off" }
  | ({ readonly state: "judged" } & Findings)
);

/** The one rule of what a reading does to its family. `build` is asked only where there is a value; undefined: what it needs is not in it. */
export function familyOf<T>(name: string, reading: Reading<T>, build: (value: T) => Findings | undefined): Family {
  switch (reading.state) {
    case "off":
      return { name, state: "off" };
    case "failed":
      return { name, state: "frozen" };
    case "ok": {
      const built = build(reading.value);
      return built ? { name, state: "judged", ...built } : { name, state: "frozen" };
    }
    default:
      return reading satisfies never;
  }
}

/** The damped judgement of one entity, as `decide` and the status see it. */
export interface Signal {
  readonly topic: Topic;
  readonly entity?: string;
  readonly active: boolean;
  readonly title: string;
  readonly detail: Detail;
  /** The probable cause, where one is known in this tick. */
  readonly cause?: string;
  readonly cooldownS?: number;
  /** Since the first bad reading of the run that made it active. */
  readonly since?: Moment;
  /** The first good reading after that, or the earlier moment that the source tells; while it is still active it is about to be over. */
  readonly until?: Moment;
  /** When it changed to what it is, where the source tells that it was long before the first reading that showed it. */
  readonly steadySince?: Moment;
  /** What was last said of it while it was plainly bad, when the reading of this tick is not. */
  readonly reason?: Detail;
  /** Its source is switched off now: to be forgotten. */
  readonly retired?: boolean;
  /** Could not be judged in this tick: as it was. */
  readonly frozen?: boolean;
  /** An occurrence: `active` when there were any in this tick, `count` says how many. */
  readonly edge?: { readonly count: number };
}

/** What ledger and outbox go by. */
export function idOf({ topic, entity }: { readonly topic: Topic; readonly entity?: string }): string {
  return entity === undefined ? keyOf(topic) : `${keyOf(topic)}#${entity}`;
}
