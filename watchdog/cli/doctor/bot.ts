import { type Answer, isRecord, parseJson } from "../../net/exchange.ts";
import { type Fault, faultOf } from "../../net/fault.ts";
import { jsonPoster } from "../../notify/post.ts";
import { methodUrl } from "../../notify/telegram.ts";
import { fragment } from "../../safe.ts";

/** What the Bot API said to one question, apart from what the daemon makes of it: here each refusal has its own advice. */
export type BotReply =
  | { readonly kind: "ok"; readonly result: unknown }
  | {
      readonly kind: "refused";
      readonly code: number;
      readonly description: string;
      readonly migratedTo?: string;
      readonly retryAfterS?: number;
    }
  /** An answer, but not the Bot API's. */
  | { readonly kind: "alien"; readonly status: number }
  | { readonly kind: "fault"; readonly fault: Fault };

export interface BotOptions {
  readonly apiUrl: URL;
  readonly token: string;
  readonly proxy: URL | undefined;
  readonly deadlineMs: number;
}

export interface Bot {
  /** Never rejects. */
  ask(method: string, body?: object): Promise<BotReply>;
  /** How far the wall clock was ahead of an answer's Date header (RFC 9110, 6.6.1: whole seconds); undefined: none came. */
  clockAheadMs(): number | undefined;
}

export function botOf({ apiUrl, token, proxy, deadlineMs }: BotOptions, wallMs: () => number): Bot {
  let clockAheadMs: number | undefined;
  return {
    clockAheadMs: () => clockAheadMs,
    ask: async (method, body = {}) => {
      try {
        // A poster each: it has one connection, and questions are asked side by side.
        const answer = await jsonPoster(proxy)(methodUrl(apiUrl, token, method), body, {
          deadlineMs,
          maxBytes: 4 * 1024 * 1024,
        });
        const dateMs = Date.parse(answer.headers.date ?? "");
        if (!Number.isNaN(dateMs)) clockAheadMs = wallMs() - dateMs - 500;
        return replyOf(answer);
      } catch (error) {
        return { kind: "fault", fault: faultOf(error) };
      }
    },
  };
}

/** Bot API, "Making requests". Pure. */
export function replyOf({ status, body }: Pick<Answer, "status" | "body">): BotReply {
  const json = parseJson(body);
  if (!isRecord(json) || typeof json["ok"] !== "boolean") return { kind: "alien", status };
  if (json["ok"] && status >= 200 && status < 300) return { kind: "ok", result: json["result"] };
  const parameters = isRecord(json["parameters"]) ? json["parameters"] : {};
  const [migratedTo, retryAfterS] = [parameters["migrate_to_chat_id"], parameters["retry_after"]];
  return {
    kind: "refused",
    code: typeof json["error_code"] === "number" ? json["error_code"] : status,
    description: typeof json["description"] === "string" ? fragment(json["description"], 200) : "",
    ...(Number.isSafeInteger(migratedTo) ? { migratedTo: String(migratedTo) } : {}),
    ...(typeof retryAfterS === "number" ? { retryAfterS } : {}),
  };
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
