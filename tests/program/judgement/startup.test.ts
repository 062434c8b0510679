import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { brief } from "../../helpers/drivers/told.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { DATA, makeWorld, type World } from "../../helpers/fakes/world.ts";

const briefs = ({ telegram }: World): string[] => telegram.told().map(brief);

function bootOf({ host }: World, id: string, agoS: number): void {
  mkdirSync(join(host.procRoot, "sys/kernel/random"), { recursive: true });
  host.writeProc("sys/kernel/random/boot_id", `${id}${"-0000-4000-8000-000000000000"}\n`);
  host.writeProc("stat", `cpu  1 2 3 4\nbtime ${Math.floor(Date.now() / 1000) - agoS}\nprocesses 7\n`);
}

describe("within WATCHDOG_STARTUP_GRACE_S", { concurrency: 4 }, () => {
  it("what never came up is awaited, and then told in one message; a full disk is told at once", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "3" });
    const { docker, db, host, telegram } = world;
    docker.set("api", { state: "restarting", exitCode: 1 });
    docker.set("worker", { state: "exited", exitCode: 1 });
    docker.set("late", { state: "exited", exitCode: 0 });
    db.status = 503;
    host.disk(DATA, { usedPct: 97 });
    const startedAt = performance.now();
    const daemon = await world.start();
    await telegram.waitForMessages(1);
    assert.deepEqual(briefs(world), ["🔴 Disk data"]);
    await daemon.ticks(4);
    docker.set("late", { state: "running" });
    await telegram.waitForMessages(2);
    const [disk, rest] = telegram.messages;
    assert.ok((rest?.atMs ?? 0) - startedAt > 2900, "not before the grace was over");
    assert.ok((rest?.atMs ?? 0) - (disk?.atMs ?? 0) > 1000, "the disk long before");
    await daemon.ticks(4);
    assert.deepEqual(briefs(world).slice(1).sort(), ["🔴 Container api", "🔴 Container worker", "🔴 Dependency db"]);
    assert.equal(telegram.messages.length, 2, "in one message");
  });

  it("what was up already and fails is told at once", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "60" });
    const daemon = await world.start();
    await daemon.ticks(2);
    world.docker.set("web", { state: "exited", exitCode: 1 });
    world.db.status = 503;
    await world.telegram.waitForMessages(1);
    await daemon.ticks(3);
    assert.deepEqual(briefs(world).sort(), ["🔴 Container web", "🔴 Dependency db"]);
  });

  it("0 awaits nothing", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "0" });
    world.docker.set("web", { state: "exited", exitCode: 1 });
    await world.start();
    await world.telegram.waitForMessages(1);
    assert.deepEqual(briefs(world), ["🔴 Container web"]);
  });
});

describe("after a boot of the host", { concurrency: 4 }, () => {
  /** A first run in the boot before, with everything well; ten containers and dependencies to come back. */
  async function beforeBoot(world: World): Promise<void> {
    for (let index = 1; index <= 8; index += 1) world.docker.set(`c${index}`, {});
    bootOf(world, "11111111", 100_000);
    const daemon = await world.start();
    await daemon.ticks(2);
    await daemon.kill();
    assert.deepEqual(briefs(world), []);
  }

  it("one message says when it was, how many came back and what is missing", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "6" });
    Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
    await beforeBoot(world);
    bootOf(world, "22222222", 74);
    for (let index = 1; index <= 8; index += 1) world.docker.set(`c${index}`, { state: "exited", exitCode: 255 });
    world.docker.set("c3", { state: "exited", exitCode: 255 });
    const daemon = await world.start();
    await daemon.ticks(2);
    assert.deepEqual(briefs(world), [], "they are awaited");
    for (const index of [1, 2, 4, 5, 6, 7, 8]) world.docker.set(`c${index}`, { state: "running" });
    await world.telegram.waitForMessages(1);
    await daemon.ticks(3);
    assert.equal(world.telegram.messages.length, 1);
    assert.deepEqual(briefs(world).sort(), ["ℹ️ Host rebooted", "🔴 Container c3"].sort());
    const boot = world.telegram.told().find(({ mark }) => mark === "ℹ️");
    assert.match(
      boot?.detail ?? "",
      /^The host rebooted at \d\d:\d\d:\d\d UTC; 9 of 10 back after 1 minute \d+ seconds?; missing: Container c3\.$/,
    );
  });

  it("it is told as soon as everything is back, long before the grace is over", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "60" });
    Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
    await beforeBoot(world);
    bootOf(world, "22222222", 30);
    const daemon = await world.start();
    await world.telegram.waitForMessages(1);
    await daemon.ticks(3);
    assert.deepEqual(briefs(world), ["ℹ️ Host rebooted"]);
    assert.match(world.telegram.told()[0]?.detail ?? "", /; 10 of 10 back after \d+ seconds\.$/);
  });

  it("a disk that is full after it is told at once", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "60" });
    Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
    await beforeBoot(world);
    bootOf(world, "22222222", 30);
    world.docker.set("c1", { state: "exited", exitCode: 255 });
    world.host.disk(DATA, { usedPct: 97 });
    const daemon = await world.start();
    await world.telegram.waitForMessages(1);
    await daemon.ticks(3);
    assert.deepEqual(briefs(world), ["🔴 Disk data"]);
  });

  it("what was alerting before it and came back with it is told as recovered", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_STARTUP_GRACE_S: "60" });
    Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
    bootOf(world, "11111111", 100_000);
    const first = await world.start();
    await first.ticks(2);
    world.docker.set("web", { state: "exited", exitCode: 1 });
    await world.telegram.waitForMessages(1);
    await first.statusWhere("told", ({ signals }) => signals.some(({ alerting }) => alerting));
    // What was told is written a moment later, beside the loop.
    await until("kept", () => /"alerting":true/.test(readFileSync(join(world.dir, "state.json"), "utf8")));
    await first.kill();
    bootOf(world, "22222222", 30);
    world.docker.set("web", { state: "running" });
    const daemon = await world.start();
    await daemon.statusWhere(
      "nothing alerting",
      ({ signals, delivery }) => delivery.pending === 0 && signals.every(({ alerting }) => !alerting),
    );
    assert.deepEqual(briefs(world).sort(), ["🔴 Container web", "🟢 Container web", "ℹ️ Host rebooted"].sort());
  });

  it("the same boot, or one long ago, is no news", async (t) => {
    const world = await makeWorld(t);
    Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
    await beforeBoot(world);
    const same = await world.start();
    await same.ticks(3);
    await same.kill();
    bootOf(world, "33333333", 100_000);
    const longAgo = await world.start();
    await longAgo.ticks(3);
    assert.deepEqual(briefs(world), []);
  });
});

it("a reboot is told also where neither containers nor dependencies are watched", async (t) => {
  const world = await makeWorld(t, { WATCHDOG_DOCKER_SOCK: "", WATCHDOG_DEPS: "" });
  Object.assign(world.env, { WATCHDOG_STATE_FILE: join(world.dir, "state.json") });
  bootOf(world, "11111111", 100_000);
  const first = await world.start();
  await first.kill();
  bootOf(world, "22222222", 30);
  await world.start();
  await world.telegram.waitForMessages(1);
  assert.match(world.telegram.told()[0]?.detail ?? "", /^The host rebooted at \d\d:\d\d:\d\d UTC\.$/);
});
