import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { BUNDLE } from "../helpers/drivers/daemon.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf, failsWith, othersKeepWorking } from "../helpers/fakes/canaries.ts";
import {
  cutMidAnswer,
  type DockerFault,
  forbidden,
  hanging,
  huge,
  notJson,
  serverError,
  wrongJson,
} from "../helpers/fakes/docker.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const FAULTS: readonly { readonly name: string; readonly fault: DockerFault; readonly says: RegExp }[] = [
  { name: "forbids it (403)", fault: forbidden, says: /403: authorization denied by plugin/ },
  { name: "hangs", fault: hanging, says: /within/ },
  { name: "cuts its answer in the middle", fault: cutMidAnswer, says: /connection|aborted|hang up/ },
  { name: "answers 500", fault: serverError, says: /500: something went wrong in the engine/ },
  { name: "answers what is not JSON", fault: notJson, says: /not JSON/ },
  { name: "answers JSON that is no list", fault: wrongJson, says: /not a list/ },
  { name: "never stops answering", fault: huge, says: /larger than \d+ bytes|within/ },
];

describe("the engine answers badly", { concurrency: 6 }, () => {
  for (const { name, fault, says } of FAULTS) {
    it(`${name}: the watchdog says it is blind, and watches everything else on`, async (t) => {
      const world = await makeWorld(t, fault === hanging ? { WATCHDOG_HTTP_TIMEOUT_S: "0.5" } : {});
      world.docker.set("api", { state: "exited", exitCode: 1 });
      const daemon = await world.start();
      await detailOf(world, "🔴 Container api");
      world.docker.fail(fault, /containers/);
      await failsWith(daemon, "docker", says);
      await othersKeepWorking(world, daemon, ["docker"]);
      assert.match(await detailOf(world, "🔴 Source unavailable: docker"), says);
      const api = (await daemon.status()).signals.find(({ key }) => key === "container:api");
      assert.deepEqual([api?.active, api?.alerting, api?.frozen], [true, true, true], "blind is not healthy");
      world.docker.set("api", { state: "running" });
      world.docker.fail(undefined);
      await detailOf(world, "🟢 Source unavailable: docker");
      await detailOf(world, "🟢 Container api");
      await daemon.stop();
    });
  }

  it("by not being there when the daemon starts: it is blind, not gone", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_CONTAINERS: "web" });
    await world.docker.vanish();
    const daemon = await world.start();
    await othersKeepWorking(world, daemon, ["docker"]);
    assert.match(await detailOf(world, "🔴 Source unavailable: docker"), /ENOENT/);
    assert.ok(
      !world.telegram.told().some((one) => brief(one) === "🔴 Container web"),
      "nobody knows whether web is down",
    );
    await world.docker.appear();
    await detailOf(world, "🟢 Source unavailable: docker");
    await daemon.stop();
  });

  it("by a socket that may not be opened (EACCES)", async (t) => {
    const uid = unprivileged(t);
    if (uid === undefined) return;
    const world = await makeWorld(t);
    for (const path of [world.dir, world.host.procRoot]) chmodSync(path, 0o755);
    chmodSync(world.docker.socketPath, 0o600);
    const daemon = await world.start({}, { uid });
    await othersKeepWorking(world, daemon, ["docker"]);
    assert.match(await detailOf(world, "🔴 Source unavailable: docker"), /EACCES/);
    await daemon.stop();
  });

  it("to the inspect of one container only: that one is frozen, the others are judged", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    world.docker.fail(serverError, /[0-9a-f]{64}/);
    world.docker.set("api", { state: "exited", exitCode: 3 });
    assert.match(await detailOf(world, "🔴 Source unavailable: docker"), /api: .*500/);
    const { signals } = await daemon.status();
    assert.deepEqual(
      signals.filter(({ key }) => key.startsWith("container:")).map(({ key, active }) => [key, active]),
      [
        ["container:web", false],
        ["container:api", false],
      ],
    );
    world.docker.fail(undefined);
    assert.match(await detailOf(world, "🔴 Container api"), /Exit code: 3/);
    await daemon.stop();
  });

  for (const [newest, oldest] of [
    ["1.41", "1.12"],
    ["1.43", "1.24"],
    ["1.52", "1.44"],
    ["1.60", "1.53"],
  ] as const) {
    it(`speaks API ${newest}, at least ${oldest}: that is what it is asked in`, async (t) => {
      const world = await makeWorld(t);
      world.docker.offer(newest, oldest);
      world.docker.set("api", { health: "unhealthy", healthOutput: "no route" });
      const daemon = await world.start();
      assert.match(await detailOf(world, "🔴 Container api"), /Health check: no route/);
      const minors = new Set(world.docker.requests.flatMap(({ path }) => /^\/v1\.(\d+)\//.exec(path)?.slice(1) ?? []));
      const [only] = minors;
      assert.equal(minors.size, 1);
      assert.ok(
        Number(only) <= Number(newest.slice(2)) && Number(only) >= Number(oldest.slice(2)) && Number(only) >= 41,
        `asked in 1.${only}`,
      );
      await daemon.stop();
    });
  }

  it("because it was replaced by one that speaks another API: the version is negotiated anew", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    world.docker.offer("1.43", "1.24");
    await daemon.ticks(4);
    world.docker.set("web", { state: "exited", exitCode: 1 });
    await detailOf(world, "🔴 Container web");
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Container web"]);
    await daemon.stop();
  });

  it("because its API is too old: the reason says so", async (t) => {
    const world = await makeWorld(t);
    world.docker.offer("1.40", "1.12");
    const daemon = await world.start();
    assert.match(await detailOf(world, "🔴 Source unavailable: docker"), /1\.40 is too old/);
    await until("nothing but /version was asked", () => world.docker.requests.every(({ path }) => path === "/version"));
    await daemon.stop();
  });
});

/** Somebody who is not root and may run the bundle; a test that runs as such a user already needs no other. */
function unprivileged(t: TestContext): number | undefined {
  const own = process.getuid?.() ?? 0;
  if (own !== 0) return own;
  const nobody = 65_534;
  const tried = spawnSync(process.execPath, [BUNDLE, "--version"], { uid: nobody, gid: nobody, env: {} });
  if (tried.status === 0) return nobody;
  t.skip("nobody may not run node or the bundle where they lie");
  return undefined;
}
