import { type Clock, momentOf } from "../clock.ts";
import { type DailySpan, withinDailySpan } from "../config/value.ts";
import type { Notice } from "../decide/ledger.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import type { Part } from "../messages/card.ts";
import { type MessageContext, nextMessage } from "../messages/message.ts";
import { type RenderContext, redactBlock, redactRendered, renderAll, renderSummary } from "../messages/render.ts";
import { createOutbox, type Outbox, type OutboxOptions } from "./outbox.ts";
import type { PostJson } from "./post.ts";
import { webhookSender } from "./webhook.ts";

/** How long a program that is stopped waits for what is pending; a little less than the process has until it ends (exit.ts). */
export const FLUSH_MS = 3500;

/** What the configuration of either program says of how messages go out. */
export interface DeliverySettings {
  readonly quietHours: DailySpan | undefined;
  readonly quietCritical?: boolean;
  readonly fallbackWebhookUrl: URL | undefined;
  readonly fallbackAfterS: number;
  readonly httpTimeoutS: number;
}

export interface DeliveryOptions extends Pick<OutboxOptions, "sender" | "summary" | "onAttempt" | "onDelivered"> {
  readonly config: DeliverySettings;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** How messages name the host. */
  readonly host: () => string;
  /** How notices become the parts of a message. */
  readonly compose?: Compose | undefined;
  /** The requests of the second channel. */
  readonly post?: PostJson | undefined;
  /** 0 ≤ random < 1, for jitter. */
  readonly random?: (() => number) | undefined;
}

export type Compose = (
  notices: readonly Notice[],
  context: RenderContext & MessageContext,
  redact: (text: string) => string,
) => readonly Part[];

/** From notices to the channel, the same for both programs: how they are worded, when they make no sound, and who stands in for it. */
export function createDelivery(options: DeliveryOptions): Outbox {
  const { config, lang, clock, redact, host, compose = composed, random = Math.random, post, ...rest } = options;
  const { quietHours, quietCritical = false, fallbackWebhookUrl } = config;
  const context = (): RenderContext => ({ host: host(), lang, ...momentOf(clock) });
  return createOutbox({
    ...rest,
    clock,
    random,
    render: (notices, awayUntilMs) => compose(notices, { ...context(), awayUntilMs }, redact),
    renderSummary: (summary) => redactBlock(renderSummary(summary, context()), redact),
    isQuiet: (urgent) =>
      quietHours !== undefined && withinDailySpan(quietHours, clock.wallMs()) && !(urgent && !quietCritical),
    ...(fallbackWebhookUrl
      ? {
          fallback: {
            send: webhookSender(fallbackWebhookUrl, config.httpTimeoutS * 1000, host, redact, post),
            afterMs: config.fallbackAfterS * 1000,
          },
        }
      : {}),
  });
}

const composed: Compose = (notices, context, redact) =>
  nextMessage(
    renderAll(notices, context).map((rendered) => redactRendered(rendered, redact)),
    context,
  );
