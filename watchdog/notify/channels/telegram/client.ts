import { type Answer, isRecord, parseJson, TOO_LARGE_CODE } from "../../../net/exchange.ts";
import { type Fault, faultOf } from "../../../net/fault.ts";
import { excerpt, fragment } from "../../../safe.ts";
import { jsonPoster, type PostJson } from "../../post.ts";
import { retryAfterS } from "./retry-after.ts";

/** What the Bot API said to one question; what follows from it is the caller's to say. */
export type BotReply =
  | { readonly kind: "ok"; readonly result: unknown }
  | {
      readonly kind: "refused";
      readonly code: number;
      readonly description: string;
      readonly migratedTo?: string;
      readonly retryAfterS?: number;
    }
  /** An answer, but not the Bot API's. `accepted`: it may be the answer to something that was taken. */
  | { readonly kind: "alien"; readonly status: number; readonly retryAfterS?: number; readonly accepted?: true }
  | { readonly kind: "fault"; readonly fault: Fault; readonly status?: number; readonly accepted?: true };

export interface BotOptions {
  readonly apiUrl: URL;
  readonly token: string;
  readonly proxy?: URL | undefined;
  readonly timeoutMs: number;
}

export interface Bot {
  /** Never rejects. */
  ask(method: string, body?: object, signal?: AbortSignal): Promise<BotReply>;
  /** How far the wall clock was ahead of an answer's Date header (RFC 9110, 6.6.1: whole seconds); undefined: none came. */
  clockAheadMs(): number | undefined;
}

/** getUpdates brings up to a hundred messages; every other answer is small. */
const MAX_BYTES = { getUpdates: 4 * 1024 * 1024, other: 256 * 1024 } as const;

/**
 * The one client of the Bot API. The token stands in the URL's path, so no URL is ever put into a reason or a log line. Each request
 * has a poster of its own, because one has a single connection, and doctor asks side by side.
 */
export function botClient(
  { apiUrl, token, proxy, timeoutMs }: BotOptions,
  post: PostJson = (...request) => jsonPoster(proxy)(...request),
  wallMs: () => number = Date.now,
): Bot {
  let clockAheadMs: number | undefined;
  return {
    clockAheadMs: () => clockAheadMs,
    ask: async (method, body = {}, signal) => {
      const maxBytes = method === "getUpdates" ? MAX_BYTES.getUpdates : MAX_BYTES.other;
      try {
        const limits = { deadlineMs: timeoutMs, maxBytes, ...(signal ? { signal } : {}) };
        const answer = await post(methodUrl(apiUrl, token, method), body, limits);
        const dateMs = Date.parse(answer.headers.date ?? "");
        if (!Number.isNaN(dateMs)) clockAheadMs = wallMs() - dateMs - 500;
        return replyOf(answer, wallMs());
      } catch (error) {
        const { code, status } = error as NodeJS.ErrnoException & { readonly status?: number };
        const isAccepted = code === TOO_LARGE_CODE && isSuccess(status ?? 0);
        return {
          kind: "fault",
          fault: faultOf(error),
          ...(status === undefined ? {} : { status }),
          ...(isAccepted ? { accepted: true } : {}),
        };
      }
    },
  };
}

/** `<base>/bot<token>/<method>`. */
export function methodUrl(apiUrl: URL, token: string, method: string): URL {
  const url = new URL(apiUrl);
  url.pathname = `${apiUrl.pathname.replace(/\/$/, "")}/bot${token}/${method}`;
  return url;
}

/**
 * Bot API, "Making requests": `{ok, result, description, error_code, parameters{migrate_to_chat_id, retry_after}}`. The Bot API always
 * says whether it is `ok`: JSON that does not, like a proxy's page, comes from something in between. Pure.
 */
export function replyOf(
  { status, headers = {}, body }: Pick<Answer, "status" | "body"> & Partial<Pick<Answer, "headers">>,
  nowMs = 0,
): BotReply {
  const json = parseJson(body);
  const wait = (parameter?: unknown): { retryAfterS?: number } => {
    const seconds = retryAfterS(parameter, headers, nowMs);
    return seconds === undefined ? {} : { retryAfterS: seconds };
  };
  if (!isRecord(json) || json["ok"] === undefined) {
    const isAccepted = isSuccess(status) && !isPage(body);
    return { kind: "alien", status, ...(status === 429 ? wait() : {}), ...(isAccepted ? { accepted: true } : {}) };
  }
  if (json["ok"] === true && isSuccess(status)) return { kind: "ok", result: json["result"] };
  const parameters = isRecord(json["parameters"]) ? json["parameters"] : {};
  const migratedTo = parameters["migrate_to_chat_id"];
  const code = typeof json["error_code"] === "number" ? json["error_code"] : status;
  // The id of a group or supergroup is negative (Bot API, "Chat"); any other number would silence us for good, because it is kept.
  const isMigration =
    code === 400 && typeof migratedTo === "number" && Number.isSafeInteger(migratedTo) && migratedTo < 0;
  return {
    kind: "refused",
    code,
    description: typeof json["description"] === "string" ? excerpt(json["description"], 200) : "",
    ...(isMigration ? { migratedTo: String(migratedTo) } : {}),
    ...(code === 429 ? wait(parameters["retry_after"]) : {}),
  };
}

/** Whether Telegram refused because the topic is no longer there. */
export function isTopicGone(reply: BotReply): boolean {
  return reply.kind === "refused" && reply.code === 400 && /message thread not found/i.test(reply.description);
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** A page of HTML comes from a proxy or a captive portal in between, which kept the message to itself. */
function isPage(body: Buffer): boolean {
  return /^\s*</.test(body.toString("utf8", 0, 200));
}

/** A chat's number as the Bot API wants it; a @name stays a text. */
export function chatIdOf(raw: string): number | string {
  return /^-?\d+$/.test(raw) ? Number(raw) : raw;
}

/** `@name` of a user or bot, else its first name. */
export function nameOf(user: unknown): string {
  if (!isRecord(user)) return "?";
  if (typeof user["username"] === "string") return `@${fragment(user["username"], 64)}`;
  return typeof user["first_name"] === "string" ? fragment(user["first_name"], 64) : "?";
}
