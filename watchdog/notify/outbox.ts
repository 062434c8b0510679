import { momentOf, type Clock, type Moment } from "../clock.ts";
import type { Notice } from "../decide/ledger.ts";
import { isUrgent } from "../decide/severity.ts";
import type { Log } from "../log.ts";
import type { Rendered, Summary } from "../messages/render.ts";
import { fitting, splitBlock, textOf, type Block } from "../messages/text.ts";
import { nextDelayMs, pacingDelayMs } from "./pacing.ts";
import type { Attempt } from "./journal.ts";
import type { Sender, SendOptions, SendResult } from "./sender.ts";
import { clip, reasonOf } from "../safe.ts";
import { addToSummary, restOfSummary } from "./summary.ts";
import type { SendNotice } from "./webhook.ts";

export interface OutboxOptions {
  readonly sender: Sender;
  /** The second channel, used once the first has failed for `afterMs`. */
  readonly fallback?: { readonly send: SendNotice; readonly afterMs: number };
  readonly clock: Clock;
  readonly log: Log;
  /** Notices as blocks, at the moment of sending. */
  readonly render: (notices: readonly Notice[]) => Rendered[];
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

/** One message to be: what it tells, and what remains of a notice that is too long for one. */
interface Draft {
  readonly notices: readonly Notice[];
  readonly block: readonly Block[];
  readonly left: readonly Block[];
  readonly options: SendOptions;
  /** The summary of the second channel's use, as it stood then. */
  readonly summary?: Summary;
}

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
  let summary = options.summary;
  let sentAt: number[] = [];
  /** Refused notices: until when each is held. */
  const held = new Map<string, number>();
  /** Notices whose message was refused as HTML, or as part of a batch. */
  const plain = new Set<string>();
  const alone = new Set<string>();
  /** The remaining parts of something that is too long for one message. */
  let rest: Draft | undefined;
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
    return Math.max(0, backoffUntil - now, Math.min(rateLimitUntil, askAt) - now, pacingDelayMs(sentAt, now, sender.perMin));
  };

  /** The same for the second channel; it waits until the first has failed for long enough. */
  const fallbackWaitMs = (): number | undefined => {
    if (!fallback || !failing || pending.length === 0) return undefined;
    return Math.max(0, fallbackUntil - clock.monoMs(), failing.monoMs + fallback.afterMs - clock.monoMs());
  };

  const compose = (): Draft => {
    if (rest) return { ...rest, block: rest.left.slice(0, 1), left: rest.left.slice(1) };
    const all = due();
    const [first] = all;
    const said = dueSummary();
    if (said) {
      const block = options.renderSummary(said);
      const parts = fitting([block]) > 0 ? [block] : splitBlock(block);
      return { notices: [], block: parts.slice(0, 1), left: parts.slice(1), options: { form: summaryForm, silent: options.isQuiet(false) }, summary: said };
    }
    const batch = first && alone.has(first.id) ? [first] : all.filter((notice) => !alone.has(notice.id) && first && soundOf(notice) === soundOf(first));
    const rendered = options.render(batch);
    const count = fitting(rendered.map(({ block }) => block));
    const form = batch.some(({ id }) => plain.has(id)) ? "plain" : "html";
    const replyTo = first?.consequenceOf?.messageId;
    const sendOptions: SendOptions = { form, silent: options.isQuiet(batch.some(isUrgent)) || first?.consequenceOf !== undefined, ...(replyTo === undefined ? {} : { replyTo }) };
    const common = { options: sendOptions };
    if (count > 0) {
      const chosen = rendered.slice(0, count);
      return { ...common, notices: chosen.flatMap(({ notices }) => notices), block: chosen.map(({ block }) => block), left: [] };
    }
    const parts = rendered.slice(0, 1).flatMap(({ block }) => splitBlock(block));
    return { ...common, notices: rendered[0]?.notices ?? [], block: parts.slice(0, 1), left: parts.slice(1) };
  };

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
    const draft = compose();
    const result = await sender.send(textOf(draft.block), draft.options, signal);
    options.onAttempt?.({ channel: sender.channel, result: result.kind, blocks: draft.block });
    settle(result, draft);
    return result;
  };

  const settle = (result: SendResult, draft: Draft): void => {
    const now = momentOf(clock);
    if (result.kind !== "delivered") {
      // A chat that refuses everything is as silent as one that cannot be reached.
      failing ??= now;
      lastError = result.reason;
    }
    // What may have arrived counts for the pace as if it had.
    if (result.kind === "delivered" || (result.kind === "retry" && result.mayHaveArrived)) sentAt = [...sentAt.filter((at) => at > now.monoMs - 60_000), now.monoMs];
    switch (result.kind) {
      case "delivered":
        [failures, fallbackFailures, failing, lastOk, lastError] = [0, 0, undefined, now, null];
        rest = draft.left.length > 0 ? draft : undefined;
        if (rest) return;
        if (draft.summary) [summary, summaryForm] = [restOfSummary(summary, draft.summary), "html"];
        delivered(draft.notices, result.messageId);
        return;
      case "retry":
        if (result.accepted) return unconfirmed(result.reason, draft, now.monoMs);
        failures += 1;
        if (result.afterMs !== undefined) limitFor(result.afterMs);
        else backoffUntil = now.monoMs + nextDelayMs(failures, options.random());
        log.warn("message not delivered, it is kept and tried again", { reason: result.reason, pending: pending.length, retryInS: Math.ceil((waitMs() ?? 0) / 1000) });
        return;
      case "operator":
        backoffUntil = now.monoMs + HOLD_MS;
        log.error("Telegram refuses to deliver until this is mended; messages are kept and tried again every 5 min", { reason: result.reason, pending: pending.length });
        return;
      case "rejected":
        rest = undefined;
        refused(result.reason, draft, now.monoMs);
        return;
      default: return result satisfies never;
    }
  };

  /**
   * Telegram took it and its answer could not be read, so it is probably in the chat. It is repeated, because nobody knows, but not
   * before the hold is over; until then it is part of no other message, and everything else goes on without it.
   */
  const unconfirmed = (reason: string, { notices, summary: said }: Draft, now: number): void => {
    log.warn("Telegram seems to have accepted a message, but its answer cannot be read; it is repeated in 5 min", { reason, notices: notices.map(({ id }) => id).join(" ") });
    rest = undefined;
    if (said) summaryHeldUntil = now + HOLD_MS;
    for (const { id } of notices) held.set(id, now + HOLD_MS);
  };

  /** First once more as plain text, then each notice by itself, then the refused one is held while the rest pass. */
  const refused = (reason: string, { notices, options: { form }, summary: said }: Draft, now: number): void => {
    log.error("Telegram refuses this message", { reason, form, notices: notices.map(({ id }) => id).join(" ") });
    if (said && form === "html") summaryForm = "plain";
    else if (said) summaryHeldUntil = now + HOLD_MS;
    for (const { id } of notices) {
      if (form === "html") plain.add(id);
      else if (notices.length > 1) alone.add(id);
      else held.set(id, now + HOLD_MS);
    }
  };

  const delivered = (notices: readonly Notice[], messageId: number | undefined): void => {
    const ids = new Set(notices.map(({ id }) => id));
    pending = pending.filter(({ id }) => !ids.has(id));
    forget((id) => ids.has(id));
    options.onDelivered(notices, messageId);
  };

  const forget = (which: (id: string) => boolean): void => {
    for (const marks of [held, plain, alone]) for (const id of [...marks.keys()]) if (which(id)) marks.delete(id);
  };

  /** A fault of our own in one send must not end all sending: it counts as a failed one, and the next try is of each notice by itself. */
  const contained = async <T>(send: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await send();
    } catch (error) {
      const now = momentOf(clock);
      failing ??= now;
      failures += 1;
      lastError = `internal fault: ${reasonOf(error)}`;
      const [first] = due();
      // The one that was tried by itself is the culprit; while it is held, the rest pass.
      if (first && alone.has(first.id)) held.set(first.id, now.monoMs + HOLD_MS);
      for (const { id } of pending) alone.add(id);
      backoffUntil = now.monoMs + nextDelayMs(failures, options.random());
      rest = undefined;
      log.error("a message could not be made or sent", { reason: reasonOf(error), stack: error instanceof Error && error.stack ? clip(error.stack, 1000) : undefined });
      return undefined;
    }
  };

  /** One notice through the second channel; the first is told in sum when it is back. */
  const sendFallback = async (signal: AbortSignal): Promise<void> => {
    const [notice] = pending;
    if (!fallback || !notice) return;
    const result = await fallback.send(notice, signal);
    options.onAttempt?.({ channel: "webhook", result: result.kind, blocks: options.render([notice]).map(({ block }) => block) });
    if (result.kind === "delivered") {
      fallbackFailures = 0;
      summary = addToSummary(summary, notice, failing?.wallMs ?? clock.wallMs());
      rest = undefined;
      delivered([notice], undefined);
    } else {
      fallbackFailures += 1;
      fallbackUntil = clock.monoMs() + nextDelayMs(fallbackFailures, options.random());
      log.warn("fallback webhook failed", { reason: result.reason });
    }
  };

  return {
    offer: (notices) => {
      pending = notices;
      const ids = new Set(notices.map(({ id }) => id));
      forget((id) => !ids.has(id));
      if (rest && !rest.summary && !rest.notices.every(({ id }) => ids.has(id))) rest = undefined;
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
      for (;;) {
        const wait = waitMs();
        if (wait === undefined || clock.monoMs() + wait >= until) break;
        await clock.sleep(wait);
        const result = await Promise.race([contained(() => sendNext(over.signal)), timer]);
        // What fails now would fail again within these seconds; a rate limit says when, and a refusal is of one notice.
        if (result === undefined || result.kind === "operator" || (result.kind === "retry" && result.afterMs === undefined)) break;
      }
      while (fallbackWaitMs() === 0 && clock.monoMs() < until) await Promise.race([contained(() => sendFallback(over.signal)), timer]);
      over.abort();
    },
    view: () => ({ channel: sender.channel, pending: pending.length, lastOkAtMs: lastOk?.wallMs ?? null, lastError }),
    summary: () => summary,
    lastAnswerMonoMs: () => lastOk?.monoMs,
    isFailing: () => failing !== undefined,
  };
}

/** Notices that may share a message: audible ones, and silent ones that answer the same message. */
function soundOf({ consequenceOf }: Notice): string {
  return consequenceOf ? `reply to ${consequenceOf.messageId}` : "audible";
}
