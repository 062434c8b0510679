import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf } from "../helpers/fakes/canaries.ts";
import { healthy, status500 } from "../helpers/fakes/metrics.ts";
import { DATA, makeWorld } from "../helpers/fakes/world.ts";

describe("what an operator relies on", { concurrency: 6 }, () => {
  it("an unresolved alert is repeated after each cooldown, with how long it has lasted", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_COOLDOWN_S: "1" });
    world.host.memory(95);
    const daemon = await world.start();
    const alertedAt: number[] = [];
    for (const count of [1, 2, 3]) {
      await world.telegram.waitForMessages(count);
      const { signals } = await daemon.statusWhere("another alert in the status", (status) => {
        const at = status.signals.find(({ key }) => key === "host_mem")?.lastAlertAt ?? null;
        return at !== null && Date.parse(at) > (alertedAt.at(-1) ?? 0);
      });
      alertedAt.push(Date.parse(signals.find(({ key }) => key === "host_mem")?.lastAlertAt ?? ""));
    }
    const [first = 0, second = 0, third = 0] = alertedAt;
    assert.deepEqual(world.telegram.told().slice(0, 3).map(brief), [
      "🔴 Host memory",
      "🔁 Host memory",
      "🔁 Host memory",
    ]);
    assert.match(world.telegram.told()[1]?.detail ?? "", /^Lasting \d+ seconds?, since \d\d:\d\d:\d\d UTC/);
    assert.ok(
      second - first >= 995 && third - second >= 995,
      `not before the cooldown is over: ${alertedAt.join(", ")}`,
    );
    world.host.memory(10);
    await detailOf(world, "🟢 Host memory");
    assert.equal((await daemon.status()).cooldownS, 1);
    await daemon.stop();
  });

  it("processes have a cooldown of their own", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_PROC_COOLDOWN_S: "0.5" });
    world.host.memory(95);
    world.host.start({ pid: 99, command: "pytest", ageS: 7200 });
    const daemon = await world.start();
    await until(
      "a repetition",
      () => world.telegram.told().filter((one) => brief(one) === "🔁 Blocking process 99").length >= 2,
    );
    assert.equal(world.telegram.told().filter(({ title }) => title === "Host memory").length, 1);
    await daemon.stop();
  });

  it("a pid that is used again is another incident", async (t) => {
    const world = await makeWorld(t);
    world.host.start({ pid: 99, command: "pytest old", ageS: 7200 });
    const daemon = await world.start();
    await detailOf(world, "🔴 Blocking process 99");
    world.host.exit(99);
    world.host.start({ pid: 99, command: "pytest new", ageS: 9000 });
    await until("three notices", () => world.telegram.told().length >= 3);
    assert.deepEqual(world.telegram.told().map(brief), [
      "🔴 Blocking process 99",
      "🟢 Blocking process 99",
      "🔴 Blocking process 99",
    ]);
    assert.match(world.telegram.told()[2]?.detail ?? "", /pytest new/);
    await daemon.stop();
  });

  it("failed jobs are counted from the first sample on, and each rise is told once", async (t) => {
    const world = await makeWorld(t);
    const { counts } = world.metrics.orchestrator;
    const daemon = await world.start();
    await daemon.ticks(2);
    counts.failed += 2;
    assert.match(await detailOf(world, "🔴 Job failed"), /2 new failures\. The failed counter is now 5/);
    await daemon.ticks(3);
    // The orchestrator was restarted: its counter begins anew, which is no failure.
    counts.failed = 0;
    await daemon.ticks(3);
    assert.equal(world.telegram.told().length, 1);
    counts.failed = 1;
    await world.telegram.waitForMessages(2);
    assert.match(world.telegram.told()[1]?.detail ?? "", /1 new failure\. The failed counter is now 1/);
    await daemon.ticks(3);
    assert.deepEqual(
      world.telegram.told().map(brief),
      ["🔴 Job failed", "🔴 Job failed"],
      "an occurrence has no recovery",
    );
    const signal = await daemon.signal("job_failed");
    assert.deepEqual([signal?.active, signal?.alerting], [false, false]);
    await daemon.stop();
  });

  it("failures that happened while /metrics was away are told when it is back", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    world.metrics.behave(status500);
    await daemon.ticks(1);
    world.metrics.orchestrator.counts.failed += 4;
    world.metrics.behave(healthy);
    assert.match(await detailOf(world, "🔴 Job failed"), /4 new failures/);
    await daemon.stop();
  });

  it("an agent that works on, or gets a new pid, is not hung any more", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_AGENT_HUNG_MIN: "0.01" });
    const agent = { run_id: "r-1", job_id: 4, pid: 10, stage: "tests", cpu_ticks: 7 };
    const { orchestrator } = world.metrics;
    orchestrator.agents = [agent];
    const daemon = await world.start();
    await detailOf(world, "🔴 Agent hung: r-1");
    orchestrator.agents = [{ ...agent, cpu_ticks: 8 }];
    await detailOf(world, "🟢 Agent hung: r-1");
    await until("it hangs again", () => world.telegram.told().length >= 3);
    orchestrator.agents = [{ ...agent, cpu_ticks: 8, pid: 11 }];
    await until("the old pid is gone", () => world.telegram.told().length >= 4);
    assert.deepEqual(
      world.telegram
        .told()
        .slice(0, 4)
        .map(({ mark }) => mark)
        .join(""),
      "🔴🟢🔴🟢",
    );
    await daemon.stop();
  });

  it("an agent whose orchestrator's clock stands still is not called hung", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_AGENT_HUNG_MIN: "0.005" });
    world.metrics.orchestrator.agents = [{ run_id: "r-1", pid: 10, cpu_ticks: 7 }];
    world.metrics.orchestrator.generatedAtS = 1_781_234_567.8;
    const daemon = await world.start();
    await daemon.ticks(6);
    assert.deepEqual(world.telegram.told(), []);
    await daemon.stop();
  });

  it("a disk inside the hysteresis band neither recovers nor alerts", async (t) => {
    const world = await makeWorld(t);
    world.host.disk(DATA, { usedPct: 85 });
    const daemon = await world.start();
    await detailOf(world, "🔴 Disk data");
    world.host.disk(DATA, { usedPct: 83 });
    await daemon.ticks(5);
    assert.equal(world.telegram.told().length, 1, "83.0 is not below 85 - 2");
    world.host.disk(DATA, { usedPct: 82.9 });
    await detailOf(world, "🟢 Disk data");
    await daemon.ticks(2);
    world.host.disk(DATA, { usedPct: 84.9 });
    await daemon.ticks(4);
    assert.equal(world.telegram.told().length, 2, "84.9 is below 85");
    await daemon.stop();
  });

  it("one good reading is not yet a recovery", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_CLEAR_TICKS: "1000" });
    world.host.memory(95);
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    world.host.memory(10);
    await daemon.ticks(5);
    const signal = await daemon.signal("host_mem");
    assert.deepEqual([signal?.active, signal?.alerting], [true, true]);
    assert.equal(world.telegram.told().length, 1);
    await daemon.stop();
  });

  it("the disks of the status are those that are measured, as df counts them", async (t) => {
    const world = await makeWorld(t);
    world.host.disk(DATA, { usedPct: 91.26 });
    const daemon = await world.start();
    await detailOf(world, "🔴 Disk data");
    const { disks } = await daemon.statusWhere("the alert", ({ disks: [disk] }) => disk?.["alerting"] === true);
    const [{ lastAlertAt, ...disk } = {}, ...others] = disks;
    assert.deepEqual(others, []);
    assert.deepEqual(disk, {
      label: "data",
      path: DATA,
      usedPct: 91.3,
      freeGb: 81.1,
      freePct: 8.7,
      thresholdPct: 85,
      alerting: true,
      stale: false,
    });
    assert.match(String(lastAlertAt), /^\d{4}-.+Z$/);
    await daemon.stop();
  });
});
