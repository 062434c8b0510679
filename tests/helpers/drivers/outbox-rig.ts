import type { Notice } from "../../../watchdog/decide/notice.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { createLog } from "../../../watchdog/log.ts";
import { nextMessage } from "../../../watchdog/messages/message.ts";
import type { Channel, SendResult } from "../../../watchdog/notify/channel.ts";
import { createOutbox, type Outbox } from "../../../watchdog/notify/outbox.ts";
import { noticeOf } from "../fakes/notice.ts";
import { settled, type VirtualClock, virtualClock } from "../fakes/virtual-clock.ts";

export interface Sent {
  /** Seconds since the start. */
  readonly atS: number;
  readonly text: string;
  readonly form: "html" | "plain";
  readonly silent: boolean;
  readonly replyTo: number | undefined;
}

export interface OutboxRig {
  readonly outbox: Outbox;
  readonly clock: VirtualClock;
  /** Every attempt. */
  readonly sent: Sent[];
  /** Ids whose delivery was reported, in order. */
  readonly delivered: string[];
  readonly logged: string[];
  /** What the channel answers from now on; a function sees the attempt. */
  answer(result: SendResult | ((sent: Sent, signal: AbortSignal) => SendResult | Promise<SendResult>)): void;
  /** Offers notices with these ids (body = id unless given). */
  offer(...ids: readonly (string | Notice)[]): Promise<void>;
  /** Quiet hours, from now on or no longer; `critical`: what is critical is silent in them too. */
  quiet(on: boolean, critical?: boolean): void;
  /** What getMe answers from now on; how often it was asked. */
  answerProbe(result: SendResult): void;
  probes(): number;
  stop(): Promise<void>;
}

export const DELIVERED: SendResult = { kind: "delivered" };
export const RETRY: SendResult = { kind: "retry", reason: "503" };
export const OPERATOR: SendResult = { kind: "operator", reason: "401 Unauthorized" };
export const REJECTED: SendResult = { kind: "rejected", reason: "400 Bad Request" };

/** An outbox on a virtual clock whose channel answers as told; a delivered notice is not offered again. */
export function outboxRig(
  options: {
    readonly perMin?: number;
    readonly random?: () => number;
    readonly bodies?: Readonly<Record<string, string>>;
    /** A second channel of any kind, instead of one that has each notice by itself. */
    readonly second?: Channel;
    /** Sees the number of each message that was accepted. */
    readonly onTold?: (messageId: number | undefined) => void;
    readonly fallback?: {
      readonly afterMs: number;
      readonly send: (notice: Notice, signal: AbortSignal) => Promise<SendResult>;
    };
  } = {},
): OutboxRig {
  const clock = virtualClock();
  const start = clock.monoMs();
  const sent: Sent[] = [];
  const delivered: string[] = [];
  const logged: string[] = [];
  let answer: Parameters<OutboxRig["answer"]>[0] = DELIVERED;
  let offered: readonly Notice[] = [];
  let quiet = (_urgent: boolean): boolean => false;
  let probeAnswer: SendResult = DELIVERED;
  let probes = 0;
  const outbox = createOutbox({
    clock,
    random: options.random ?? (() => 0.5),
    log: createLog({
      level: "debug",
      format: "text",
      redact: (text) => text,
      wallMs: clock.wallMs,
      write: (line) => logged.push(line),
    }),
    isQuiet: (urgent) => quiet(urgent),
    renderSummary: ({ count }) => ({ head: `summary of ${count}`, body: "" }),
    host: () => "box",
    secondAfterMs: options.fallback?.afterMs ?? 0,
    render: (notices, away) =>
      nextMessage(
        notices.map((notice) => ({
          notices: [notice],
          block: { head: `[${notice.id}]`, body: options.bodies?.[notice.id] ?? "" },
        })),
        { lang: LANGS.en, monoMs: clock.monoMs(), away },
      ),
    onDelivered: (notices, messageId) => {
      options.onTold?.(messageId);
      const ids = notices.map(({ id }) => id);
      delivered.push(...ids);
      offered = offered.filter(({ id }) => !ids.includes(id));
      outbox.offer(offered);
    },
    channels: {
      ...(options.fallback ? { second: secondOf(options.fallback.send) } : {}),
      ...(options.second ? { second: options.second } : {}),
      first: {
        name: "telegram",
        service: "Telegram",
        forms: ["html", "plain"],
        ...(options.perMin === undefined ? {} : { perMin: options.perMin }),
        probe: async () => {
          probes += 1;
          return probeAnswer;
        },
        send: async ({ text, form, silent, replyTo }, signal) => {
          const attempt: Sent = {
            atS: (clock.monoMs() - start) / 1000,
            text: form === "html" ? text.html : text.plain,
            form,
            silent,
            replyTo,
          };
          sent.push(attempt);
          return typeof answer === "function" ? answer(attempt, signal) : answer;
        },
      },
    },
  });
  const stopping = new AbortController();
  const running = outbox.run(stopping.signal);
  return {
    outbox,
    clock,
    sent,
    delivered,
    logged,
    answer: (result) => {
      answer = result;
    },
    quiet: (on, critical = false) => {
      quiet = (urgent) => on && (critical || !urgent);
    },
    answerProbe: (result) => {
      probeAnswer = result;
    },
    probes: () => probes,
    offer: async (...ids) => {
      const due = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
      offered = ids.map((id) =>
        typeof id === "object" ? id : (offered.find((notice) => notice.id === id) ?? noticeOf({ id, key: id, due })),
      );
      outbox.offer(offered);
      await settled();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** `[a][b]` -> a b */
export function idsIn({ text }: Sent): string {
  return [...text.matchAll(/\[(\w+)\]/g)].map((match) => match[1]).join(" ");
}

/** A second channel that has each notice by itself. */
function secondOf(send: (notice: Notice, signal: AbortSignal) => Promise<SendResult>): Channel {
  return {
    name: "webhook",
    perMin: 100,
    forms: ["plain"],
    isOneByOne: true,
    send: ({ notices: [notice] }, signal) => (notice ? send(notice, signal) : Promise.resolve(DELIVERED)),
    probe: () => Promise.resolve(DELIVERED),
  };
}
