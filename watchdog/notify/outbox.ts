import { type Clock, type Moment, momentOf } from "../clock.ts";
import type { Notice } from "../decide/ledger.ts";
import { isUrgent, worstFirst } from "../decide/severity.ts";
import { keyOf } from "../kinds.ts";
import type { Log } from "../log.ts";
import type { Part } from "../messages/card.ts";
import type { Summary } from "../messages/render.ts";
import { type Block, fitting, splitBlock, textOf } from "../messages/text.ts";
import { clip, reasonOf } from "../safe.ts";
import { nextBatch } from "./choice.ts";
import type { Attempt } from "./journal.ts";
import { nextDelayMs, pacingDelayMs } from "./pacing.ts";
import type { Sender, SendOptions, SendResult } from "./sender.ts";
import { addToSummary, restOfSummary } from "./summary.ts";
import type { SendNotice } from "./webhook.ts";

export interface OutboxOptions {
  readonly sender: Sender;
  /** The second channel, used once the first has failed for `afterMs`. */
  readonly fallback?: { readonly send: SendNotice; readonly afterMs: number };
  readonly clock: Clock;
  readonly log: Log;
  /** The next message of these notices, at the moment of sending: one part, or several where it is too long. `awayUntilMs`: until when the channel took nothing. */
  readonly render: (notices: readonly Notice[], awayUntilMs: number | undefined) => readonly Part[];
  readonly renderSummary: (summary: Summary) => Block;
  /** Called once the message that tells of these notices was accepted. */
  readonly onDelivered: (notices: readonly Notice[], messageId: number | undefined) => void;
  /** Called after every send, with what was sent and what became of it. */
  readonly onAttempt?: (attempt: Attempt) => void;
  /** Whether messages go without sound just now; `urgent`: one that holds something critical. */
  readonly isQuiet: (urgent: boolean) => boolean;
  /** 0 ≤ random < 1, for jitter. */
  readonly random: () => number;
  /** What an earlier run left to say. */
  readonly summary?: Summary | undefined;
}

export interface DeliveryView {
  readonly channel: Sender["channel"];
  readonly pending: number;
  readonly lastOkAtMs: number | null;
  readonly lastError: string | null;
}

/** What the operator has to mend, and a message that Telegram refuses or has probably shown already, are tried again this often. */
const HOLD_MS = 5 * 60_000;
/** A rate limit of a fraction of a second would let hundreds of requests follow each other. */
const LEAST_LIMIT_MS = 1000;
/** A rate limit may be lifted earlier than it was announced: a longer wait is asked about this often. */
const ASK_ANEW_MS = 60 * 60_000;

/**
 * The notices to tell, at most one an entity because each tick replaces them by what is judged then, and the sending of them.
 * Nothing is dropped: a notice leaves only by delivery, or by being judged not to need telling any more.
 */
export interface Outbox {
  /** Replaces what is pending. A message under way is not affected: what it tells is delivered as it was. */
  offer(notices: readonly Notice[]): void;
  /** Sends what is pending until `stop` aborts. */
  run(stop: AbortSignal): Promise<void>;
  /** Tries to send what is pending within `withinMs`, without regard to backoff, but to a rate limit. */
  flush(withinMs: number): Promise<void>;
  view(): DeliveryView;
  /** What is still to be said of the second channel's use. */
  summary(): Summary | undefined;
  /** Monotonic time of the channel's last acceptance. */
  lastAnswerMonoMs(): number | undefined;
  /** The last send failed: the channel is not known to work, whatever else it answers. */
  isFailing(): boolean;
}

/** One message to be. */
interface Draft extends Part {
  readonly options: SendOptions;
  /** The ids it belongs to, also those that are told with a later part of the same. */
  readonly ids: readonly string[];
  /** The summary of the second channel's use, as it stood then. */
  readonly summary?: Summary;
}

/** A receiver behind a webhook bears no storm either. */
const FALLBACK_PER_MIN = 100;

export function createOutbox(options: OutboxOptions): Outbox {
  const { sender, fallback, clock, log } = options;
  let pending: readonly Notice[] = [];
  let failures = 0;
  let fallbackFailures = 0;
  /** Monotonic times before which nothing is sent. */
  let backoffUntil = -Infinity;
  let rateLimitUntil = -Infinity;
  /** Within a long rate limit: when the bot is asked whether it still answers. */
  let askAt = Infinity;
  let fallbackUntil = -Infinity;
  /** Since when every send has failed. */
  let failing: Moment | undefined;
  /** When it was first accepted again. */
  let backAtMs: number | undefined;
  let summary = options.summary;
  let sentAt: number[] = [];
  let refusedAt: number[] = [];
  let isFlushing = false;
  let fallbackSentAt: number[] = [];
  /** Refused notices: until when each is held. */
  const held = new Map<string, number>();
  /** The same for the second channel. */
  const fallbackHeld = new Map<string, number>();
  /** Notices whose message was refused as HTML. */
  const plain = new Set<string>();
  /** Those whose message was refused as plain text too: one of them is to blame. */
  let suspects: readonly string[] = [];
  /** The ids of the message that is being made or sent. */
  let trying: readonly string[] = [];
  /** The remaining parts of what is too long for one message. */
  let rest: readonly Draft[] = [];
  /** The same marks for the summary, which is no notice. */
  let summaryForm: "html" | "plain" = "html";
  let summaryHeldUntil = -Infinity;
  let lastOk: Moment | undefined;
  let lastError: string | null = null;
  let wake: () => void = () => {};
  let sending: Promise<unknown> = Promise.resolve();

  const dueSummary = (): Summary | undefined => (summaryHeldUntil <= clock.monoMs() ? summary : undefined);
  const due = (): Notice[] => pending.filter(({ id }) => (held.get(id) ?? -Infinity) <= clock.monoMs());

  /** Milliseconds until the channel may be tried; undefined: nothing for it. */
  const waitMs = (): number | undefined => {
    const now = clock.monoMs();
    if (due().length === 0 && !dueSummary()) {
      const holds = [...pending.map(({ id }) => held.get(id) ?? now), ...(summary ? [summaryHeldUntil] : [])];
      return holds.length > 0 ? Math.min(...holds) - now : undefined;
    }
    return Math.max(
      0,
      backoffUntil - now,
      Math.min(rateLimitUntil, askAt) - now,
      pacingDelayMs(isFlushing ? sentAt : [...sentAt, ...refusedAt].sort((a, b) => a - b), now, sender.perMin),
    );
  };

  /** The same for the second channel; it waits until the first has failed for long enough. */
  const fallbackWaitMs = (): number | undefined => {
    if (!fallback || !failing || pending.length === 0) return undefined;
    const heldUntil = Math.min(...pending.map(({ id }) => fallbackHeld.get(id) ?? -Infinity));
    return Math.max(
      0,
      heldUntil - clock.monoMs(),
      fallbackUntil - clock.monoMs(),
      failing.monoMs + fallback.afterMs - clock.monoMs(),
      pacingDelayMs(fallbackSentAt, clock.monoMs(), FALLBACK_PER_MIN),
    );
  };

  /** The parts to send next, in order; what was midway comes after those. */
  const compose = (): readonly Draft[] => {
    const said = dueSummary();
    const all = due();
    // What was refused before waits for what was never tried: where a filter refuses most, the search among them takes minutes.
    const fresh = all.filter(({ id }) => !held.has(id));
    const batch = nextBatch({
      due: fresh.length > 0 ? fresh : all,
      midway: new Set(rest.flatMap(({ ids }) => ids)),
      suspects,
      isSummaryDue: said !== undefined,
    });
    const [next, ...others] = rest;
    trying = batch?.map(({ id }) => id) ?? next?.ids ?? [];
    if (batch) return [...draftsOf(batch), ...rest];
    if (next)
      return [
        {
          ...next,
          blocks: next.at?.(clock.monoMs()) ?? next.blocks,
          options: { ...next.options, form: next.summary ? summaryForm : formOf(next.ids) },
        },
        ...others,
      ];
    return said ? summaryDrafts(said) : [];
  };

  const draftsOf = (batch: readonly Notice[]): Draft[] => {
    const awayUntilMs = sender.channel !== "telegram" ? undefined : failing ? Infinity : backAtMs;
    const parts = options.render(batch, awayUntilMs);
    const whole = parts.flatMap(({ notices }) => notices.map(({ id }) => id));
    const consequenceOf = batch[0]?.consequenceOf;
    return parts.map((part) => {
      const { notices } = part;
      const ids = notices.length > 0 ? notices.map(({ id }) => id) : whole;
      const silent =
        consequenceOf !== undefined || options.isQuiet((notices.length > 0 ? notices : batch).some(isUrgent));
      const replyTo = consequenceOf?.messageId;
      return { ...part, ids, options: { form: formOf(ids), silent, ...(replyTo === undefined ? {} : { replyTo }) } };
    });
  };

  const summaryDrafts = (said: Summary): Draft[] => {
    const block = options.renderSummary(said);
    const parts = fitting([block]) > 0 ? [block] : splitBlock(block);
    return parts.map((part) => ({
      blocks: [part],
      notices: [],
      ids: [],
      options: { form: summaryForm, silent: options.isQuiet(false) },
      summary: said,
    }));
  };

  const formOf = (ids: readonly string[]): SendOptions["form"] => (ids.some((id) => plain.has(id)) ? "plain" : "html");

  /** In the middle of a long rate limit: once getMe is answered, one send is tried; a 429 to either sets the wait anew. */
  const askAnew = async (signal: AbortSignal): Promise<SendResult> => {
    const answer = await sender.probe(signal);
    if (answer.kind === "delivered") limitFor(0);
    else limitFor((answer.kind === "retry" ? answer.afterMs : undefined) ?? rateLimitUntil - clock.monoMs());
    return answer;
  };

  const limitFor = (ms: number): void => {
    rateLimitUntil = clock.monoMs() + ms;
    askAt = ms > ASK_ANEW_MS ? clock.monoMs() + ASK_ANEW_MS : Infinity;
  };

  const sendNext = async (signal: AbortSignal): Promise<SendResult> => {
    if (rateLimitUntil > clock.monoMs()) {
      const answer = await askAnew(signal);
      if (answer.kind !== "delivered") return answer;
    }
    const [draft, ...left] = compose();
    if (!draft) return { kind: "delivered" };
    const result = await sender.send(textOf(draft.blocks), draft.options, signal);
    options.onAttempt?.({ channel: sender.channel, result: result.kind, blocks: draft.blocks });
    settle(result, draft, left);
    return result;
  };

  const settle = (result: SendResult, draft: Draft, left: readonly Draft[]): void => {
    const now = momentOf(clock);
    if (result.kind !== "delivered") {
      // A chat that refuses everything is as silent as one that cannot be reached.
      failing ??= now;
      lastError = result.reason;
    }
    // What may have arrived counts for the pace as if it had.
    if (result.kind === "delivered" || (result.kind === "retry" && result.mayHaveArrived))
      sentAt = [...sentAt.filter((at) => at > now.monoMs - 60_000), now.monoMs];
    // What is refused counts too, or a search among many would be a burst of requests; only a flush has no time for that.
    if (result.kind === "rejected") refusedAt = [...refusedAt.filter((at) => at > now.monoMs - 60_000), now.monoMs];
    switch (result.kind) {
      case "delivered":
        if (failing) backAtMs = now.monoMs;
        [failures, fallbackFailures, failing, lastOk, lastError] = [0, 0, undefined, now, null];
        rest = left;
        if (draft.summary && !left.some((other) => other.summary))
          [summary, summaryForm] = [restOfSummary(summary, draft.summary), "html"];
        // Of a told summary too: what outlives a restart has changed.
        if (draft.notices.length > 0 || draft.summary) delivered(draft.notices, result.messageId);
        return;
      case "retry":
        if (result.accepted) return unconfirmed(result.reason, draft, left, now.monoMs);
        failures += 1;
        if (result.afterMs !== undefined) limitFor(Math.max(result.afterMs, LEAST_LIMIT_MS));
        else backoffUntil = now.monoMs + nextDelayMs(failures, options.random());
        log.warn("message not delivered, it is kept and tried again", {
          reason: result.reason,
          pending: pending.length,
          retryInS: Math.ceil((waitMs() ?? 0) / 1000),
        });
        return;
      case "operator":
        backoffUntil = now.monoMs + HOLD_MS;
        log.error("Telegram refuses to deliver until this is mended; messages are kept and tried again every 5 min", {
          reason: result.reason,
          pending: pending.length,
        });
        return;
      case "rejected":
        refused(result.reason, draft, left, now.monoMs);
        return;
      default:
        return result satisfies never;
    }
  };

  /**
   * Telegram took it and its answer could not be read, so it is probably in the chat. It is repeated, because nobody knows, but not
   * before the hold is over; until then it is part of no other message, and everything else goes on without it.
   */
  const unconfirmed = (reason: string, draft: Draft, left: readonly Draft[], now: number): void => {
    log.warn("Telegram seems to have accepted a message, but its answer cannot be read; it is repeated in 5 min", {
      reason,
      notices: draft.ids.join(" "),
    });
    rest = without(left, draft);
    hold(draft.ids, now);
    if (draft.summary) summaryHeldUntil = now + HOLD_MS;
  };

  /** First once more as plain text; then the refused one is sought by halves, and held while the rest pass. */
  const refused = (reason: string, draft: Draft, left: readonly Draft[], now: number): void => {
    const {
      ids,
      options: { form },
    } = draft;
    log.error("Telegram refuses this message", { reason, form, notices: ids.join(" ") });
    if (form === "html") {
      if (draft.summary) summaryForm = "plain";
      for (const id of ids) plain.add(id);
      return;
    }
    rest = without(left, draft);
    if (draft.summary) summaryHeldUntil = now + HOLD_MS;
    else if (ids.length > 1) suspects = ids;
    else hold(ids, now);
  };

  const hold = (ids: readonly string[], now: number): void => {
    for (const id of ids) held.set(id, now + HOLD_MS);
    suspects = suspects.filter((id) => !ids.includes(id));
  };

  const delivered = (notices: readonly Notice[], messageId: number | undefined): void => {
    const ids = new Set(notices.map(({ id }) => id));
    pending = pending.filter(({ id }) => !ids.has(id));
    forget((id) => ids.has(id));
    options.onDelivered(notices, messageId);
  };

  const forget = (which: (id: string) => boolean): void => {
    for (const marks of [held, fallbackHeld, plain])
      for (const id of [...marks.keys()]) if (which(id)) marks.delete(id);
    suspects = suspects.filter((id) => !which(id));
  };

  /** A fault of our own in one send must not end all sending: it counts as a failed one, and the notice that makes it is sought as if it were refused. */
  const contained = async <T>(send: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await send();
    } catch (error) {
      const now = momentOf(clock);
      failing ??= now;
      failures += 1;
      lastError = `internal fault: ${reasonOf(error)}`;
      rest = [];
      if (trying.length > 1) suspects = trying;
      else hold(trying, now.monoMs);
      if (trying.length === 0) summaryHeldUntil = now.monoMs + HOLD_MS;
      // The search ends by itself; it need not slow down.
      backoffUntil = now.monoMs + nextDelayMs(trying.length > 1 ? 1 : failures, options.random());
      log.error("a message could not be made or sent", {
        reason: reasonOf(error),
        stack: error instanceof Error && error.stack ? clip(error.stack, 1000) : undefined,
      });
      return undefined;
    }
  };

  /** One notice through the second channel; the first is told in sum when it is back. */
  const sendFallback = async (signal: AbortSignal): Promise<void> => {
    const notice = pending.find(({ id }) => (fallbackHeld.get(id) ?? -Infinity) <= clock.monoMs());
    if (!fallback || !notice) return;
    const result = await fallback.send(notice, signal);
    options.onAttempt?.({
      channel: "webhook",
      result: result.kind,
      blocks: options.render([notice], undefined).flatMap(({ blocks }) => blocks),
    });
    if (result.kind === "delivered") {
      fallbackFailures = 0;
      fallbackSentAt = [...fallbackSentAt, clock.monoMs()].slice(-FALLBACK_PER_MIN);
      summary = addToSummary(summary, notice, failing ?? momentOf(clock));
      rest = [];
      delivered([notice], undefined);
    } else if (result.kind === "rejected") {
      fallbackHeld.set(notice.id, clock.monoMs() + HOLD_MS);
      log.warn("fallback webhook refuses a notice, it is tried again in 5 min", {
        reason: result.reason,
        key: keyOf(notice.topic),
      });
    } else {
      fallbackFailures += 1;
      fallbackUntil = clock.monoMs() + nextDelayMs(fallbackFailures, options.random());
      log.warn("fallback webhook failed", { reason: result.reason });
    }
  };

  return {
    offer: (notices) => {
      pending = worstFirst(notices);
      const ids = new Set(notices.map(({ id }) => id));
      forget((id) => !ids.has(id));
      if (!rest.every((draft) => draft.ids.every((id) => ids.has(id)))) rest = rest.filter((draft) => draft.summary);
      wake();
    },
    run: async (stop) => {
      while (!stop.aborted) {
        const [wait, fallbackWait] = [waitMs(), fallbackWaitMs()];
        if (fallbackWait === 0 || wait === 0) {
          // Not aborted by stop: a send under way is finished, so that we know what became of it.
          const { signal } = new AbortController();
          sending = fallbackWait === 0 ? contained(() => sendFallback(signal)) : contained(() => sendNext(signal));
          await sending;
          continue;
        }
        const woken = new AbortController();
        wake = () => woken.abort();
        stop.addEventListener("abort", wake, { once: true });
        await clock.sleep(Math.min(wait ?? Infinity, fallbackWait ?? Infinity), woken.signal);
        stop.removeEventListener("abort", wake);
      }
    },
    flush: async (withinMs) => {
      const until = clock.monoMs() + withinMs;
      const over = new AbortController();
      const timer = clock.sleep(withinMs, over.signal);
      await Promise.race([sending, timer]);
      backoffUntil = -Infinity;
      isFlushing = true;
      // A search for one refused notice takes fewer sends than this, and where all are refused there is an end to it.
      for (let sends = 0; sends < (sender.perMin ?? Infinity); sends += 1) {
        const wait = waitMs();
        if (wait === undefined || clock.monoMs() + wait >= until) break;
        await clock.sleep(wait);
        const result = await Promise.race([contained(() => sendNext(over.signal)), timer]);
        // What fails now would fail again within these seconds; a rate limit says when, and a refusal is of one notice.
        if (
          result === undefined ||
          result.kind === "operator" ||
          (result.kind === "retry" && result.afterMs === undefined)
        )
          break;
      }
      while (fallbackWaitMs() === 0 && clock.monoMs() < until)
        await Promise.race([contained(() => sendFallback(over.signal)), timer]);
      over.abort();
    },
    view: () => ({ channel: sender.channel, pending: pending.length, lastOkAtMs: lastOk?.wallMs ?? null, lastError }),
    summary: () => summary,
    lastAnswerMonoMs: () => lastOk?.monoMs,
    isFailing: () => failing !== undefined,
  };
}

/** The drafts that tell nothing of what this one was to tell. */
function without(drafts: readonly Draft[], { ids, summary }: Draft): Draft[] {
  return drafts.filter((other) => (summary ? !other.summary : !other.ids.some((id) => ids.includes(id))));
}
