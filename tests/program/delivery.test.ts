import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf } from "../helpers/fakes/canaries.ts";
import {
  type Behaviour,
  badGateway,
  blackHole,
  cut,
  ok,
  raw,
  serverError,
  slow,
  tooMany,
} from "../helpers/fakes/telegram.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const AWAY: readonly { readonly name: string; readonly behaviour: Behaviour | "refused"; readonly says: RegExp }[] = [
  { name: "refuses connections", behaviour: "refused", says: /refused/ },
  { name: "accepts and never answers", behaviour: blackHole, says: /timeout/ },
  { name: "answers too late", behaviour: (request) => ({ ...slow(5000)(request), ok: false }), says: /timeout/ },
  { name: "answers 500", behaviour: serverError, says: /500 Internal Server Error/ },
  { name: "is a proxy with a 502 page", behaviour: badGateway, says: /502/ },
  {
    name: "is a proxy with a 200 page",
    behaviour: raw(200, "<html>Welcome to the airport</html>"),
    says: /200 without/,
  },
  { name: "cuts the connection", behaviour: cut(false), says: /reset|hang up/ },
];

/** The one source that needs no network, where a short deadline is about Telegram. */
const MEMORY_ALONE = {
  WATCHDOG_METRICS_URL: "",
  WATCHDOG_DOCKER_SOCK: "",
  WATCHDOG_DEPS: "",
  WATCHDOG_DISK_ENABLED: "false",
};

describe("while Telegram", { concurrency: 6 }, () => {
  for (const { name, behaviour, says } of AWAY) {
    it(`${name}, an alert is kept, and told once when it is back`, async (t) => {
      const world = await makeWorld(t, { ...MEMORY_ALONE, WATCHDOG_HTTP_TIMEOUT_S: "0.5" });
      const { telegram } = world;
      const daemon = await world.start();
      if (behaviour === "refused") await telegram.refuse();
      else telegram.behave(behaviour);
      world.host.memory(95);
      const away = await daemon.statusWhere(
        "a failed delivery",
        ({ delivery }) => delivery.lastError !== null && delivery.pending === 1,
      );
      assert.match(away.delivery.lastError ?? "", says);
      const untold = away.signals.find(({ key }) => key === "host_mem");
      assert.deepEqual(
        [untold?.active, untold?.alerting, untold?.lastAlertAt],
        [true, false, null],
        "told is what was delivered",
      );
      await daemon.ticks(3);
      assert.equal(telegram.messages.length, 0);

      if (behaviour === "refused") await telegram.accept();
      else telegram.behave(ok);
      await telegram.waitForMessages(1);
      const back = await daemon.statusWhere("the delivery", ({ delivery }) => delivery.pending === 0);
      assert.equal(back.delivery.lastError, null);
      assert.ok(back.delivery.lastOkAt !== null);
      await daemon.ticks(4);
      assert.deepEqual(telegram.told().map(brief), ["🔴 Host memory"]);
      await daemon.stop();
    });
  }

  it("is away, an alert and its recovery become one message", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(serverError);
    world.host.memory(95.5);
    const daemon = await world.start();
    await world.telegram.waitForSends(1);
    world.host.memory(20);
    await daemon.statusWhere("the end of it", ({ signals }) =>
      signals.some(({ key, active }) => key === "host_mem" && !active),
    );
    world.telegram.behave(ok);
    await world.telegram.waitForMessages(1);
    await daemon.ticks(4);
    const [only, ...more] = world.telegram.told();
    assert.deepEqual(more, []);
    assert.equal(only && brief(only), "🟢 Host memory");
    assert.match(only?.detail ?? "", /^Was down .+ UTC – .+ UTC\), recovered\.\nThe reason was: 95\.5% used/);
    await daemon.stop();
  });

  it("is away, a recovery and a new alert of what was told become one message", async (t) => {
    const world = await makeWorld(t);
    world.host.memory(95);
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    world.telegram.behave(serverError);
    world.host.memory(20);
    await world.telegram.waitForSends(2);
    world.host.memory(97);
    await daemon.statusWhere("bad again", ({ signals }) =>
      signals.some(({ key, active, detail }) => key === "host_mem" && active && detail.startsWith("97%")),
    );
    world.host.memory(20);
    await daemon.statusWhere("good again", ({ signals }) =>
      signals.some(({ key, active }) => key === "host_mem" && !active),
    );
    world.telegram.behave(ok);
    await world.telegram.waitForMessages(2);
    await daemon.ticks(4);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Host memory", "🟢 Host memory"]);
    assert.match(world.telegram.told()[1]?.detail ?? "", /Before that: /, "the first episode is told of too");
    await daemon.stop();
  });

  it("is away for longer than the cooldown, the alert is still one message", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_COOLDOWN_S: "0.3" });
    world.telegram.behave(serverError);
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForSends(2);
    await daemon.ticks(4);
    const repeated = world.telegram.sends().length;
    world.telegram.behave(ok);
    const [first] = await world.telegram.waitForMessages(1);
    assert.match(first?.text ?? "", /^🔴/);
    assert.ok(repeated <= 4, `${repeated} attempts: the backoff counts, not the cooldown`);
    await daemon.stop();
  });

  it("is away, failed jobs add up", async (t) => {
    const world = await makeWorld(t);
    const { counts } = world.metrics.orchestrator;
    const daemon = await world.start();
    world.telegram.behave(serverError);
    counts.failed += 2;
    await world.telegram.waitForSends(1);
    counts.failed += 3;
    await daemon.ticks(2);
    world.telegram.behave(ok);
    await world.telegram.waitForMessages(1);
    await daemon.ticks(4);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Job failed"]);
    assert.match(world.telegram.told()[0]?.detail ?? "", /^5 new failures/);
    await daemon.stop();
  });

  it("is slow, what happens during a send is neither lost nor told twice", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(slow(600));
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForSends(1);
    world.metrics.orchestrator.counts.failed += 1;
    world.docker.set("web", { state: "exited", exitCode: 1 });
    world.host.memory(10);
    await until("all of it", () => world.telegram.told().length >= 4);
    await daemon.ticks(4);
    assert.deepEqual(world.telegram.told().map(brief).sort(), [
      "🔴 Container web",
      "🔴 Host memory",
      "🔴 Job failed",
      "🟢 Host memory",
    ]);
    await daemon.stop();
  });

  it("says when to come back (429), nothing is sent before", async (t) => {
    const world = await makeWorld(t);
    world.telegram.next(tooMany(2));
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForMessages(1);
    const [refused, accepted] = world.telegram.sends();
    assert.equal(world.telegram.sends().length, 2);
    assert.ok((accepted?.atMs ?? 0) - (refused?.atMs ?? 0) >= 1990);
    await daemon.stop();
  });

  it("says to come back in hours (429), the rest goes on and nothing is sent, not even at the end", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(tooMany(10_072));
    world.host.memory(95);
    const daemon = await world.start();
    const { delivery } = await daemon.statusWhere("the refusal", (status) => status.delivery.lastError !== null);
    assert.match(delivery.lastError ?? "", /429/);
    world.host.memory(96);
    await daemon.ticks(5);
    await daemon.stop();
    assert.equal(world.telegram.sends().length, 1);
  });
});
