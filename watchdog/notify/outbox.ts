import type { Clock } from "../clock.ts";
import type { Notice } from "../decide/ledger.ts";
import type { Log } from "../log.ts";
import { fitting, splitBlock, textOf, type Block, type Text } from "../messages/text.ts";
import { nextDelayMs, pacingDelayMs } from "./pacing.ts";
import type { Sender, SendResult } from "./sender.ts";

export interface OutboxOptions {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly log: Log;
  /** A notice as text, at the moment of sending. */
  readonly render: (notice: Notice, lateMs: number) => Block;
  /** Called once the message that tells of these notices was accepted. */
  readonly onDelivered: (notices: readonly Notice[]) => void;
  /** 0 ≤ random < 1, for jitter. */
  readonly random: () => number;
}

export interface DeliveryView {
  readonly channel: Sender["channel"];
  readonly pending: number;
  readonly lastOkAtMs: number | null;
  readonly lastError: string | null;
}

/** What the operator has to mend, and a message that Telegram refuses, are tried again this often. */
const HOLD_MS = 5 * 60_000;

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
}

export function createOutbox({ sender, clock, log, render, onDelivered, random }: OutboxOptions): Outbox {
  let pending: readonly Notice[] = [];
  let failures = 0;
  /** Monotonic times before which nothing is sent. */
  let backoffUntil = -Infinity;
  let rateLimitUntil = -Infinity;
  let sentAt: number[] = [];
  /** Refused notices: until when each is held. */
  const held = new Map<string, number>();
  /** Notices whose message was refused as HTML, or as part of a batch. */
  const plain = new Set<string>();
  const alone = new Set<string>();
  /** The remaining parts of one notice that is too long for one message. */
  let rest: { readonly notice: Notice; readonly parts: readonly Block[] } | undefined;
  let lastOkAtMs: number | null = null;
  let lastError: string | null = null;
  let wake: () => void = () => {};
  let sending: Promise<unknown> = Promise.resolve();

  const due = (): Notice[] => pending.filter(({ id }) => (held.get(id) ?? -Infinity) <= clock.monoMs());

  /** Milliseconds until something may be sent; undefined: nothing to send. */
  const waitMs = (): number | undefined => {
    const now = clock.monoMs();
    if (due().length === 0) {
      const holds = pending.map(({ id }) => held.get(id) ?? now);
      return holds.length > 0 ? Math.min(...holds) - now : undefined;
    }
    return Math.max(0, backoffUntil - now, rateLimitUntil - now, pacingDelayMs(sentAt, now, sender.perMin));
  };

  /** The next message: the parts left over of a long notice, or as many whole notices as fit. */
  const compose = (): { notices: Notice[]; blocks: Block[]; form: "html" | "plain"; left: Block[] } => {
    if (rest) return { notices: [rest.notice], blocks: rest.parts.slice(0, 1), form: plain.has(rest.notice.id) ? "plain" : "html", left: rest.parts.slice(1) };
    const all = due();
    const first = all[0];
    const batch = first && alone.has(first.id) ? [first] : all.filter(({ id }) => !alone.has(id));
    const blocks = batch.map((notice) => render(notice, clock.monoMs() - notice.due.monoMs));
    const count = fitting(blocks);
    const form = batch.some(({ id }) => plain.has(id)) ? "plain" : "html";
    if (count > 0) return { notices: batch.slice(0, count), blocks: blocks.slice(0, count), form, left: [] };
    const parts = blocks.slice(0, 1).flatMap(splitBlock);
    return { notices: batch.slice(0, 1), blocks: parts.slice(0, 1), form, left: parts.slice(1) };
  };

  const sendNext = async (signal: AbortSignal): Promise<SendResult> => {
    const { notices, blocks, form, left } = compose();
    const text: Text = textOf(blocks);
    const result = await sender.send(text, form, signal);
    settle(result, notices, form, left);
    return result;
  };

  const settle = (result: SendResult, notices: readonly Notice[], form: "html" | "plain", left: readonly Block[]): void => {
    const now = clock.monoMs();
    if (result.kind !== "delivered") lastError = result.reason;
    switch (result.kind) {
      case "delivered": {
        sentAt = [...sentAt.filter((at) => at > now - 60_000), now];
        failures = 0;
        lastOkAtMs = clock.wallMs();
        lastError = null;
        const [notice] = notices;
        rest = left.length > 0 && notice ? { notice, parts: left } : undefined;
        if (!rest) delivered(notices);
        return;
      }
      case "retry":
        failures += 1;
        if (result.afterMs !== undefined) rateLimitUntil = now + result.afterMs;
        else backoffUntil = now + nextDelayMs(failures, random());
        log.warn("message not delivered, it is kept and tried again", { reason: result.reason, pending: pending.length, retryInS: Math.ceil((waitMs() ?? 0) / 1000) });
        return;
      case "operator":
        backoffUntil = now + HOLD_MS;
        log.error("Telegram refuses to deliver until this is mended; messages are kept and tried again every 5 min", { reason: result.reason, pending: pending.length });
        return;
      case "rejected":
        rest = undefined;
        refused(result.reason, notices, form, now);
        return;
      default: return result satisfies never;
    }
  };

  /** First once more as plain text, then each notice by itself, then the refused one is held while the rest pass. */
  const refused = (reason: string, notices: readonly Notice[], form: "html" | "plain", now: number): void => {
    log.error("Telegram refuses this message", { reason, form, notices: notices.map(({ id }) => id).join(" ") });
    for (const { id } of notices) {
      if (form === "html") plain.add(id);
      else if (notices.length > 1) alone.add(id);
      else held.set(id, now + HOLD_MS);
    }
  };

  const delivered = (notices: readonly Notice[]): void => {
    const ids = new Set(notices.map(({ id }) => id));
    pending = pending.filter(({ id }) => !ids.has(id));
    for (const id of ids) for (const marks of [held, plain, alone]) marks.delete(id);
    onDelivered(notices);
  };

  return {
    offer: (notices) => {
      pending = notices;
      const ids = new Set(notices.map(({ id }) => id));
      for (const marks of [held, plain, alone]) for (const id of [...marks.keys()]) if (!ids.has(id)) marks.delete(id);
      if (rest && !ids.has(rest.notice.id)) rest = undefined;
      wake();
    },
    run: async (stop) => {
      while (!stop.aborted) {
        const wait = waitMs();
        if (wait === 0) {
          // Not aborted by stop: a send under way is finished, so that we know what became of it.
          sending = sendNext(new AbortController().signal);
          await sending;
          continue;
        }
        const woken = new AbortController();
        wake = () => woken.abort();
        stop.addEventListener("abort", wake, { once: true });
        await clock.sleep(wait ?? Infinity, woken.signal);
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
        const result = await Promise.race([sendNext(over.signal), timer]);
        // What fails now would fail again within these seconds; a rate limit says when, and a refusal is of one notice.
        if (result?.kind === "operator" || (result?.kind === "retry" && result.afterMs === undefined)) break;
      }
      over.abort();
    },
    view: () => ({ channel: sender.channel, pending: pending.length, lastOkAtMs, lastError }),
  };
}
