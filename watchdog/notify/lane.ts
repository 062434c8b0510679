import type { Moment } from "../clock.ts";
import type { Notice } from "../decide/notice.ts";
import type { Part } from "../messages/card.ts";
import type { Summary } from "../messages/render.ts";
import type { Channel, Form, SendResult } from "./channel.ts";
import { nextBatch } from "./choice.ts";
import { nextDelayMs, pacingDelayMs } from "./pacing.ts";

/** One message to be. */
export interface Draft extends Part {
  /** What it belongs to: notices, also those that are told with a later part of the same, or the summary. */
  readonly ids: readonly string[];
  readonly silent: boolean;
  readonly replyTo?: number;
  /** The summary of the second channel's use, as it stood then. */
  readonly summary?: Summary;
}

/** The summary is held and written like a notice, under this id. */
export const SUMMARY_ID = "summary";

/** What one channel made of earlier messages, as far as it decides what is sent to it next, how and when. Times are monotonic, in ms. */
export interface Lane {
  /** Sends in a row that are worth another try. */
  readonly failures: number;
  /** Nothing is sent before these. */
  readonly backoffUntil: number;
  readonly limitUntil: number;
  /** Within a long rate limit: when the channel is asked whether it still stands. */
  readonly askAt: number;
  /** When something was sent, or may have been, and when something was refused; of the last minute. */
  readonly sentAt: readonly number[];
  readonly refusedAt: readonly number[];
  /** Since when every send has failed. */
  readonly failingSince: Moment | undefined;
  /** When something was first accepted again. */
  readonly backAtMs: number | undefined;
  readonly lastOk: Moment | undefined;
  readonly lastError: string | null;
  /** What was refused or has probably been shown already: until when each is held. */
  readonly held: ReadonlyMap<string, number>;
  /** In how many of the channel's forms each was refused. */
  readonly refusedForms: ReadonlyMap<string, number>;
  /** Those whose message was refused in every form: one of them is to blame. */
  readonly suspects: readonly string[];
  /** The remaining parts of what is too long for one message. */
  readonly rest: readonly Draft[];
}

export const NEW_LANE: Lane = {
  failures: 0,
  backoffUntil: -Infinity,
  limitUntil: -Infinity,
  askAt: Infinity,
  sentAt: [],
  refusedAt: [],
  failingSince: undefined,
  backAtMs: undefined,
  lastOk: undefined,
  lastError: null,
  held: new Map(),
  refusedForms: new Map(),
  suspects: [],
  rest: [],
};

/** What the operator has to mend, and what is held, is tried again this often. */
const HOLD_MS = 5 * 60_000;
/** A rate limit of a fraction of a second would let hundreds of requests follow each other. */
const LEAST_LIMIT_MS = 1000;
/** A rate limit may be lifted earlier than it was announced: a longer wait is asked about this often. */
const ASK_ANEW_MS = 60 * 60_000;
const MINUTE_MS = 60_000;

/** Milliseconds until the channel may be tried with one of these; undefined: there is nothing for it. While flushing there is no time to slow a search down. Pure. */
export function waitMs(
  lane: Lane,
  perMin: Channel["perMin"],
  ids: readonly string[],
  now: number,
  isFlushing = false,
): number | undefined {
  if (ids.length === 0) return undefined;
  const heldUntil = Math.min(...ids.map((id) => lane.held.get(id) ?? -Infinity));
  if (heldUntil > now) return heldUntil - now;
  const counted = isFlushing ? lane.sentAt : [...lane.sentAt, ...lane.refusedAt].sort((a, b) => a - b);
  return Math.max(
    0,
    lane.backoffUntil - now,
    Math.min(lane.limitUntil, lane.askAt) - now,
    pacingDelayMs(counted, now, perMin),
  );
}

/** What comes next: some notices, a part of what is midway, or the summary. */
export type Next =
  | { readonly kind: "notices"; readonly notices: readonly Notice[]; readonly ids: readonly string[] }
  | { readonly kind: "part"; readonly part: Draft; readonly ids: readonly string[] }
  | { readonly kind: "summary"; readonly ids: readonly string[] };

/** Chooses what is sent next; undefined: nothing. Pure. */
export function nextOf(
  lane: Lane,
  pending: readonly Notice[],
  hasSummary: boolean,
  isOneByOne: boolean,
  now: number,
): Next | undefined {
  const isDue = (id: string): boolean => (lane.held.get(id) ?? -Infinity) <= now;
  const due = pending.filter(({ id }) => isDue(id));
  // What was refused before waits for what was never tried: where a filter refuses most, the search among them takes minutes.
  const fresh = due.filter(({ id }) => !lane.held.has(id));
  const isSummaryDue = hasSummary && isDue(SUMMARY_ID);
  const batch = nextBatch({
    due: fresh.length > 0 ? fresh : due,
    midway: new Set(lane.rest.flatMap(({ ids }) => ids)),
    suspects: lane.suspects,
    isSummaryDue,
  });
  if (batch) {
    const notices = isOneByOne ? batch.slice(0, 1) : batch;
    return notices.length > 0 ? { kind: "notices", notices, ids: notices.map(({ id }) => id) } : undefined;
  }
  const [part] = lane.rest;
  if (part) return { kind: "part", part, ids: part.ids };
  return isSummaryDue ? { kind: "summary", ids: [SUMMARY_ID] } : undefined;
}

/** The best form in which none of these was refused. */
export function formOf(lane: Lane, forms: Channel["forms"], ids: readonly string[]): Form {
  return forms[Math.max(0, ...ids.map((id) => lane.refusedForms.get(id) ?? 0))] ?? forms[0];
}

/** The lane after a send. `left`: what is sent after this draft; `random` gives 0 ≤ random < 1, for jitter. Pure but for that. */
export function settled(
  lane: Lane,
  forms: Channel["forms"],
  result: SendResult,
  draft: Draft,
  left: readonly Draft[],
  now: Moment,
  random: () => number,
): Lane {
  if (result.kind === "delivered")
    return {
      ...lane,
      ...(lane.failingSince ? { backAtMs: now.monoMs } : {}),
      failures: 0,
      failingSince: undefined,
      lastOk: now,
      lastError: null,
      sentAt: withMoment(lane.sentAt, now.monoMs),
      rest: left,
    };
  // A chat that refuses everything is as silent as one that cannot be reached.
  const failed: Lane = { ...lane, failingSince: lane.failingSince ?? now, lastError: result.reason };
  switch (result.kind) {
    case "retry": {
      // What may have arrived counts for the pace as if it had.
      const sentAt = result.mayHaveArrived ? withMoment(lane.sentAt, now.monoMs) : lane.sentAt;
      const tried = { ...failed, sentAt };
      // It is probably in the chat. It is repeated, because nobody knows; until then it is part of no other message.
      if (result.accepted) return hold({ ...tried, rest: without(left, draft) }, draft.ids, now.monoMs);
      const failures = lane.failures + 1;
      return result.afterMs === undefined
        ? { ...tried, failures, backoffUntil: now.monoMs + nextDelayMs(failures, random()) }
        : limited({ ...tried, failures }, Math.max(result.afterMs, LEAST_LIMIT_MS), now.monoMs);
    }
    case "operator":
      return { ...failed, backoffUntil: now.monoMs + HOLD_MS };
    case "rejected": {
      // What is refused counts too, or a search among many would be a burst of requests.
      const refused = { ...failed, refusedAt: withMoment(lane.refusedAt, now.monoMs) };
      const formsTried = 1 + forms.indexOf(formOf(lane, forms, draft.ids));
      // First once more in the next form; then the refused one is sought by halves, and held while the rest pass.
      if (formsTried < forms.length) {
        const again = draft.ids.map((id): [string, number] => [id, formsTried]);
        return { ...refused, refusedForms: new Map([...lane.refusedForms, ...again]) };
      }
      const rest = without(left, draft);
      return draft.ids.length > 1
        ? { ...refused, rest, suspects: draft.ids }
        : hold({ ...refused, rest }, draft.ids, now.monoMs);
    }
    default:
      return result satisfies never;
  }
}

/** After a fault of our own, while a message of these was made or sent: the one that makes it is sought as if it were refused. Pure. */
export function broken(lane: Lane, ids: readonly string[], reason: string, now: Moment, random: () => number): Lane {
  const failures = lane.failures + 1;
  const failed: Lane = {
    ...lane,
    failures,
    failingSince: lane.failingSince ?? now,
    lastError: `internal fault: ${reason}`,
    rest: [],
    // The search ends by itself; it need not slow down.
    backoffUntil: now.monoMs + nextDelayMs(ids.length > 1 ? 1 : failures, random()),
  };
  return ids.length > 1 ? { ...failed, suspects: ids } : hold(failed, ids, now.monoMs);
}

/** In the middle of a long rate limit: once the channel answers, one send is tried; a 429 to either sets the wait anew. Pure. */
export function asked(lane: Lane, answer: SendResult, now: number): Lane {
  if (answer.kind === "delivered") return limited(lane, 0, now);
  return limited(lane, (answer.kind === "retry" ? answer.afterMs : undefined) ?? lane.limitUntil - now, now);
}

/** Without what is known of ids that are gone; the parts of what is midway go together. Pure. */
export function forget(lane: Lane, isGone: (id: string) => boolean): Lane {
  const kept = <T>(marks: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...marks].filter(([id]) => !isGone(id)));
  return {
    ...lane,
    held: kept(lane.held),
    refusedForms: kept(lane.refusedForms),
    suspects: lane.suspects.filter((id) => !isGone(id)),
    rest: lane.rest.some(({ ids }) => ids.some(isGone)) ? lane.rest.filter(({ summary }) => summary) : lane.rest,
  };
}

function limited(lane: Lane, ms: number, now: number): Lane {
  return { ...lane, limitUntil: now + ms, askAt: ms > ASK_ANEW_MS ? now + ASK_ANEW_MS : Infinity };
}

function hold(lane: Lane, ids: readonly string[], now: number): Lane {
  return {
    ...lane,
    held: new Map([...lane.held, ...ids.map((id): [string, number] => [id, now + HOLD_MS])]),
    suspects: lane.suspects.filter((id) => !ids.includes(id)),
  };
}

function withMoment(moments: readonly number[], now: number): number[] {
  return [...moments.filter((at) => at > now - MINUTE_MS), now];
}

/** The drafts that tell nothing of what this one was to tell. */
function without(drafts: readonly Draft[], { ids }: Draft): Draft[] {
  return drafts.filter((other) => !other.ids.some((id) => ids.includes(id)));
}
