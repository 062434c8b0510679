import type { Moment } from "../clock.ts";
import type { Topic } from "../kinds.ts";
import type { Detail } from "../lang/detail.ts";
import type { Span } from "../lang/facts.ts";

interface Common {
  readonly id: string;
  readonly topic: Topic;
  readonly title: string;
  readonly detail: Detail;
  /** The incident it is about. */
  readonly span: Span;
  /** When it became due; lateness counts from here. */
  readonly due: Moment;
  /** When it was last judged: the moment its cooldown counts from. */
  readonly judged: Moment;
  /** Without sound, as a reply to the message that told the cause. */
  readonly consequenceOf?: { readonly messageId?: number };
}

/** Of something that has a state: the last episode that the operator knows once this was delivered. */
interface OfState extends Common {
  readonly throughSeq: number;
}

interface OfIncident extends OfState {
  /** Episodes before that one which nobody was told the end of, and how many more were left out. */
  readonly earlier: readonly Span[];
  readonly skipped: number;
}

interface WithCause {
  /** The probable cause, where one is known. */
  readonly cause?: string;
}

/** Something is bad, or still is. */
interface Alert extends OfIncident, WithCause {
  readonly kind: "alert" | "realert";
}

interface Recovery extends OfIncident {
  readonly kind: "recovery";
}

/** An incident that began and ended before it could be told. */
interface Missed extends OfIncident, WithCause {
  readonly kind: "missed";
}

/** It changes to and fro, or does so no more. */
interface Unsteady extends OfState, WithCause {
  readonly kind: "flapping" | "settled";
  /** How often it changed, and for how long. */
  readonly flap: { readonly count: number; readonly lastedMs: number };
  /** It is bad now. */
  readonly open: boolean;
}

/** Something happened, so many times; an `info` is no alarm. */
interface Happening<Kind> extends Common {
  readonly kind: Kind;
  readonly count: number;
}

/** One thing to tell. */
export type Notice = Alert | Recovery | Missed | Unsteady | Happening<"edge"> | Happening<"info">;
export type NoticeKind = Notice["kind"];

/** Whether it tells of something that is bad now. What only happened is over. */
export function isOpen(notice: Notice): boolean {
  switch (notice.kind) {
    case "alert":
    case "realert":
      return true;
    case "flapping":
    case "settled":
      return notice.open;
    case "recovery":
    case "missed":
    case "edge":
    case "info":
      return false;
    default:
      return notice satisfies never;
  }
}
