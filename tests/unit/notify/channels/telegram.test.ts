import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { createLog } from "../../../../watchdog/log.ts";
import type { Answer } from "../../../../watchdog/net/exchange.ts";
import type { ChannelMemory } from "../../../../watchdog/notify/channel.ts";
import { botClient, methodUrl } from "../../../../watchdog/notify/channels/telegram/client.ts";
import { type TelegramOptions, telegramChannel } from "../../../../watchdog/notify/channels/telegram/telegram.ts";
import type { PostJson } from "../../../../watchdog/notify/post.ts";
import { judgeAnswer } from "../../../helpers/drivers/judge-answer.ts";

const TOKEN = "123456789:AAEhBP0av28_zyxwvutsrqponmlkjihgfed";
const answerOf = (status: number, body: unknown, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers,
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
});
const OK = answerOf(200, { ok: true, result: { message_id: 1 } });
const refusal = (code: number, description: string, parameters?: object): Answer =>
  answerOf(code, { ok: false, error_code: code, description, parameters });

test("only ok with a 2xx is a delivery", () => {
  assert.deepEqual(judgeAnswer(OK), { kind: "delivered", messageId: 1 });
  assert.equal(judgeAnswer(answerOf(500, { ok: true })).kind, "retry");
  assert.deepEqual(judgeAnswer(answerOf(502, { ok: false })), { kind: "retry", reason: "502" });
  assert.equal(judgeAnswer(answerOf(200, { ok: false })).kind, "retry");
  assert.equal(judgeAnswer(answerOf(200, { ok: "true" })).kind, "retry");
});

test("a 200 with a page is no delivery: some proxy kept the message to itself", () => {
  for (const body of ["<html>welcome</html>", " \n<!DOCTYPE html>"])
    assert.deepEqual(
      judgeAnswer(answerOf(200, body)),
      { kind: "retry", reason: "HTTP 200 without the Bot API's JSON" },
      body,
    );
});

test("a 2xx whose body says nothing that can be read may well be a delivery", () => {
  const gzipped = gzipSync(JSON.stringify({ ok: true, result: { message_id: 1 } }));
  for (const body of [
    Buffer.alloc(0),
    gzipped,
    ...["null", "[]", '"ok"', "ok", '{"ok":tr'].map((text) => Buffer.from(text)),
  ]) {
    for (const status of [200, 202, 204])
      assert.deepEqual(judgeAnswer({ status, headers: {}, body }), {
        kind: "retry",
        reason: `HTTP ${status} without the Bot API's JSON`,
        accepted: true,
      });
    for (const status of [302, 400, 502])
      assert.deepEqual(judgeAnswer({ status, headers: {}, body }), {
        kind: "retry",
        reason: `HTTP ${status} without the Bot API's JSON`,
      });
  }
});

test("a byte order mark before the answer is skipped", () => {
  assert.deepEqual(judgeAnswer(answerOf(200, `\ufeff${JSON.stringify({ ok: true, result: { message_id: 1 } })}`)), {
    kind: "delivered",
    messageId: 1,
  });
});

test("an answer over its cap was given to something that was accepted", async () => {
  const { send, calls } = rig([
    Object.assign(new Error("answer larger than 262144 bytes"), { code: "TOO_LARGE", status: 200 }),
    OK,
  ]);
  assert.deepEqual(await send(), {
    kind: "retry",
    reason: "other: answer larger than 262144 bytes",
    accepted: true,
    mayHaveArrived: true,
  });
  await send();
  assert.deepEqual(
    calls.map(({ url }) => url.split("/").at(-1)),
    ["sendMessage", "getMe", "sendMessage"],
  );
});

test("a 502 with a page is worth another try", () => {
  assert.deepEqual(judgeAnswer(answerOf(502, "<html>Bad Gateway</html>")), {
    kind: "retry",
    reason: "HTTP 502 without the Bot API's JSON",
  });
  assert.equal(judgeAnswer(refusal(500, "Internal Server Error")).kind, "retry");
});

test("429 is tried again after the longest wait that body or header names; hours are obeyed, absurd numbers bounded to a day", () => {
  assert.deepEqual(judgeAnswer(refusal(429, "Too Many Requests: retry after 7", { retry_after: 7 })), {
    kind: "retry",
    reason: "429 Too Many Requests: retry after 7",
    afterMs: 7000,
  });
  const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
  const afterMs = (answer: Answer): number | undefined => {
    const verdict = judgeAnswer(answer, NOW);
    return verdict.kind === "retry" ? verdict.afterMs : NaN;
  };
  const asked = (retry_after: unknown, headers: Answer["headers"] = {}): number | undefined =>
    afterMs({
      status: 429,
      headers,
      body: Buffer.from(JSON.stringify({ ok: false, error_code: 429, parameters: { retry_after } })),
    });
  for (const [value, ms] of [
    [7200, 7_200_000],
    ["30", 30_000],
    [" 30 ", 30_000],
    ["2.5", 2500],
    [0.5, 500],
    [1e12, 86_400_000],
    ["99999999999999999999", 86_400_000],
  ] as const)
    assert.equal(asked(value), ms, String(value));
  for (const value of [undefined, null, "", "soon", "-5", "1e3", "0", -1, 0, true, {}, [30]])
    assert.equal(asked(value), undefined, JSON.stringify(value));
  assert.equal(asked(7, { "retry-after": "9" }), 9000, "the header is longer");
  assert.equal(asked("30", { "retry-after": "9" }), 30_000, "the body is longer");
  assert.equal(asked(-1, { "retry-after": "9" }), 9000);
  assert.equal(asked(7, { "retry-after": "-9" }), 7000);
  assert.equal(asked(undefined, { "retry-after": "Fri, 02 Jan 2026 03:05:05 GMT" }), 60_000);
  assert.equal(
    asked(undefined, { "retry-after": "Fri, 02 Jan 2026 03:05:05 GMT", date: "Fri, 02 Jan 2026 03:04:55 GMT" }),
    10_000,
    "by the answer's own clock",
  );
  assert.equal(asked(undefined, { "retry-after": "Fri, 02 Jan 2026 03:00:00 GMT" }), undefined, "long over");
  assert.equal(asked(undefined, { "retry-after": "Fri, 02 Jan 2099 03:00:00 GMT" }), 86_400_000);
  assert.equal(asked(undefined, { "retry-after": "Foo, 99 Bar" }), undefined);
  assert.equal(
    afterMs(answerOf(429, "<html>slow down</html>", { "retry-after": "9" })),
    9000,
    "without the Bot API's JSON too",
  );
  assert.equal(afterMs(answerOf(429, { ok: false }, { "retry-after": "9" })), 9000);
});

test("a bad token, a kicked bot and an unknown chat are the operator's to mend", () => {
  for (const answer of [
    refusal(401, "Unauthorized"),
    refusal(403, "Forbidden: bot was kicked"),
    refusal(404, "Not Found"),
    refusal(400, "Bad Request: chat not found"),
  ]) {
    assert.equal(judgeAnswer(answer).kind, "operator");
  }
});

test("any other 400 refuses this message alone", () => {
  assert.deepEqual(judgeAnswer(refusal(400, "Bad Request: can't parse entities")), {
    kind: "rejected",
    reason: "400 Bad Request: can't parse entities",
  });
  assert.equal(judgeAnswer(answerOf(413, { ok: false })).kind, "rejected");
});

test("migration and a deleted topic are recognised", () => {
  assert.deepEqual(judgeAnswer(refusal(400, "group chat was upgraded", { migrate_to_chat_id: -1001234567890 })), {
    kind: "migrated",
    chatId: "-1001234567890",
  });
  assert.equal(judgeAnswer(refusal(400, "x", { migrate_to_chat_id: "evil" })).kind, "rejected");
  assert.deepEqual(judgeAnswer(refusal(400, "Bad Request: message thread not found")), { kind: "threadGone" });
});

test("a description is bounded and printable", () => {
  const verdict = judgeAnswer(refusal(500, `a\n\u001b[31m${"x".repeat(5000)}`));
  assert.ok(verdict.kind === "retry" && verdict.reason.length < 250 && !/[\n\u001b]/.test(verdict.reason));
});

interface Call {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A sender whose posts get these answers, one after the other; the last one for good. */
function rig(answers: readonly (Answer | Error)[], options: Partial<TelegramOptions> = {}, memory: ChannelMemory = {}) {
  const calls: Call[] = [];
  const logged: string[] = [];
  const post: PostJson = async (url, body) => {
    calls.push({ url: url.href, body: body as Call["body"] });
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    if (calls.length > 50) throw new Error("endless");
    if (!answer || answer instanceof Error) throw answer ?? new Error("no answer");
    return answer;
  };
  const log = createLog({
    level: "debug",
    format: "text",
    redact: (text) => text,
    wallMs: () => 0,
    write: (line) => logged.push(line),
  });
  const channel = telegramChannel(
    botClient({ apiUrl: new URL("https://api.telegram.org"), token: TOKEN, timeoutMs: 5000 }, post),
    { chatId: "-100123", threadId: undefined, perMin: 20, log, ...options },
    memory,
  );
  const send = (form: "html" | "plain" = "html") =>
    channel.send(
      { text: { html: "a &lt; b", plain: "a < b" }, host: "box", notices: [], form, silent: false },
      new AbortController().signal,
    );
  return { send, calls, logged, channel };
}

test("a message is posted to sendMessage with chat, text, parse mode and no link preview", async () => {
  const { send, calls } = rig([OK], { threadId: 7 });
  assert.deepEqual(await send(), { kind: "delivered", messageId: 1 });
  assert.equal(calls[0]?.url, `https://api.telegram.org/bot${TOKEN}/sendMessage`);
  assert.deepEqual(calls[0]?.body, {
    chat_id: -100123,
    message_thread_id: 7,
    text: "a &lt; b",
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
  });
});

test("plain text has no parse mode, a channel's name stays a name", async () => {
  const { send, calls } = rig([OK], { chatId: "@ops" });
  await send("plain");
  assert.deepEqual(calls[0]?.body, { chat_id: "@ops", text: "a < b", link_preview_options: { is_disabled: true } });
});

test("a Bot API server of one's own may live under a path", () => {
  assert.equal(
    methodUrl(new URL("http://bots:8081/api/"), TOKEN, "getMe").href,
    `http://bots:8081/api/bot${TOKEN}/getMe`,
  );
});

test("after a migration the message goes to the new chat, which is remembered", async () => {
  const { send, calls, logged } = rig([refusal(400, "upgraded", { migrate_to_chat_id: -1009 }), OK]);
  assert.deepEqual(await send(), { kind: "delivered", messageId: 1 });
  await send();
  assert.deepEqual(
    calls.map(({ body }) => body["chat_id"]),
    [-100123, -1009, -1009],
  );
  assert.match(logged.join(), /new chat id/);
});

test("migrations without end are a failure, not a flood", async () => {
  const { send, calls } = rig([refusal(400, "upgraded", { migrate_to_chat_id: -1009 })]);
  assert.notEqual((await send()).kind, "delivered");
  assert.ok(calls.length <= 2, `${calls.length} posts`);
});

test("migrations that go round in circles are a failure too", async () => {
  const { send, calls } = rig([
    refusal(400, "upgraded", { migrate_to_chat_id: -1 }),
    refusal(400, "upgraded", { migrate_to_chat_id: -100123 }),
    refusal(400, "upgraded", { migrate_to_chat_id: -1 }),
    refusal(400, "upgraded", { migrate_to_chat_id: -100123 }),
  ]);
  assert.notEqual((await send()).kind, "delivered");
  assert.ok(calls.length <= 2, `${calls.length} posts`);
});

test("a migration remembered from an earlier run is used, unless the configured chat is another one now", async () => {
  const { send, calls, channel } = rig([OK], {}, { migrated: { from: "-100123", to: "-1009" } });
  await send();
  assert.equal(calls[0]?.body["chat_id"], -1009);
  assert.deepEqual(channel.memory(), { migrated: { from: "-100123", to: "-1009" } });
  const other = rig([OK], {}, { migrated: { from: "-5", to: "-1009" } });
  await other.send();
  assert.equal(other.calls[0]?.body["chat_id"], -100123);
});

test("after an answer that was lost Telegram is asked whether it answers, before anything is sent again", async () => {
  const timeout = Object.assign(new Error("no complete answer within 5 s"), { code: "DEADLINE" });
  const { send, calls } = rig([timeout, timeout, OK, OK, OK]);
  assert.equal((await send()).kind, "retry");
  assert.equal((await send()).kind, "retry");
  assert.equal((await send()).kind, "delivered");
  await send();
  assert.deepEqual(
    calls.map(({ url }) => url.split("/").at(-1)),
    ["sendMessage", "getMe", "getMe", "sendMessage", "sendMessage"],
  );
});

test("a refused connection leaves no doubt: nothing was sent, so the next try is the message itself", async () => {
  const { send, calls } = rig([Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), OK]);
  await send();
  await send();
  assert.deepEqual(
    calls.map(({ url }) => url.split("/").at(-1)),
    ["sendMessage", "sendMessage"],
  );
});

test("silence and replies are options of the message", async () => {
  const { channel, calls } = rig([OK]);
  await channel.send(
    { text: { html: "a", plain: "a" }, host: "box", notices: [], form: "html", silent: true, replyTo: 7 },
    new AbortController().signal,
  );
  assert.equal(calls[0]?.body["disable_notification"], true);
  assert.deepEqual(calls[0]?.body["reply_parameters"], { message_id: 7, allow_sending_without_reply: true });
});

test("when the topic is gone the message goes to the chat itself, and so do the next ones", async () => {
  const { send, calls, logged } = rig([refusal(400, "Bad Request: message thread not found"), OK], { threadId: 7 });
  assert.deepEqual(await send(), { kind: "delivered", messageId: 1 });
  await send();
  assert.deepEqual(
    calls.map(({ body }) => body["message_thread_id"]),
    [7, undefined, undefined],
  );
  assert.match(logged.join(), /topic is gone/);
});

test("a missing topic without a topic is a refusal, not a loop", async () => {
  const { send, calls } = rig([refusal(400, "Bad Request: message thread not found")]);
  assert.equal((await send()).kind, "rejected");
  assert.equal(calls.length, 1);
});

test("a network failure is worth another try, with its kind and without the URL", async () => {
  const { send } = rig([
    Object.assign(new Error("connect ECONNREFUSED 149.154.167.220:443"), { code: "ECONNREFUSED" }),
  ]);
  assert.deepEqual(await send(), { kind: "retry", reason: "refused: connect ECONNREFUSED 149.154.167.220:443" });
});

test("the token stands in no result and no log line", async () => {
  for (const answer of [
    OK,
    refusal(401, "Unauthorized"),
    refusal(429, "x", { retry_after: 1 }),
    answerOf(502, "<html>"),
    refusal(400, "upgraded", { migrate_to_chat_id: 5 }),
    new Error("socket hang up"),
  ]) {
    const { send, logged } = rig([answer]);
    assert.doesNotMatch(JSON.stringify(await send()) + logged.join(), /AAEhBP/);
  }
});

test("of what Telegram says 200 characters are kept as the reason", { timeout: 5000 }, () => {
  const verdict = judgeAnswer(answerOf(400, { ok: false, error_code: 400, description: "x".repeat(500) }));
  assert.equal(verdict.kind, "rejected");
  assert.equal("reason" in verdict ? verdict.reason.length : 0, "400 ".length + 200);
});

test("a group does not become what can be no group", { timeout: 10_000 }, () => {
  for (const id of [0, 5, -0, 1.5])
    assert.equal(judgeAnswer(refusal(400, "upgraded", { migrate_to_chat_id: id })).kind, "rejected");
});
