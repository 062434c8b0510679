import type { MessageSettings } from "../../../config/areas/messages.ts";
import type { RequestSettings } from "../../../config/areas/requests.ts";
import type { Notice } from "../../../decide/notice.ts";
import { keyOf } from "../../../kinds.ts";
import { detailText } from "../../../lang/detail.ts";
import { LANGS, type Lang } from "../../../lang/index.ts";
import { faultOf } from "../../../net/fault.ts";
import { redactJson } from "../../../safe.ts";
import type { Channel, ChannelNeeds } from "../../channel.ts";
import { jsonPoster, type PostJson } from "../../post.ts";
import type { WebhookSettings } from "./settings.ts";

/** What the webhook gets; times are ISO 8601 in UTC. */
export interface WebhookBody {
  readonly host: string;
  readonly key: string;
  readonly kind: Notice["kind"];
  readonly title: string;
  readonly detail: string;
  readonly since: string;
  /** When it became due. */
  readonly at: string;
}

export function webhookBody({ topic, kind, title, detail, span, due }: Notice, host: string, lang: Lang): WebhookBody {
  return {
    host,
    key: keyOf(topic),
    kind,
    title,
    detail: detailText(detail, lang),
    since: new Date(span.since.wallMs).toISOString(),
    at: new Date(due.wallMs).toISOString(),
  };
}

export interface WebhookOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  readonly lang: Lang;
  readonly redact: (text: string) => string;
}

export function openWebhook(
  { fallbackWebhookUrl: url, httpTimeoutS, lang }: WebhookSettings & MessageSettings & RequestSettings,
  { redact }: ChannelNeeds,
): Channel | undefined {
  return url && webhookChannel({ url, timeoutMs: httpTimeoutS * 1000, lang: LANGS[lang], redact });
}

/** A receiver behind a webhook bears no storm either. */
const PER_MIN = 100;

/** Each notice as JSON, by POST; any 2xx is a delivery. */
export function webhookChannel(
  { url, timeoutMs, lang, redact }: WebhookOptions,
  post: PostJson = jsonPoster(),
): Channel {
  return {
    name: "webhook",
    perMin: PER_MIN,
    forms: ["plain"],
    isOneByOne: true,
    send: async ({ notices: [notice], host }, signal) => {
      if (!notice) return { kind: "delivered" };
      try {
        const body = redactJson(webhookBody(notice, host, lang), redact);
        const { status } = await post(url, body, { deadlineMs: timeoutMs, maxBytes: 64 * 1024, signal });
        if (status >= 200 && status < 300) return { kind: "delivered" };
        // Bad request, too large, not acceptable content (RFC 9110, 15.5): of this notice, not of the next one.
        const isOfNotice = status === 400 || status === 413 || status === 422;
        return { kind: isOfNotice ? "rejected" : "retry", reason: `fallback webhook: HTTP ${status}` };
      } catch (error) {
        const { kind, reason } = faultOf(error);
        return { kind: "retry", reason: `fallback webhook: ${kind}: ${reason}` };
      }
    },
    // Only a notice would show it, and there is none to send.
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
}
