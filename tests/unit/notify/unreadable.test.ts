import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { createLog } from "../../../watchdog/log.ts";
import { botClient } from "../../../watchdog/notify/channels/telegram/client.ts";
import { telegramChannel } from "../../../watchdog/notify/channels/telegram/telegram.ts";
import { jsonPoster } from "../../../watchdog/notify/post.ts";
import { listen } from "../../helpers/drivers/net.ts";
import { pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { type Behaviour, byCall, ok } from "../../helpers/fakes/telegram.ts";

/** The message is in the chat, and the answer to it is this. */
const shownBut = (status: number, body: string): Behaviour =>
  byCall({ sendMessage: () => ({ kind: "answer", status, body, ok: true }) });

const ANSWERS: readonly { readonly name: string; readonly behaviour: Behaviour; readonly sends: number }[] = [
  { name: "204 without a body", behaviour: shownBut(204, ""), sends: 3 },
  { name: "an empty 200", behaviour: shownBut(200, ""), sends: 3 },
  { name: "a packed body", behaviour: shownBut(200, "\u001f\ufffd\b\0\0garbage"), sends: 3 },
  { name: "JSON that is cut off", behaviour: shownBut(200, '{"ok":true,"result":{"mess'), sends: 3 },
  {
    name: "JSON after a byte order mark",
    behaviour: shownBut(200, '\ufeff{"ok":true,"result":{"message_id":7}}'),
    sends: 1,
  },
];

describe("Telegram shows the message and answers with", () => {
  for (const { name, behaviour, sends } of ANSWERS) {
    it(`${name}: it is repeated at most once in 5 minutes, after getMe was answered`, { timeout: 60_000 }, async () => {
      const line = pipeline();
      line.telegram.behave(behaviour);
      line.scene.dataPct = 93;
      await line.pass(11 * 60);
      const { messages, requests } = line.telegram;
      assert.deepEqual(
        messages.map(({ text }) => brief(told(text)[0] ?? assert.fail())),
        Array(sends).fill("🔴 Disk data"),
      );
      for (const [index, { atMs }] of messages.entries())
        assert.ok(index === 0 || atMs - (messages[index - 1]?.atMs ?? 0) >= 300_000);
      assert.deepEqual(
        requests
          .map(({ call }) => call)
          .filter((call, index, all) => call === "sendMessage" && index > 0 && all[index - 1] !== "getMe"),
        [],
      );
      line.telegram.behave(ok);
      await line.pass(5 * 60);
      assert.equal(line.outbox().view().pending, 0);
      line.kill();
    });
  }
});

it("no answer at all can be read, of getMe neither: each message is sent, and repeated every 5 minutes", {
  timeout: 60_000,
}, async () => {
  const line = pipeline();
  line.telegram.behave(({ call }) => ({ kind: "answer", status: 204, body: "", ok: call === "sendMessage" }));
  line.scene.dataPct = 93;
  await line.pass(60);
  line.scene.memoryPct = 99;
  await line.pass(3 * 60);
  const titles = (): string[] => line.telegram.messages.flatMap(({ text }) => told(text).map(brief));
  assert.deepEqual(titles(), ["🔴 Disk data", "🔴 Host memory"], "the second waits for nothing");
  await line.pass(5 * 60);
  assert.deepEqual(titles().slice(2, 4), ["🔴 Disk data", "🔴 Host memory"]);
  line.telegram.behave(ok);
  await line.pass(6 * 60);
  assert.equal(line.outbox().view().pending, 0);
  line.kill();
});

it("no packed answer is asked for", { timeout: 10_000 }, async () => {
  let encoding: string | undefined;
  const server = await listen(
    createServer((request, response) => {
      encoding = request.headers["accept-encoding"];
      response.end("{}");
    }),
  );
  await jsonPoster()(new URL(`http://127.0.0.1:${server.port}/`), {}, { deadlineMs: 5000, maxBytes: 1000 });
  await server.close();
  assert.equal(encoding, "identity");
});

for (const [status, accepted] of [
  [200, true],
  [502, undefined],
] as const) {
  it(`a ${status} that is too large ${accepted ? "may have been shown: the message waits" : "is a failure like any other"}`, {
    timeout: 10_000,
  }, async () => {
    const server = await listen(
      createServer((_, response) => {
        response.writeHead(status);
        response.end("x".repeat(300 * 1024));
      }),
    );
    const log = createLog({ level: "error", format: "text", redact: (text) => text, wallMs: () => 0, write: () => {} });
    const bot = botClient({ apiUrl: new URL(`http://127.0.0.1:${server.port}/`), token: "1:a", timeoutMs: 5000 });
    const channel = telegramChannel(bot, { chatId: "1", threadId: undefined, perMin: 20, log });
    const result = await channel.send(
      { text: { html: "a", plain: "a" }, host: "box", notices: [], form: "html", silent: false },
      new AbortController().signal,
    );
    await server.close();
    assert.deepEqual([result.kind, result.kind === "retry" ? result.accepted : false], ["retry", accepted]);
  });
}
