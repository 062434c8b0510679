import type { Log } from "../log.ts";
import { type Answer, isRecord, parseJson, TOO_LARGE_CODE } from "../net/exchange.ts";
import { type FaultKind, faultOf } from "../net/fault.ts";
import { excerpt } from "../safe.ts";
import { jsonPoster, type PostJson } from "./post.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { Sender, SendOptions, SendResult } from "./sender.ts";

export interface TelegramOptions {
  readonly apiUrl: URL;
  readonly token: string;
  readonly chatId: string;
  readonly threadId: number | undefined;
  readonly perMin: number;
  readonly timeoutMs: number;
  readonly proxy?: URL | undefined;
  readonly log: Log;
}

/** What Telegram made us change; kept across restarts with the rest of the state. */
export interface TelegramMemory {
  /** The supergroup that `WATCHDOG_TG_CHAT_ID` became. */
  readonly migrated?: { readonly from: string; readonly to: string };
}

export interface TelegramSender extends Sender {
  memory(): TelegramMemory;
}

/** Bot API sendMessage. The token stands in the URL's path, so no URL is ever put into a reason or a log line. */
export function telegramSender(
  options: TelegramOptions,
  memory: TelegramMemory = {},
  post: PostJson = jsonPoster(options.proxy),
): TelegramSender {
  const { log, apiUrl, token } = options;
  let migrated = memory.migrated?.from === options.chatId ? memory.migrated : undefined;
  let threadId = options.threadId;
  /** A send went out and the Bot API did not answer it: it may have arrived, or something on the way refuses it. */
  let doubtful = false;

  /** One request; `lost` says that it may have been carried out although no answer of the Bot API came back. `status`: of whatever answered. */
  const call = async (
    method: string,
    body: object,
    signal: AbortSignal,
  ): Promise<{ verdict: Verdict; lost: boolean; status: number | undefined }> => {
    try {
      const answer = await post(methodUrl(apiUrl, token, method), body, {
        deadlineMs: options.timeoutMs,
        maxBytes: 256 * 1024,
        signal,
      });
      return { verdict: judgeAnswer(answer), lost: botAnswer(answer.body) === undefined, status: answer.status };
    } catch (error) {
      const { kind, reason } = faultOf(error);
      const { code, status } = error as NodeJS.ErrnoException & { readonly status?: number };
      const accepted = code === TOO_LARGE_CODE && isSuccess(status ?? 0);
      return {
        verdict: { kind: "retry", reason: `${kind}: ${reason}`, ...(accepted ? { accepted } : {}) },
        lost: mayHaveArrived(kind),
        status,
      };
    }
  };

  const probe = async (signal: AbortSignal): Promise<SendResult> => {
    const { verdict } = await call("getMe", {}, signal);
    return verdict.kind === "migrated" || verdict.kind === "threadGone"
      ? { kind: "retry", reason: "unexpected answer to getMe" }
      : verdict;
  };

  /** `answers`: the Bot API has just answered getMe. */
  const send = async (
    text: string,
    { form, silent, replyTo }: SendOptions,
    signal: AbortSignal,
    answers: boolean,
    hasMigrated = false,
  ): Promise<SendResult> => {
    const chatId = migrated?.to ?? options.chatId;
    const { verdict, lost, status } = await call(
      "sendMessage",
      {
        chat_id: /^-?\d+$/.test(chatId) ? Number(chatId) : chatId,
        ...(threadId === undefined ? {} : { message_thread_id: threadId }),
        text,
        ...(form === "html" ? { parse_mode: "HTML" } : {}),
        ...(silent ? { disable_notification: true } : {}),
        ...(replyTo === undefined
          ? {}
          : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
        link_preview_options: { is_disabled: true },
      },
      signal,
    );
    doubtful = lost;
    // Telegram can be reached, so a filter on the way refuses this text. To repeat it at once would keep back all that waits behind it.
    if (lost && verdict.kind === "retry" && answers && !verdict.accepted && isOfMessage(status))
      return { kind: "rejected", reason: verdict.reason };
    if (lost && verdict.kind === "retry") return { ...verdict, mayHaveArrived: true };
    if (verdict.kind === "migrated") {
      // One hop a send: a server that sends us round in circles must not be flooded.
      if (hasMigrated || verdict.chatId === chatId) return { kind: "operator", reason: "the chat migrates in circles" };
      log.warn("the group became a supergroup; its new chat id is used from now on, put it into WATCHDOG_TG_CHAT_ID", {
        chatId: verdict.chatId,
      });
      migrated = { from: options.chatId, to: verdict.chatId };
      return send(text, { form, silent }, signal, answers, true);
    }
    if (verdict.kind === "threadGone") {
      if (threadId === undefined) return { kind: "rejected", reason: "message thread not found" };
      log.warn("the topic is gone; messages go to the chat itself, correct WATCHDOG_TG_THREAD_ID", { threadId });
      threadId = undefined;
      return send(text, { form, silent }, signal, answers, hasMigrated);
    }
    return verdict;
  };

  return {
    channel: "telegram",
    perMin: options.perMin,
    memory: () => (migrated ? { migrated } : {}),
    probe,
    send: async (text, sendOptions, signal) => {
      let answers = false;
      if (doubtful) {
        // At least once is the rule, but a half-open network must not multiply one message: first it has to be seen to answer. An answer
        // that cannot be read is one too; where all of them are like that, waiting for a better one would silence us for good.
        const seen = await probe(signal);
        if (seen.kind !== "delivered" && !(seen.kind === "retry" && seen.accepted)) return seen;
        [doubtful, answers] = [false, seen.kind === "delivered"];
      }
      return send(sendOptions.form === "html" ? text.html : text.plain, sendOptions, signal, answers);
    },
  };
}

/** Refused, not resolved or not trusted means that nothing was sent; anything later may have been read. */
function mayHaveArrived(kind: FaultKind): boolean {
  return kind === "timeout" || kind === "reset" || kind === "other";
}

/** A refusal that can be of what was sent. Not so are credentials, a request that was too slow, a rate limit (RFC 9110, 15.5; RFC 6585, 4) and a server's own faults. */
function isOfMessage(status: number | undefined): boolean {
  return status !== undefined && status < 500 && ![401, 407, 408, 429].includes(status);
}

/** `<base>/bot<token>/<method>`. */
export function methodUrl(apiUrl: URL, token: string, method: string): URL {
  const url = new URL(apiUrl);
  url.pathname = `${apiUrl.pathname.replace(/\/$/, "")}/bot${token}/${method}`;
  return url;
}

type Verdict = SendResult | { readonly kind: "migrated"; readonly chatId: string } | { readonly kind: "threadGone" };

/** Bot API, "Making requests": `{ok, description, error_code, parameters{migrate_to_chat_id, retry_after}}`. Only `ok: true` is a delivery; a proxy's 200 page is not. */
export function judgeAnswer(
  { status, headers, body }: Pick<Answer, "status" | "headers" | "body">,
  nowMs: number = Date.now(),
): Verdict {
  const json = botAnswer(body);
  const wait = (parameter?: unknown): { afterMs?: number } => {
    const afterMs = retryAfterMs(parameter, headers, nowMs);
    return afterMs === undefined ? {} : { afterMs };
  };
  if (!json) {
    const accepted = isSuccess(status) && !isPage(body);
    return {
      kind: "retry",
      reason: `HTTP ${status} without the Bot API's JSON`,
      ...(status === 429 ? wait() : {}),
      ...(accepted ? { accepted } : {}),
    };
  }
  if (json["ok"] === true && isSuccess(status)) return { kind: "delivered", ...messageId(json["result"]) };
  const code = typeof json["error_code"] === "number" ? json["error_code"] : status;
  const description = typeof json["description"] === "string" ? excerpt(json["description"], 200) : "";
  const parameters = isRecord(json["parameters"]) ? json["parameters"] : {};
  const reason = `${code} ${description}`.trim();
  const migrated = parameters["migrate_to_chat_id"];
  // The id of a group or supergroup is negative (Bot API, "Chat"); any other number would silence us for good, because it is kept.
  if (code === 400 && typeof migrated === "number" && Number.isSafeInteger(migrated) && migrated < 0)
    return { kind: "migrated", chatId: String(migrated) };
  if (code === 400 && /message thread not found/i.test(description)) return { kind: "threadGone" };
  if (code === 429) return { kind: "retry", reason, ...wait(parameters["retry_after"]) };
  if (code === 401 || code === 403 || code === 404 || (code === 400 && /chat not found/i.test(description)))
    return { kind: "operator", reason };
  return code === 400 || code === 413 ? { kind: "rejected", reason } : { kind: "retry", reason };
}

/** The Bot API always says whether it is `ok`; JSON that does not comes from something in between. */
function botAnswer(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  const json = parseJson(body);
  return isRecord(json) && json["ok"] !== undefined ? json : undefined;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** A page of HTML comes from a proxy or a captive portal in between, which kept the message to itself. */
function isPage(body: Buffer): boolean {
  return /^\s*</.test(body.toString("utf8", 0, 200));
}

function messageId(result: unknown): { messageId?: number } {
  const id = isRecord(result) ? result["message_id"] : undefined;
  return typeof id === "number" && Number.isSafeInteger(id) ? { messageId: id } : {};
}
