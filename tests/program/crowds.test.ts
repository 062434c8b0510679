import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../helpers/drivers/wait.ts";
import type { FakeTelegram } from "../helpers/fakes/telegram.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const NAMES = Array.from({ length: 100 }, (_, index) => `service-${String(index).padStart(3, "0")}`);

/** The services that the messages of this mark name, whether each has a notice of its own or one card has them all. */
function namesIn({ told }: FakeTelegram, mark: string): string[] {
  return told()
    .filter((notice) => notice.mark === mark)
    .flatMap(({ title, detail }) => {
      // The advice names one of them once more, as an example.
      const lines = detail.split("\n").filter((line) => !/^What to do[:,]/.test(line));
      return [title, ...lines].join("\n").match(/service-\d{3}(?=,|:|$)/gm) ?? [];
    });
}

describe("many things at once", { concurrency: 4 }, () => {
  it("a hundred containers that go down are all told, in few messages, at Telegram's pace, and so is their return", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_TG_PER_MIN: "20" });
    const { telegram, docker } = world;
    telegram.limit({ gapMs: 1000, perMinute: 20 });
    for (const name of NAMES) docker.set(name, { health: "healthy" });
    const daemon = await world.start();
    await daemon.ticks(1);
    for (const name of NAMES) docker.set(name, { state: "exited", exitCode: 137, error: '<killed> & "gone" 💥' });
    await until("every name", () => namesIn(telegram, "🔴").length >= NAMES.length, 30_000);
    assert.deepEqual(namesIn(telegram, "🔴").sort(), NAMES, "each is named once");
    const alerts = telegram.messages.length;
    assert.ok(alerts <= 2, `${alerts} messages`);
    await daemon.statusWhere(
      "all of them alerting",
      ({ signals }) =>
        signals.filter(({ key, alerting }) => alerting && key.startsWith("container:")).length === NAMES.length,
    );
    for (const name of NAMES) docker.set(name, { state: "running" });
    await until("every name again", () => namesIn(telegram, "🟢").length >= NAMES.length, 30_000);
    assert.deepEqual(namesIn(telegram, "🟢").sort(), NAMES, "each recovers once");
    assert.ok(telegram.messages.length <= alerts + 2);
    await daemon.stop();
  });

  it("what goes wrong in one tick comes in one message, each with its own mark", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    world.docker.set("web", { state: "dead" });
    world.docker.set("api", { state: "dead" });
    await until("both", () => world.telegram.told().length >= 2);
    const [message] = world.telegram.messages;
    assert.equal(world.telegram.messages.length, 1);
    assert.match(message?.text ?? "", /^🔴 host-1 · Container web\n[\s\S]+\n\n🔴 host-1 · Container api\n/);
    await daemon.stop();
  });

  it("more messages than a minute may hold wait for the next one", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_TG_PER_MIN: "2" });
    world.telegram.limit({ gapMs: 1000, perMinute: 2 });
    const { counts } = world.metrics.orchestrator;
    const daemon = await world.start();
    for (const count of [1, 2]) {
      counts.failed += 1;
      await world.telegram.waitForMessages(count);
    }
    counts.failed += 1;
    await daemon.statusWhere("one that waits", ({ delivery }) => delivery.pending === 1);
    await daemon.ticks(12);
    assert.equal(world.telegram.messages.length, 2);
    await daemon.stop();
  });

  it("without a bot, each message is one line of the log", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_TG_BOT_TOKEN: "", WATCHDOG_TG_CHAT_ID: "" });
    world.host.memory(95);
    const daemon = await world.start();
    const { delivery, signals } = await daemon.statusWhere("it told", (status) =>
      status.signals.some(({ alerting }) => alerting),
    );
    assert.equal(delivery.channel, "console");
    assert.ok(signals.some(({ key, alerting }) => key === "host_mem" && alerting));
    assert.match(daemon.output(), /^\S+Z info {2}message: 🔴 host-1 · Host memory \| 95% used.+$/m);
    assert.equal(world.telegram.requests.length, 0);
    await daemon.stop();
  });
});
