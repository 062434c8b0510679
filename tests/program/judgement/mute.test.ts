import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { DATA, makeWorld, type World } from "../../helpers/fakes/world.ts";

const briefs = ({ telegram }: World): string[] => telegram.told().map(brief);
const hour = (fromNow: number): string =>
  `${String((new Date().getUTCHours() + fromNow + 24) % 24).padStart(2, "0")}:00`;

describe("WATCHDOG_MUTE and WATCHDOG_QUIET_HOURS in the bundle", { concurrency: 4 }, () => {
  it("what is muted is watched and shown, but not told; the rest is", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_MUTE: "dep:*,container:build-*" });
    world.docker.set("build-7", {});
    const daemon = await world.start();
    world.db.status = 503;
    world.docker.set("build-7", { state: "exited", exitCode: 1 });
    world.docker.set("web", { state: "exited", exitCode: 1 });
    await world.telegram.waitForMessages(1);
    const status = await daemon.statusWhere("all seen", ({ signals }) =>
      ["dep:db", "container:build-7", "container:web"].every((key) =>
        signals.some((signal) => signal.key === key && signal.active),
      ),
    );
    await daemon.ticks(3);
    assert.deepEqual(briefs(world), ["🔴 Container web"]);
    assert.deepEqual(
      status.signals.filter(({ key }) => key === "dep:db").map(({ active, alerting }) => ({ active, alerting })),
      [{ active: true, alerting: false }],
    );
    assert.deepEqual((status as unknown as { muted: string[] }).muted, ["dep:*", "container:build-*"]);
    assert.match(daemon.output(), /muted by WATCHDOG_MUTE patterns="dep:\* container:build-\*"/);
  });

  it("in quiet hours everything is told, without a sound", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_QUIET_HOURS: `${hour(-1)}-${hour(2)} UTC` });
    await world.start();
    world.host.disk(DATA, { usedPct: 97 });
    await world.telegram.waitForMessages(1);
    world.host.disk(DATA, { usedPct: 40 });
    await world.telegram.waitForMessages(2);
    assert.deepEqual(
      world.telegram.messages.map(({ silent }) => silent),
      [true, true],
    );
    assert.deepEqual(briefs(world), ["🔴 Disk data", "🟢 Disk data"]);
  });

  for (const quietCritical of ["false", "true"]) {
    it(`what is critical ${quietCritical === "true" ? "is silent too where WATCHDOG_QUIET_CRITICAL says so" : "sounds all the same"}`, {
      timeout: 60_000,
    }, async (t) => {
      const world = await makeWorld(t, {
        WATCHDOG_QUIET_HOURS: `${hour(-1)}-${hour(2)} UTC`,
        WATCHDOG_QUIET_CRITICAL: quietCritical,
      });
      await world.start();
      await world.metrics.close();
      await world.telegram.waitForMessages(1);
      assert.deepEqual(briefs(world), ["🔴 Orchestrator down"]);
      assert.equal(world.telegram.messages[0]?.silent, quietCritical === "true");
    });
  }

  it("outside of them it sounds", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_QUIET_HOURS: `${hour(3)}-${hour(6)} UTC` });
    await world.start();
    world.host.disk(DATA, { usedPct: 97 });
    await world.telegram.waitForMessages(1);
    assert.equal(world.telegram.messages[0]?.silent, false);
  });
});

describe("over days, on the virtual clock", () => {
  it("mutes are named once a day, with what is bad behind them", async () => {
    const line = pipeline({ WATCHDOG_MUTE: "dep:*,container:build-*" });
    await line.pass(3600);
    line.scene.deps.set("db", { up: false, kind: "refused", reason: "refused" });
    await line.pass(22 * 3600);
    assert.equal(line.telegram.messages.length, 0);
    await line.pass(2 * 3600);
    const [mutes] = line.telegram.messages.flatMap(({ text }) => told(text));
    assert.deepEqual([mutes?.mark, mutes?.title], ["ℹ️", "Muted signals"]);
    assert.equal(mutes?.detail, "Not told: dep:*, container:build-* (WATCHDOG_MUTE).\nBad at present: dep:db.");
    // Restarts do not make it more often, nor less.
    line.kill();
    await line.restart();
    await line.pass(22 * 3600);
    assert.equal(line.telegram.messages.length, 1);
    await line.pass(2 * 3600);
    assert.equal(line.telegram.messages.length, 2);
  });

  it("without mutes nothing is named", async () => {
    const line = pipeline();
    await line.pass(30 * 3600);
    assert.equal(line.telegram.messages.length, 0);
  });

  it("quiet hours silence what is sent in them, and nothing else", async () => {
    // The virtual day begins at 03:04:05 UTC, 06:04:05 in Moscow.
    const line = pipeline({ WATCHDOG_QUIET_HOURS: "23:00-07:00 Europe/Moscow" });
    line.scene.dataPct = 93;
    await line.pass(3 * 3600);
    const sounds = line.telegram.messages.map(
      ({ silent, text }) => `${silent ? "silent" : "aloud"} ${brief(told(text)[0] ?? assert.fail())}`,
    );
    assert.deepEqual(sounds.slice(0, 3), ["silent 🔴 Disk data", "silent 🔁 Disk data", "aloud 🔁 Disk data"]);
  });
});
