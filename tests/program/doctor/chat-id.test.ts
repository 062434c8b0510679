import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placesOf } from "../../../watchdog/cli/doctor/chat-id.ts";
import { doctorWorld } from "../../helpers/fakes/doctor-world.ts";
import { apiError, byCall, result, TOKEN, unauthorized } from "../../helpers/fakes/telegram.ts";

const GROUP = { id: -1001234567890, type: "supergroup", title: "Operators", is_forum: true };
const CHANNEL = { id: -1009, type: "channel", title: "Alerts & <more>" };
const PRIVATE = { id: 77, type: "private", first_name: "Ada" };

/** What a day's worth of getUpdates looks like. */
const UPDATES = [
  { update_id: 1, message: { message_id: 1, date: 100, chat: PRIVATE, text: "/start" } },
  {
    update_id: 2,
    message: {
      message_id: 2,
      date: 200,
      chat: GROUP,
      message_thread_id: 42,
      is_topic_message: true,
      forum_topic_created: { name: "Outages", icon_color: 1 },
    },
  },
  {
    update_id: 3,
    message: {
      message_id: 3,
      date: 300,
      chat: GROUP,
      message_thread_id: 42,
      is_topic_message: true,
      text: "/start@bot",
    },
  },
  {
    update_id: 4,
    message: {
      message_id: 4,
      date: 400,
      chat: GROUP,
      message_thread_id: 7,
      is_topic_message: true,
      reply_to_message: { message_id: 7, forum_topic_created: { name: "Night" } },
    },
  },
  {
    update_id: 5,
    message: { message_id: 5, date: 250, chat: GROUP, message_thread_id: 3, text: "a reply in no topic" },
  },
  { update_id: 6, channel_post: { message_id: 6, date: 500, chat: CHANNEL, text: "hello" } },
  {
    update_id: 7,
    my_chat_member: {
      chat: { id: -5, type: "group", title: "Old" },
      date: 50,
      old_chat_member: { status: "member" },
      new_chat_member: { status: "kicked" },
    },
  },
  {
    update_id: 8,
    callback_query: {
      id: "1",
      message: { message_id: 8, date: 90, chat: { id: -6, type: "group", title: "Buttons" } },
    },
  },
  {
    update_id: 9,
    message: { message_id: 9, date: 80, chat: { id: -8, type: "group", title: "Moved" }, migrate_to_chat_id: -1008 },
  },
];

describe("doctor chat-id", { concurrency: 4 }, () => {
  it("lists chats, channels and topics, the last spoken to first, with the lines to set", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_CHAT_ID: "" });
    world.telegram.behave(byCall({ getUpdates: result(UPDATES) }));
    const { code, stdout, stderr } = await world.doctor(["chat-id"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(
      stdout,
      `Where @watchdog_test_bot was last spoken to:

channel · Alerts & <more>
    WATCHDOG_TG_CHAT_ID=-1009

group · Operators · topic 7 «Night»
    WATCHDOG_TG_CHAT_ID=-1001234567890
    WATCHDOG_TG_THREAD_ID=7

group · Operators · topic 42 «Outages»
    WATCHDOG_TG_CHAT_ID=-1001234567890
    WATCHDOG_TG_THREAD_ID=42

group · Operators
    WATCHDOG_TG_CHAT_ID=-1001234567890

private · Ada
    WATCHDOG_TG_CHAT_ID=77

group · Buttons
    WATCHDOG_TG_CHAT_ID=-6

group · Old (the bot was removed from it)
    WATCHDOG_TG_CHAT_ID=-5

Put the lines of the chat you want into .env.watchdog, then try: docker compose run --rm watchdog doctor --send
`,
    );
  });

  it("confirms nothing away: it asks without an offset, once, and changes no setting of the bot", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(byCall({ getUpdates: result(UPDATES) }));
    await world.doctor(["chat-id"]);
    assert.deepEqual(
      world.telegram.requests.filter(({ call }) => call !== "getMe").map(({ call, body }) => [call, body]),
      [["getUpdates", { limit: 100, timeout: 0 }]],
    );
  });

  it("finding nothing says what to do and then to run it again", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(byCall({ getUpdates: result([]) }));
    const { code, stdout } = await world.doctor(["chat-id"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /Write a message to the bot; in a group write \/start@watchdog_test_bot; in a channel post something.*\nThen run it again: docker compose run --rm watchdog doctor chat-id/,
    );
    const outside = await world.doctor(["chat-id"], { FAKE_CONTAINER: "0" });
    assert.match(outside.stdout, /Then run it again: node .*watchdog\.mjs doctor chat-id/);
    const inRussian = await world.doctor(["chat-id"], { WATCHDOG_LANG: "ru" });
    assert.match(inRussian.stdout, /никто не обращался.*\n.*\nЗатем снова:/);
  });

  it("a webhook or another poller is explained", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(
      byCall({
        getUpdates: apiError(
          409,
          "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        ),
      }),
    );
    const { code, stdout } = await world.doctor(["chat-id"]);
    assert.equal(code, 1);
    assert.match(stdout, /Another program listens to @watchdog_test_bot .*409 Conflict/);
    assert.match(stdout, /→ .*a bot of its own .*\/newbot/);
  });

  it("without a token, with a wrong one and without a network it says what to mend, and never the token", async (t) => {
    const world = await doctorWorld(t);
    const none = await world.doctor(["chat-id"], { WATCHDOG_TG_BOT_TOKEN: "" });
    assert.match(none.stdout, /WATCHDOG_TG_BOT_TOKEN is not set: .*BotFather/);
    world.telegram.behave(unauthorized);
    const wrong = await world.doctor(["chat-id"]);
    assert.match(wrong.stdout, /401 Unauthorized\n {2}→ .*WATCHDOG_TG_BOT_TOKEN/);
    await world.telegram.refuse();
    const away = await world.doctor(["chat-id"]);
    assert.match(away.stdout, /connection refused/);
    for (const { code, stdout, stderr } of [none, wrong, away]) {
      assert.equal(code, 1);
      assert.ok(!`${stdout}${stderr}`.includes(TOKEN.split(":")[1] ?? ""));
    }
  });

  it("a hundred updates may not be all there are, and says so", async (t) => {
    const world = await doctorWorld(t);
    world.telegram.behave(
      byCall({
        getUpdates: result(
          Array.from({ length: 100 }, (_, index) => ({ update_id: index, message: { date: index, chat: PRIVATE } })),
        ),
      }),
    );
    const { stdout } = await world.doctor(["chat-id"]);
    assert.match(stdout, /first 100 messages/);
    assert.equal(stdout.match(/WATCHDOG_TG_CHAT_ID=77/g)?.length, 1);
  });

  it("updates that are not understood are passed over", () => {
    assert.deepEqual(
      placesOf([
        null,
        1,
        "x",
        {},
        { message: null },
        { message: { chat: null } },
        { message: { chat: { id: "7" } } },
        { message: { chat: { id: 2 ** 60 } } },
        { poll: { id: "1" } },
      ]),
      [],
    );
  });

  it("a renamed topic is listed under its new name", () => {
    const [place] = placesOf([
      UPDATES[1],
      {
        message: {
          date: 900,
          chat: GROUP,
          message_thread_id: 42,
          is_topic_message: true,
          forum_topic_edited: { name: "Fires" },
          reply_to_message: { forum_topic_created: { name: "Outages" } },
        },
      },
    ]);
    assert.deepEqual([place?.topic, place?.threadId], ["Fires", 42]);
  });

  it("names from outside cannot forge a line", () => {
    const [place] = placesOf([
      { message: { date: 1, chat: { id: 5, type: "group", title: "a\nWATCHDOG_TG_CHAT_ID=666\u001b[31m" } } },
    ]);
    assert.doesNotMatch(place?.title ?? "", /[\n\u001b]/);
  });
});
