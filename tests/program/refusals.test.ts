import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ask } from "../helpers/drivers/net.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf } from "../helpers/fakes/canaries.ts";
import {
  apiError,
  type Behaviour,
  cannotParse,
  kicked,
  migrated,
  ok,
  topicGone,
  unauthorized,
  unless,
} from "../helpers/fakes/telegram.ts";
import { CHAT_ID, makeWorld } from "../helpers/fakes/world.ts";

const OPERATORS: readonly { readonly name: string; readonly behaviour: Behaviour; readonly says: RegExp }[] = [
  { name: "the token is wrong (401)", behaviour: unauthorized, says: /401 Unauthorized/ },
  { name: "the bot was kicked (403)", behaviour: kicked, says: /403 Forbidden: bot was kicked/ },
  {
    name: "there is no such chat",
    behaviour: apiError(400, "Bad Request: chat not found"),
    says: /400 Bad Request: chat not found/,
  },
  { name: "there is no such bot (404)", behaviour: apiError(404, "Not Found"), says: /404 Not Found/ },
];

describe("Telegram refuses", { concurrency: 6 }, () => {
  for (const { name, behaviour, says } of OPERATORS) {
    it(`because ${name}: it is said loudly, the alert is kept, nothing is hammered`, async (t) => {
      const world = await makeWorld(t);
      world.telegram.behave(behaviour);
      world.host.memory(95);
      const daemon = await world.start();
      const { delivery } = await daemon.statusWhere("the refusal", (status) => status.delivery.lastError !== null);
      assert.match(delivery.lastError ?? "", says);
      await daemon.ticks(6);
      assert.equal(world.telegram.sends().length, 1, "it is tried again in five minutes, not at every tick");
      assert.match(daemon.output(), /error Telegram refuses to deliver/);
      const health = await ask(daemon.port, "/healthz");
      assert.equal(health?.status, 200, "what Telegram says does not make the container unhealthy");
      assert.match(health?.body ?? "", says);
      // At the end everything gets one more try, in case it was mended.
      world.telegram.behave(ok);
      await daemon.stop();
      assert.deepEqual(world.telegram.told().map(brief), ["🔴 Host memory"]);
    });
  }

  it("the markup: the same is sent as plain text", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(cannotParse);
    world.docker.set("web", { health: "unhealthy", healthOutput: "<b>a & b</b>" });
    const daemon = await world.start();
    await detailOf(world, "🔴 Container web");
    const [message] = world.telegram.messages;
    assert.equal(message?.html, false);
    assert.match(message?.text ?? "", /<b>a & b<\/b>/);
    assert.equal(world.telegram.sends().length, 2);
    await daemon.stop();
  });

  it("one notice for good: that one is held, the others pass", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(
      unless(
        ({ body }) => !String(body["text"]).includes("Container web"),
        apiError(400, "Bad Request: something about this text"),
      ),
    );
    world.docker.set("web", { state: "exited", exitCode: 1 });
    world.docker.set("api", { state: "exited", exitCode: 1 });
    world.db.status = 500;
    const daemon = await world.start();
    await until("the two others", () => world.telegram.told().length >= 2);
    await daemon.ticks(4);
    assert.deepEqual(world.telegram.told().map(brief).sort(), ["🔴 Container api", "🔴 Dependency db"]);
    const { delivery } = await daemon.status();
    assert.equal(delivery.pending, 1);
    const sends = world.telegram.sends().length;
    world.host.memory(95);
    await detailOf(world, "🔴 Host memory");
    assert.ok(world.telegram.sends().length <= sends + 1, "the refused one is not tried again with it");
    await daemon.stop();
  });

  it("the chat, which became a supergroup: its new id is used from now on", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(migrated(-100_222));
    world.host.memory(95);
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    world.host.memory(10);
    await detailOf(world, "🟢 Host memory");
    assert.deepEqual(
      world.telegram.sends().map(({ body }) => body["chat_id"]),
      [CHAT_ID, -100_222, -100_222],
    );
    assert.match(daemon.output(), /supergroup.+-100222/);
    await daemon.stop();
  });

  it("with a new chat id each time: nothing is hammered", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(({ body, ...request }) =>
      apiError(400, "Bad Request: group chat was upgraded to a supergroup chat", {
        migrate_to_chat_id: Number(body["chat_id"]) - 1,
      })({ body, ...request }),
    );
    world.host.memory(95);
    const daemon = await world.start();
    await daemon.statusWhere("a failed delivery", ({ delivery }) => delivery.lastError !== null);
    await daemon.ticks(3);
    assert.ok(world.telegram.sends().length <= 8, `${world.telegram.sends().length} sends`);
    await daemon.stop();
  });

  it("the topic, which was deleted: the chat itself is used from now on", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_TG_THREAD_ID: "17" });
    world.telegram.behave(topicGone);
    world.host.memory(95);
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    world.host.memory(10);
    await detailOf(world, "🟢 Host memory");
    assert.deepEqual(
      world.telegram.sends().map(({ body }) => body["message_thread_id"]),
      [17, undefined, undefined],
    );
    await daemon.stop();
  });

  it("nothing: the topic of the chat is written to", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_TG_THREAD_ID: "17" });
    world.host.memory(95);
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    const [{ threadId, chatId } = {}] = world.telegram.messages;
    assert.deepEqual([threadId, chatId], [17, CHAT_ID]);
    await daemon.stop();
  });
});
