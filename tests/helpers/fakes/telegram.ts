import { createServer, type ServerResponse } from "node:http";
import { bodyOf, freePort, type Listener, listen } from "../drivers/net.ts";
import { type Told, told } from "../drivers/told.ts";
import { until } from "../drivers/wait.ts";
import { checkMessage, checkPace, type Pace, plainOf } from "./telegram-rules.ts";

/** One request as it came in. */
export interface BotRequest {
  readonly method: string;
  readonly path: string;
  /** sendMessage, getMe, … */
  readonly call: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly atMs: number;
  /** Counted from 1; the number of the message that it becomes. */
  readonly number: number;
}

/** A message that the chat shows. */
export interface Message {
  readonly number: number;
  /** As people read it: entities decoded. */
  readonly text: string;
  readonly chatId: unknown;
  readonly threadId: unknown;
  readonly html: boolean;
  /** Without sound. */
  readonly silent: boolean;
  /** The number of the message that it answers. */
  readonly replyTo: number | undefined;
  readonly atMs: number;
}

export type BotAnswer =
  /** `ok` shows a sent message in the chat. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly type?: string;
      readonly ok: boolean;
      readonly delayMs?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Never answered; `arrived`: the message is in the chat all the same. */
  | { readonly kind: "hang"; readonly arrived?: boolean }
  /** The request was read, then the connection goes; `arrived`: the message is in the chat all the same. */
  | { readonly kind: "cut"; readonly arrived: boolean };

export type Behaviour = (request: BotRequest) => BotAnswer;

export interface FakeTelegram {
  readonly url: string;
  readonly requests: readonly BotRequest[];
  readonly messages: readonly Message[];
  /** How it answers from now on. */
  behave(behaviour: Behaviour): void;
  /** How it answers the next sends, one each, before the standing behaviour counts again. */
  next(...behaviours: Behaviour[]): void;
  /** A closed port, until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** From now on a message that comes faster is a violation. */
  limit(pace: Pace): void;
  sends(): readonly BotRequest[];
  /** Every notice of every message, in order. */
  told(): Told[];
  waitForMessages(count: number, withinMs?: number): Promise<readonly Message[]>;
  waitForSends(count: number, withinMs?: number): Promise<readonly BotRequest[]>;
  /** Ends it; throws when a message broke a rule of the Bot API. */
  close(): Promise<void>;
}

export const TOKEN = "7000000001:AAFakeTokenOfTheTestsNobodyMayEverSee42";

const SENT = ({ call, number }: BotRequest): unknown => {
  switch (call) {
    case "getMe":
      return { id: 7_000_000_001, is_bot: true, first_name: "Watchdog", username: "watchdog_test_bot" };
    case "getChat":
      return { id: -1001, type: "supergroup", title: "Operators", is_forum: true };
    case "getChatMember":
      return { status: "administrator", can_post_messages: true, user: { id: 7_000_000_001, is_bot: true } };
    default:
      return { message_id: number, date: Math.floor(Date.now() / 1000) };
  }
};

export const ok: Behaviour = (request) => ({
  kind: "answer",
  status: 200,
  ok: true,
  body: JSON.stringify({ ok: true, result: SENT(request) }),
});
export const blackHole: Behaviour = () => ({ kind: "hang" });
/** What goes out arrives, and nothing comes back. */
export const halfOpen: Behaviour = () => ({ kind: "hang", arrived: true });
export const cut =
  (arrived: boolean): Behaviour =>
  () => ({ kind: "cut", arrived });
export const slow =
  (delayMs: number): Behaviour =>
  (request) => ({ ...ok(request), delayMs });
export const raw =
  (status: number, body: string, type = "text/html"): Behaviour =>
  () => ({ kind: "answer", status, body, type, ok: false });
export const badGateway = raw(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>");

/** An error in the Bot API's own words. */
export const apiError =
  (code: number, description: string, parameters?: Readonly<Record<string, unknown>>): Behaviour =>
  () => ({
    kind: "answer",
    status: code,
    ok: false,
    body: JSON.stringify({ ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) }),
  });
export const serverError = apiError(500, "Internal Server Error");
export const unauthorized = apiError(401, "Unauthorized");
export const kicked = apiError(403, "Forbidden: bot was kicked from the supergroup chat");
export const tooMany = (retryAfterS: number): Behaviour =>
  apiError(429, `Too Many Requests: retry after ${retryAfterS}`, { retry_after: retryAfterS });
/** A good answer with this result. */
export const result =
  (value: unknown): Behaviour =>
  () => ({ kind: "answer", status: 200, ok: true, body: JSON.stringify({ ok: true, result: value }) });
/** Each method as the table says, and well where it says nothing. */
export const byCall =
  (calls: Readonly<Record<string, Behaviour>>): Behaviour =>
  (request) =>
    (calls[request.call] ?? ok)(request);
/** A send fails as long as it still has what makes it fail. */
export const unless =
  (mended: (request: BotRequest) => boolean, otherwise: Behaviour): Behaviour =>
  (request) =>
    request.call !== "sendMessage" || mended(request) ? ok(request) : otherwise(request);
export const migrated =
  (to: number): Behaviour =>
  (request) => {
    const moved = apiError(400, "Bad Request: group chat was upgraded to a supergroup chat", {
      migrate_to_chat_id: to,
    });
    return request.call === "getMe" || request.body["chat_id"] === to ? ok(request) : moved(request);
  };
export const topicGone = unless(
  ({ body }) => body["message_thread_id"] === undefined,
  apiError(400, "Bad Request: message thread not found"),
);
export const cannotParse = unless(
  ({ body }) => body["parse_mode"] === undefined,
  apiError(400, 'Bad Request: can\'t parse entities: Unsupported start tag "b" at byte offset 7'),
);

/** A request as the chat shows it. */
export function messageOf({ body, atMs, number }: BotRequest): Message {
  const reply = body["reply_parameters"] as { readonly message_id?: number } | undefined;
  return {
    number,
    atMs,
    text: plainOf(body),
    chatId: body["chat_id"],
    threadId: body["message_thread_id"],
    html: body["parse_mode"] === "HTML",
    silent: body["disable_notification"] === true,
    replyTo: reply?.message_id,
  };
}

export async function fakeTelegram(): Promise<FakeTelegram> {
  const requests: BotRequest[] = [];
  const messages: Message[] = [];
  const violations: string[] = [];
  const queue: Behaviour[] = [];
  let standing: Behaviour = ok;
  let pace: Pace = {};
  const port = await freePort();

  const server = () =>
    createServer((incoming, response) => {
      void bodyOf(incoming).then(
        (text) => {
          const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
          const path = incoming.url ?? "";
          const call = path.split("?", 1)[0]?.split("/").at(-1) ?? "";
          const request: BotRequest = {
            method: incoming.method ?? "",
            path,
            call,
            body,
            atMs: performance.now(),
            number: requests.filter((other) => other.call === "sendMessage").length + 1,
          };
          requests.push(request);
          if (path !== `/bot${TOKEN}/${call}`) violations.push(`unexpected path ${path}`);
          if (call === "sendMessage") violations.push(...checkMessage(body));
          const behaviour = (call === "sendMessage" ? queue.shift() : undefined) ?? standing;
          perform(behaviour(request), request, response);
        },
        () => {},
      );
    });

  const show = (request: BotRequest): void => {
    if (request.call !== "sendMessage") return;
    messages.push(messageOf(request));
    violations.push(
      ...checkPace(
        messages.map((message) => message.atMs),
        pace,
      ),
    );
  };

  const perform = (answer: BotAnswer, request: BotRequest, response: ServerResponse): void => {
    if (answer.kind !== "answer") {
      if (answer.arrived) show(request);
      if (answer.kind === "cut") response.destroy();
      return;
    }
    const send = (): void => {
      if (response.destroyed) return;
      if (answer.ok) show(request);
      response.writeHead(answer.status, { "content-type": answer.type ?? "application/json", ...answer.headers });
      response.end(answer.body);
    };
    if (answer.delayMs === undefined) send();
    else setTimeout(send, answer.delayMs).unref();
  };

  let listener: Listener | undefined = await listen(server(), { port });
  const sends = (): BotRequest[] => requests.filter(({ call }) => call === "sendMessage");
  const refuse = async (): Promise<void> => {
    const open = listener;
    listener = undefined;
    await open?.close();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    messages,
    sends,
    refuse,
    behave: (behaviour) => (standing = behaviour),
    next: (...behaviours) => void queue.push(...behaviours),
    accept: async () => {
      listener ??= await listen(server(), { port });
    },
    limit: (wanted) => (pace = wanted),
    told: () => messages.flatMap(({ text }) => told(text)),
    waitForMessages: (count, withinMs) =>
      until(`${count} messages, so far ${messages.length}`, () => messages.length >= count && messages, withinMs),
    waitForSends: (count, withinMs) => until(`${count} sends`, () => sends().length >= count && sends(), withinMs),
    close: async () => {
      await refuse();
      if (violations.length > 0) throw new Error(`Telegram would refuse this: ${[...new Set(violations)].join("; ")}`);
    },
  };
}
