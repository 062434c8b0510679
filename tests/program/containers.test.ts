import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf } from "../helpers/fakes/canaries.ts";
import type { FakeContainer } from "../helpers/fakes/docker.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const BAD: readonly { readonly name: string; readonly becomes: Partial<FakeContainer>; readonly says: RegExp }[] = [
  { name: "exits with 137", becomes: { state: "exited", exitCode: 137 }, says: /stopped.+137 \(SIGKILL/s },
  { name: "is killed for want of memory", becomes: { state: "exited", exitCode: 137, oomKilled: true }, says: /OOM/ },
  {
    name: "exits with 0 though it is to run on",
    becomes: { state: "exited", exitCode: 0, policy: "always" },
    says: /Exit code: 0/,
  },
  {
    name: "is unhealthy",
    becomes: { health: "unhealthy", healthOutput: "curl: (7) no <html> & password=hunter2000" },
    says: /Health check: curl: \(7\) no <html> & password=\*\*\*/,
  },
  { name: "is paused", becomes: { state: "paused" }, says: /paused/ },
  { name: "is restarting", becomes: { state: "restarting", exitCode: 1 }, says: /restarting/ },
  { name: "is dead", becomes: { state: "dead" }, says: /dead/ },
  {
    name: "was created and never started",
    becomes: { state: "created", error: "port is already allocated" },
    says: /never started.+port is already allocated/s,
  },
];

const QUIET: readonly { readonly name: string; readonly becomes: Partial<FakeContainer> }[] = [
  { name: "is on its way", becomes: { health: "starting" } },
  { name: "is being removed", becomes: { state: "removing" } },
  {
    name: "finished its work under restart policy on-failure",
    becomes: { state: "exited", exitCode: 0, policy: "on-failure" },
  },
  { name: "has no restart policy", becomes: { state: "exited", exitCode: 1, policy: "no" } },
  {
    name: "is excluded by its label",
    becomes: { state: "exited", exitCode: 1, labels: { "watchdog.watch": "false" } },
  },
];

describe("a container", { concurrency: 6 }, () => {
  for (const { name, becomes, says } of BAD) {
    it(`that ${name} alerts and recovers`, async (t) => {
      const world = await makeWorld(t);
      world.docker.set("app", {});
      const daemon = await world.start();
      world.docker.set("app", becomes);
      assert.match(await detailOf(world, "🔴 Container app"), says);
      world.docker.remove("app");
      world.docker.set("app", { generation: 1 });
      await detailOf(world, "🟢 Container app");
      await daemon.ticks(3);
      assert.deepEqual(world.telegram.told().map(brief), ["🔴 Container app", "🟢 Container app"]);
      await daemon.stop();
    });
  }

  for (const { name, becomes } of QUIET) {
    it(`that ${name} says nothing`, async (t) => {
      const world = await makeWorld(t);
      world.docker.set("app", becomes);
      const daemon = await world.start();
      await daemon.ticks(4);
      assert.deepEqual(world.telegram.told(), []);
      await daemon.stop();
    });
  }

  it("without a restart policy is watched for its label", async (t) => {
    const world = await makeWorld(t);
    world.docker.set("job", { state: "exited", exitCode: 1, policy: "no", labels: { "watchdog.watch": "true" } });
    const daemon = await world.start();
    await detailOf(world, "🔴 Container job");
    await daemon.stop();
  });

  it("that restarts three times is in a loop, even if it runs at the tick", async (t) => {
    const world = await makeWorld(t);
    world.docker.set("app", { restartCount: 5 });
    const daemon = await world.start();
    for (const restartCount of [6, 7]) {
      world.docker.set("app", { restartCount, uptimeS: 1, exitCode: 2 });
      await daemon.ticks(2);
    }
    assert.deepEqual(world.telegram.told(), [], "two restarts are not a loop");
    world.docker.set("app", { restartCount: 8, uptimeS: 0 });
    assert.match(await detailOf(world, "🔴 Container app"), /restart loop: .*3 times.+Exit code: 2/s);
    await daemon.stop();
  });

  it("that * found recovers when it is removed while alerting", async (t) => {
    const world = await makeWorld(t);
    world.docker.set("app", { state: "exited", exitCode: 1 });
    const daemon = await world.start();
    await detailOf(world, "🔴 Container app");
    world.docker.remove("app");
    assert.match(await detailOf(world, "🟢 Container app"), /recovered.+was removed/s);
    await daemon.statusWhere(
      "nothing of it in the status",
      ({ signals }) => !signals.some(({ key }) => key === "container:app"),
    );
    await daemon.stop();
  });

  it("that * found and that is removed while it is well says nothing", async (t) => {
    const world = await makeWorld(t);
    world.docker.set("app", {});
    const daemon = await world.start();
    world.docker.remove("app");
    await daemon.ticks(4);
    assert.deepEqual(world.telegram.told(), []);
    await daemon.stop();
  });

  it("that is named and missing alerts until it is there; others are not looked at", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_CONTAINERS: "app,web" });
    world.docker.set("other", { state: "exited", exitCode: 1 });
    const daemon = await world.start();
    assert.match(await detailOf(world, "🔴 Container app"), /no such container/);
    world.docker.set("app", {});
    await detailOf(world, "🟢 Container app");
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Container app", "🟢 Container app"]);
    await daemon.stop();
  });

  it("that is named is bad when it has ended, even with code 0 and policy no", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_CONTAINERS: "app" });
    world.docker.set("app", { state: "exited", exitCode: 0, policy: "no" });
    const daemon = await world.start();
    await detailOf(world, "🔴 Container app");
    await daemon.stop();
  });

  it("in good health costs one list a tick and one inspect in all", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    const { ticks } = await daemon.ticks(8);
    const inspects = world.docker.requests.filter(({ path }) => /[0-9a-f]{64}/.test(path)).length;
    const lists = world.docker.requests.filter(({ path }) => path.includes("all=1")).length;
    assert.equal(inspects, 1);
    assert.ok(lists <= ticks + 1, `${lists} lists in ${ticks} ticks`);
    await daemon.stop();
  });

  it("gives its engine's name to the messages when no label is configured", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HOST_LABEL: "" });
    world.docker.set("app", { state: "dead" });
    const daemon = await world.start();
    const [alert] = await until("the alert", () => world.telegram.told().length > 0 && world.telegram.told());
    assert.equal(alert?.host, "engine-1");
    assert.equal((await daemon.status()).host, "engine-1");
    await daemon.stop();
  });
});
