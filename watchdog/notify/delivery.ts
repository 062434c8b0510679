import { type Clock, momentOf } from "../clock.ts";
import type { AlertSettings } from "../config/areas/alerts.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import { withinDailySpan } from "../config/value.ts";
import type { Notice } from "../decide/notice.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import type { Part } from "../messages/card.ts";
import { type MessageContext, nextMessage } from "../messages/message.ts";
import { type RenderContext, redactBlock, redactRendered, renderAll, renderSummary } from "../messages/render.ts";
import type { ChannelSettings } from "./channels/settings.ts";
import { createOutbox, type Outbox, type OutboxOptions } from "./outbox.ts";

/** How long a program that is stopped waits for what is pending; a little less than the process has until it ends (exit.ts). */
export const FLUSH_MS = 3500;

/** What the configuration of either program says of how messages go out; only the watchdog has something critical to tell. */
export type DeliverySettings = Pick<SilenceSettings, "quietHours"> &
  Pick<ChannelSettings, "fallbackAfterS"> &
  Partial<Pick<AlertSettings, "quietCritical">>;

export interface DeliveryOptions
  extends Pick<OutboxOptions, "channels" | "host" | "summary" | "onAttempt" | "onDelivered"> {
  readonly config: DeliverySettings;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** How notices become the parts of a message. */
  readonly compose?: Compose | undefined;
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
  const { config, lang, clock, redact, compose = composed, random = Math.random, ...rest } = options;
  const { quietHours, quietCritical = false } = config;
  const context = (): RenderContext => ({ host: options.host(), lang, ...momentOf(clock) });
  return createOutbox({
    ...rest,
    clock,
    random,
    secondAfterMs: config.fallbackAfterS * 1000,
    render: (notices, away) => compose(notices, { ...context(), away }, redact),
    renderSummary: (summary) => redactBlock(renderSummary(summary, context()), redact),
    isQuiet: (urgent) =>
      quietHours !== undefined && withinDailySpan(quietHours, clock.wallMs()) && !(urgent && !quietCritical),
  });
}

const composed: Compose = (notices, context, redact) =>
  nextMessage(
    renderAll(notices, context).map((rendered) => redactRendered(rendered, redact)),
    context,
  );
