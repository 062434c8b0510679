import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freePort } from "../helpers/drivers/net.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf, failsWith, othersKeepWorking } from "../helpers/fakes/canaries.ts";
import { fakeDependency } from "../helpers/fakes/deps.ts";
import { DATA, makeWorld } from "../helpers/fakes/world.ts";

/** A dependency that fails in one way, and how it is taken away again. */
type Fault = () => Promise<{ readonly url: string; close(): Promise<void> }>;

const nothingToClose = { close: () => Promise.resolve() };

const FAULTS: readonly { readonly name: string; readonly fault: Fault; readonly says: RegExp }[] = [
  {
    name: "refuses",
    says: /connection refused/,
    fault: async () => ({ url: `http://127.0.0.1:${await freePort()}/health`, ...nothingToClose }),
  },
  {
    name: "refuses tcp",
    says: /connection refused/,
    fault: async () => ({ url: `tcp://127.0.0.1:${await freePort()}`, ...nothingToClose }),
  },
  {
    name: "hangs",
    says: /timeout \(no answer within 0\.5 s\)/,
    fault: async () => Object.assign(await fakeDependency(), { hangs: true }),
  },
  // A resolver that is away itself answers nothing at all.
  {
    name: "does not resolve",
    says: /name not found|timeout/,
    fault: () => Promise.resolve({ url: "http://nobody.invalid/health", ...nothingToClose }),
  },
  {
    name: "has a certificate that nobody trusts",
    says: /TLS or certificate error \(self-signed certificate\)/,
    fault: () => fakeDependency("https"),
  },
  {
    name: "answers 500",
    says: /HTTP status 500 instead of 2xx\/3xx/,
    fault: async () => Object.assign(await fakeDependency(), { status: 500 }),
  },
  {
    name: "speaks no TLS",
    says: /TLS or certificate error/,
    fault: async () => {
      const plain = await fakeDependency("http");
      return { url: plain.url.replace("http:", "https:"), close: plain.close };
    },
  },
  {
    name: "hangs up",
    says: /connection broken off/,
    fault: async () => Object.assign(await fakeDependency("http"), { hangsUp: true }),
  },
];

describe("a dependency fails", { concurrency: 6 }, () => {
  for (const { name, fault, says } of FAULTS) {
    it(`it ${name}: its alert says how, everything else is watched on`, async (t) => {
      const bad = await fault();
      t.after(() => bad.close());
      const world = await makeWorld(t, says.source.includes("timeout") ? { WATCHDOG_HTTP_TIMEOUT_S: "0.5" } : {});
      const daemon = await world.start({ WATCHDOG_DEPS: `bad=${bad.url},db=${world.db.url}` });
      const detail = await detailOf(world, "🔴 Dependency bad");
      assert.match(detail, says);
      assert.match(detail, /What to do/);
      assert.ok(!world.telegram.told().some((one) => brief(one) === "🔴 Dependency db"), "its neighbour is up");
      await othersKeepWorking(world, daemon, []);
      await daemon.stop();
    });
  }

  it("a tcp dependency is up as long as it can be connected to", async (t) => {
    const tcp = await fakeDependency("tcp");
    t.after(() => tcp.close());
    const world = await makeWorld(t);
    const daemon = await world.start({ WATCHDOG_DEPS: `cache=${tcp.url}` });
    await daemon.ticks(3);
    assert.deepEqual(world.telegram.told(), []);
    await tcp.refuse();
    await detailOf(world, "🔴 Dependency cache");
    await tcp.accept();
    await detailOf(world, "🟢 Dependency cache");
    await daemon.stop();
  });
});

describe("the host cannot be read", { concurrency: 6 }, () => {
  it("a disk path is missing: it is named, the other disks and everything else are watched on", async (t) => {
    const world = await makeWorld(t);
    const missing = `${world.dir}/no-such-mount`;
    const daemon = await world.start({ WATCHDOG_DISK_PATHS: `data=${DATA},backup=${missing}` });
    const detail = await detailOf(world, "🔴 Source unavailable: disk");
    assert.match(detail, new RegExp(`${missing}: ENOENT`));
    await othersKeepWorking(world, daemon, ["disk"]);
    // The source counts as failed, since a part of it is; the disk that can be read alerts all the same.
    world.host.disk(DATA, { usedPct: 93 });
    await detailOf(world, "🔴 Disk data");
    await daemon.stop();
  });

  it("a disk hangs: the tick ends in time, the other disks and everything else are watched on", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "0.5" });
    const daemon = await world.start({ WATCHDOG_DISK_PATHS: `nfs=/made-up/nfs,data=${DATA}` });
    await daemon.ticks(1);
    world.host.disk("/made-up/nfs", { hangs: true });
    await failsWith(daemon, "disk", /\/made-up\/nfs: (does not answer|an earlier measurement still hangs)/);
    await detailOf(world, "🔴 Source unavailable: disk");
    world.host.disk(DATA, { usedPct: 93 });
    await detailOf(world, "🔴 Disk data");
    await daemon.stop();
  });

  it("the proc root is missing: memory and process scan are blind and frozen, everything else is watched on", async (t) => {
    const world = await makeWorld(t);
    world.host.memory(95);
    world.host.start({ pid: 77, command: "pytest", ageS: 7200 });
    const daemon = await world.start();
    await detailOf(world, "🔴 Host memory");
    await detailOf(world, "🔴 Blocking process 77");
    world.host.hideProc();
    await othersKeepWorking(world, daemon, ["mem", "proc"]);
    await detailOf(world, "🔴 Source unavailable: mem");
    await detailOf(world, "🔴 Source unavailable: proc");
    const { signals } = await daemon.status();
    for (const key of ["host_mem", "proc_blocking:77"]) {
      const frozen = signals.find((signal) => signal.key === key);
      assert.deepEqual([frozen?.active, frozen?.alerting, frozen?.frozen], [true, true, true], key);
    }
    world.host.showProc();
    await until("both sources again", () => world.telegram.told().filter(({ mark }) => mark === "🟢").length >= 2);
    assert.ok(
      !world.telegram.told().some((one) => /🟢 (Host memory|Blocking)/.test(brief(one))),
      "what was bad before is still bad",
    );
    await daemon.stop();
  });

  it("hostile processes are in the tree: the scan survives and finds what it looks for", async (t) => {
    const world = await makeWorld(t);
    const { host } = world;
    host.start({ pid: 10, command: "pytest", ageS: 7200, comm: "evil) R 1 (x" });
    host.start({ pid: 11, command: `pytest ${"x".repeat(100_000)}`, ageS: 7200 });
    host.start({ pid: 12, command: "\u{202e}pytest\n🔴 fake · alert", ageS: 7200 });
    host.start({ pid: 13, command: "", ageS: 7200 });
    host.start({ pid: 14, command: "vim pytest.ini", ageS: 30 });
    const daemon = await world.start();
    await until("three alerts", () => world.telegram.told().length >= 3);
    assert.deepEqual(world.telegram.told().map(brief).sort(), [
      "🔴 Blocking process 10",
      "🔴 Blocking process 11",
      "🔴 Blocking process 12",
    ]);
    await daemon.stop();
  });
});
