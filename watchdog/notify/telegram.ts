import type { Log } from "../log.ts";
import { isRecord, parseJson, type Answer } from "../net/exchange.ts";
import { faultOf } from "../net/fault.ts";
import { printable, truncate } from "../safe.ts";
import { jsonPoster, type PostJson } from "./post.ts";
import type { Sender, SendResult } from "./sender.ts";

export interface TelegramOptions {
  readonly apiUrl: URL;
  readonly token: string;
  readonly chatId: string;
  readonly threadId: number | undefined;
  readonly perMin: number;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Bot API sendMessage. The token stands in the URL's path, so no URL is ever put into a reason or a log line. */
export function telegramSender(options: TelegramOptions, post: PostJson = jsonPoster()): Sender {
  const { log } = options;
  let chatId = options.chatId;
  let threadId = options.threadId;
  const url = methodUrl(options.apiUrl, options.token, "sendMessage");

  const once = async (text: string, parseMode: { parse_mode?: "HTML" }, signal: AbortSignal, hasMigrated = false): Promise<SendResult> => {
    const body = {
      chat_id: /^-?\d+$/.test(chatId) ? Number(chatId) : chatId,
      ...(threadId === undefined ? {} : { message_thread_id: threadId }),
      text, ...parseMode,
      link_preview_options: { is_disabled: true },
    };
    let answer: Answer;
    try {
      answer = await post(url, body, { deadlineMs: options.timeoutMs, maxBytes: 256 * 1024, signal });
    } catch (error) {
      const { kind, reason } = faultOf(error);
      return { kind: "retry", reason: `${kind}: ${reason}` };
    }
    const verdict = judgeAnswer(answer);
    if (verdict.kind === "migrated") {
      log.warn("the group became a supergroup; its new chat id is used from now on, put it into WATCHDOG_TG_CHAT_ID", { chatId: verdict.chatId });
      chatId = verdict.chatId;
      // Once a send: a server that answers every id with another one must not be hammered.
      return hasMigrated ? { kind: "retry", reason: "the chat's id changed twice" } : once(text, parseMode, signal, true);
    }
    if (verdict.kind === "threadGone" && threadId !== undefined) {
      log.warn("the topic is gone; messages go to the chat itself, correct WATCHDOG_TG_THREAD_ID", { threadId });
      threadId = undefined;
      return once(text, parseMode, signal, hasMigrated);
    }
    return verdict.kind === "threadGone" ? { kind: "rejected", reason: "message thread not found" } : verdict;
  };

  return {
    channel: "telegram",
    perMin: options.perMin,
    send: (text, form, signal) => (form === "html" ? once(text.html, { parse_mode: "HTML" }, signal) : once(text.plain, {}, signal)),
  };
}

/** `<base>/bot<token>/<method>`. */
export function methodUrl(apiUrl: URL, token: string, method: string): URL {
  return new URL(`${apiUrl.origin}${apiUrl.pathname.replace(/\/$/, "")}/bot${token}/${method}`);
}

type Verdict = SendResult | { readonly kind: "migrated"; readonly chatId: string } | { readonly kind: "threadGone" };

/** Bot API, "Making requests": `{ok, description, error_code, parameters{migrate_to_chat_id, retry_after}}`. Only `ok: true` is a delivery; a proxy's 200 page is not. */
export function judgeAnswer({ status, headers, body }: Pick<Answer, "status" | "headers" | "body">): Verdict {
  const json = parseJson(body);
  if (!isRecord(json)) return { kind: "retry", reason: `HTTP ${status} without the Bot API's JSON` };
  if (json["ok"] === true && status >= 200 && status < 300) return { kind: "delivered" };
  const code = typeof json["error_code"] === "number" ? json["error_code"] : status;
  const description = typeof json["description"] === "string" ? truncate(printable(json["description"]), 200) : "";
  const parameters = isRecord(json["parameters"]) ? json["parameters"] : {};
  const reason = `${code} ${description}`.trim();
  const migrated = parameters["migrate_to_chat_id"];
  if (code === 400 && Number.isSafeInteger(migrated)) return { kind: "migrated", chatId: String(migrated) };
  if (code === 400 && /message thread not found/i.test(description)) return { kind: "threadGone" };
  if (code === 429) return { kind: "retry", reason, ...retryAfter(parameters["retry_after"] ?? Number(headers["retry-after"])) };
  if (code === 401 || code === 403 || code === 404 || (code === 400 && /chat not found/i.test(description))) return { kind: "operator", reason };
  return code === 400 || code === 413 ? { kind: "rejected", reason } : { kind: "retry", reason };
}

/** A day at most, so that an absurd number does not silence us for good. */
const MAX_RETRY_AFTER_S = 86_400;

function retryAfter(seconds: unknown): { afterMs?: number } {
  return typeof seconds === "number" && seconds > 0 ? { afterMs: Math.min(seconds, MAX_RETRY_AFTER_S) * 1000 } : {};
}
