import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkOf, doctorWorld, FORUM, failsAlone } from "../../helpers/fakes/doctor-world.ts";
import {
  apiError,
  type Behaviour,
  badGateway,
  blackHole,
  byCall,
  kicked,
  migrated,
  ok,
  result,
  tooMany,
  topicGone,
  unauthorized,
} from "../../helpers/fakes/telegram.ts";

const chat = (value: object): Behaviour => result({ id: -1001, title: "Operators", ...value });

describe("doctor and Telegram", { concurrency: 4 }, () => {
  /** One broken thing each: how the Bot API answers, which point fails, what is said and what is advised. */
  const REFUSALS: readonly (readonly [
    what: string,
    behaviour: Behaviour,
    id: string,
    detail: RegExp,
    advice: RegExp,
  ])[] = [
    ["a wrong token", unauthorized, "telegram.bot", /401 Unauthorized/, /WATCHDOG_TG_BOT_TOKEN=.*BotFather/],
    [
      "a token that is none",
      apiError(404, "Not Found"),
      "telegram.bot",
      /404 Not Found/,
      /WATCHDOG_TG_BOT_TOKEN=.*BotFather/,
    ],
    [
      "a bot that another program uses",
      apiError(409, "Conflict: terminated by other getUpdates request"),
      "telegram.bot",
      /409 Conflict/,
      /a bot of its own .*\/newbot/,
    ],
    ["a rate limit", tooMany(17), "telegram.bot", /429/, /wait 17 s/],
    ["a fault of Telegram", apiError(502, "Bad Gateway"), "telegram.bot", /502 Bad Gateway/, /few minutes/],
    [
      "a gateway that is no Bot API",
      badGateway,
      "telegram.bot",
      /HTTP 502 without the Bot API/,
      /WATCHDOG_TG_API_URL=https:\/\/api\.telegram\.org/,
    ],
    [
      "a chat that is not found",
      byCall({ getChat: apiError(400, "Bad Request: chat not found") }),
      "telegram.chat",
      /chat not found/,
      /docker compose run --rm watchdog doctor chat-id/,
    ],
    [
      "a bot that was kicked",
      byCall({ getChat: kicked }),
      "telegram.chat",
      /403 Forbidden/,
      /add the bot to this chat/,
    ],
    [
      "a group that became a supergroup",
      byCall({ getChat: migrated(-1009) }),
      "telegram.chat",
      /-1009/,
      /WATCHDOG_TG_CHAT_ID=-1009/,
    ],
    [
      "a bot that left",
      byCall({ getChatMember: result({ status: "left" }) }),
      "telegram.right",
      /may not write \(left\)/,
      /add the bot to this chat/,
    ],
    [
      "a channel's administrator without the right to post",
      byCall({
        getChat: chat({ type: "channel" }),
        getChatMember: result({ status: "administrator", can_post_messages: false }),
      }),
      "telegram.right",
      /administrator/,
      /Post messages/,
    ],
    [
      "a mere member of a channel",
      byCall({ getChat: chat({ type: "channel" }), getChatMember: result({ status: "member" }) }),
      "telegram.right",
      /member/,
      /Post messages/,
    ],
    [
      "a group in which members may not write",
      byCall({
        getChat: chat({ type: "group", permissions: { can_send_messages: false } }),
        getChatMember: result({ status: "member" }),
      }),
      "telegram.right",
      /member/,
      /Send messages/,
    ],
    [
      "a restricted bot",
      byCall({ getChatMember: result({ status: "restricted", is_member: true, can_send_messages: false }) }),
      "telegram.right",
      /restricted/,
      /Send messages/,
    ],
    [
      "a right that cannot be seen",
      byCall({ getChatMember: apiError(400, "Bad Request: CHAT_ADMIN_REQUIRED") }),
      "telegram.right",
      /cannot be seen: 400 .*CHAT_ADMIN_REQUIRED/,
      /Send messages/,
    ],
  ];
  for (const [what, behaviour, id, detail, advice] of REFUSALS) {
    it(`names ${what} and what mends it`, async (t) => {
      const world = await doctorWorld(t);
      world.telegram.behave(behaviour);
      failsAlone(await world.report(), id, detail, advice);
    });
  }

  const RIGHTS: readonly (readonly [string, Behaviour])[] = [
    [
      "the owner of a channel",
      byCall({ getChat: chat({ type: "channel" }), getChatMember: result({ status: "creator" }) }),
    ],
    [
      "a channel's administrator who may post",
      byCall({
        getChat: chat({ type: "channel" }),
        getChatMember: result({ status: "administrator", can_post_messages: true }),
      }),
    ],
    [
      "a group's administrator",
      byCall({ getChat: chat({ type: "group" }), getChatMember: result({ status: "administrator" }) }),
    ],
    [
      "a group's member",
      byCall({
        getChat: chat({ type: "group", permissions: { can_send_messages: true } }),
        getChatMember: result({ status: "member" }),
      }),
    ],
    [
      "a restricted member who may send",
      byCall({ getChatMember: result({ status: "restricted", is_member: true, can_send_messages: true }) }),
    ],
    [
      "a private chat",
      byCall({
        getChat: result({ id: 7, type: "private", first_name: "Ada" }),
        getChatMember: apiError(400, "Bad Request: user not found"),
      }),
    ],
  ];
  for (const [who, behaviour] of RIGHTS) {
    it(`sees that ${who} may write`, async (t) => {
      const world = await doctorWorld(t);
      world.telegram.behave(behaviour);
      const report = await world.report();
      assert.equal(checkOf(report, "telegram.right").state, "ok");
      assert.ok(report.ok, JSON.stringify(report));
    });
  }

  it("without a bot says that messages go to the log, which is no fault", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_BOT_TOKEN: "", WATCHDOG_TG_CHAT_ID: "" });
    const report = await world.report();
    assert.ok(report.ok);
    assert.deepEqual([checkOf(report, "telegram.bot").state, world.telegram.requests.length], ["off", 0]);
    assert.match(checkOf(report, "telegram.bot").detail, /WATCHDOG_TG_BOT_TOKEN/);
  });

  it("with a token alone proves the bot and says how to find the chat", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_CHAT_ID: "" });
    const report = await world.report();
    assert.match(checkOf(report, "telegram.bot").detail, /@watchdog_test_bot/);
    for (const id of ["config.WATCHDOG_TG_CHAT_ID", "telegram.chat"])
      assert.match(checkOf(report, id).advice ?? "", /doctor chat-id/, id);
  });

  it("a network that is closed is told by its kind, and the chat is not blamed for it", async (t) => {
    const world = await doctorWorld(t);
    await world.telegram.refuse();
    const report = await world.report();
    failsAlone(report, "telegram.bot", /connection refused/, /WATCHDOG_TG_API_URL/);
    assert.equal(checkOf(report, "telegram.chat").state, "off");
  });

  it("a Telegram that never answers is given up after the deadline", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(blackHole);
    failsAlone(await world.report(), "telegram.bot", /timeout/, /WATCHDOG_TG_API_URL/);
  });

  it("sends nothing without --send, and one message with each mark with it", async (t) => {
    const world = await doctorWorld(t);
    const before = await world.report();
    assert.deepEqual([checkOf(before, "telegram.send").state, world.telegram.sends().length], ["off", 0]);
    const after = await world.report({}, ["--send"]);
    assert.match(checkOf(after, "telegram.send").detail, /delivered, message 1/);
    assert.equal(world.telegram.messages.length, 1);
    assert.deepEqual(
      world.telegram.told().map(({ mark, host }) => `${mark} ${host}`),
      ["ℹ️", "🔴", "🔁", "🟢", "🟠", "ℹ️"].map((mark) => `${mark} host-1`),
    );
  });

  it("a message that is refused says why, and who has to allow it", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(
      byCall({ sendMessage: apiError(400, "Bad Request: not enough rights to send text messages to the chat") }),
    );
    failsAlone(await world.report({}, ["--send"]), "telegram.send", /not enough rights/, /Send messages/);
    world.telegram.behave(byCall({ getChat: FORUM, sendMessage: apiError(400, "Bad Request: TOPIC_CLOSED") }));
    const report = await world.report({ WATCHDOG_TG_THREAD_ID: "42" }, ["--send"]);
    assert.equal(checkOf(report, "telegram.topic").state, "off", "what was not delivered proves no topic");
  });

  it("a blocked bot is seen when the message is sent", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(byCall({ sendMessage: apiError(403, "Forbidden: bot was blocked by the user") }));
    failsAlone(await world.report({}, ["--send"]), "telegram.send", /blocked/, /press Start/);
  });

  it("a topic is claimed to exist only after a message arrived there", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_THREAD_ID: "42" });
    world.telegram.behave(FORUM);
    const unproven = checkOf(await world.report(), "telegram.topic");
    assert.deepEqual([unproven.state, /doctor --send/.test(unproven.detail)], ["off", true]);
    assert.equal(checkOf(await world.report({}, ["--send"]), "telegram.topic").state, "ok");
    assert.equal(world.telegram.messages[0]?.threadId, 42);
  });

  it("a topic that is gone is found out by --send", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_THREAD_ID: "42" });
    world.telegram.behave(byCall({ getChat: FORUM, sendMessage: topicGone }));
    failsAlone(await world.report({}, ["--send"]), "telegram.topic", /no such topic/, /doctor chat-id/);
  });

  it("a topic in a chat without topics, and the general one, are to be removed", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_THREAD_ID: "42" });
    world.telegram.behave(byCall({ getChat: chat({ type: "supergroup" }) }));
    failsAlone(await world.report(), "telegram.topic", /has no topics/, /remove WATCHDOG_TG_THREAD_ID/);
    world.telegram.behave(ok);
    failsAlone(
      await world.report({ WATCHDOG_TG_THREAD_ID: "1" }),
      "telegram.topic",
      /general topic/,
      /remove WATCHDOG_TG_THREAD_ID/,
    );
  });
});
