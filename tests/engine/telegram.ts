// A make-believe Telegram that containers can reach. It keeps what arrives and accepts everything well formed.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export const TOKEN = "123456:engine-test-token";
export const CHAT_ID = "-1001234567890";

export type Notice = { mark: string; title: string; text: string };

export type FakeTelegram = {
  port: number;
  /** Every message as it came, in order. */
  texts: string[];
  /** Requests that were not a well-formed sendMessage to the right chat. */
  faults: string[];
  /** The notices of all messages: a message may carry several, each beginning with a line `<mark> <host> · <title>`. */
  notices(): Notice[];
  close(): Promise<void>;
};

const FIRST_LINE = /^(🔴|🔁|🟢) .*? · (.+)$/u;

export function parseNotices(texts: readonly string[]): Notice[] {
  const notices: Notice[] = [];
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const plain = line.replace(/<[^>]+>/g, "");
    const [, mark, title] = FIRST_LINE.exec(plain) ?? [];
    const open = notices.at(-1);
    if (mark !== undefined && title !== undefined) notices.push({ mark, title, text: plain });
    else if (open !== undefined) open.text += `\n${plain}`;
  }
  return notices;
}

/** What doctor asks. */
const TOLD: Record<string, unknown> = {
  getMe: { id: 123456, is_bot: true, username: "engine_test_bot" },
  getChat: { id: Number(CHAT_ID), type: "channel", title: "Engine tests" },
  getChatMember: { status: "administrator", can_post_messages: true },
};

export async function fakeTelegram(): Promise<FakeTelegram> {
  const texts: string[] = [];
  const faults: string[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const told = TOLD[(request.url ?? "").replace(`/bot${TOKEN}/`, "")];
      if (told !== undefined && request.method === "POST") {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ ok: true, result: told }));
        return;
      }
      const fault = check(request, body);
      if (fault === undefined) texts.push(String(body["text"]));
      else faults.push(fault);
      const answer =
        fault === undefined
          ? {
              ok: true,
              result: { message_id: texts.length, date: Math.floor(Date.now() / 1000), chat: { id: Number(CHAT_ID) } },
            }
          : { ok: false, error_code: 400, description: `Bad Request: ${fault}` };
      response.writeHead(fault === undefined ? 200 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
  });
  // All addresses: a container comes in over a bridge of the engine's.
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    texts,
    faults,
    notices: () => parseNotices(texts),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function check(request: IncomingMessage, body: Record<string, unknown>): string | undefined {
  if (request.method !== "POST") return `method ${request.method}`;
  if (request.url !== `/bot${TOKEN}/sendMessage`) return `path ${request.url}`;
  if (String(body["chat_id"]) !== CHAT_ID) return "chat not found";
  const text = body["text"];
  if (typeof text !== "string" || text === "" || text.length > 4096) return "message text";
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
}
