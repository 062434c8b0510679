import type { Notice } from "../decide/ledger.ts";
import { keyOf } from "../kinds.ts";
import { faultOf } from "../net/fault.ts";
import { redactJson } from "../safe.ts";
import { jsonPoster, type PostJson } from "./post.ts";
import type { SendResult } from "./sender.ts";

/** The second channel: one notice as JSON. Never rejects. */
export type SendNotice = (notice: Notice, signal: AbortSignal) => Promise<SendResult>;

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

export function webhookBody({ topic, kind, title, detail, span, due }: Notice, host: string): WebhookBody {
  return {
    host,
    key: keyOf(topic),
    kind,
    title,
    detail,
    since: new Date(span.since.wallMs).toISOString(),
    at: new Date(due.wallMs).toISOString(),
  };
}

/** Any 2xx is a delivery. */
export function webhookSender(
  url: URL,
  timeoutMs: number,
  host: () => string,
  redact: (text: string) => string,
  post: PostJson = jsonPoster(),
): SendNotice {
  return async (notice, signal) => {
    try {
      const body = redactJson(webhookBody(notice, host()), redact);
      const { status } = await post(url, body, { deadlineMs: timeoutMs, maxBytes: 64 * 1024, signal });
      if (status >= 200 && status < 300) return { kind: "delivered" };
      // Bad request, too large, not acceptable content (RFC 9110, 15.5): of this notice, not of the next one.
      const isOfNotice = status === 400 || status === 413 || status === 422;
      return { kind: isOfNotice ? "rejected" : "retry", reason: `fallback webhook: HTTP ${status}` };
    } catch (error) {
      const { kind, reason } = faultOf(error);
      return { kind: "retry", reason: `fallback webhook: ${kind}: ${reason}` };
    }
  };
}
