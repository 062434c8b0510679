import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { parsePrunerConfig } from "../../../watchdog/config/pruner.ts";
import type { Log } from "../../../watchdog/log.ts";
import { createRunner, type Runner } from "../../../watchdog/pruner/runner.ts";
import { factsOf } from "../../helpers/fakes/config.ts";
import { type FakePruneEngine, fakePruneEngine, record } from "../../helpers/fakes/prune-engine.ts";
import { fakeSsh } from "../../helpers/fakes/ssh.ts";
import { type VirtualClock, virtualClock } from "../../helpers/fakes/virtual-clock.ts";

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;
const HOUR = 3600;
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, message: () => {} };

interface Rig {
  readonly engine: FakePruneEngine;
  readonly clock: VirtualClock;
  readonly runner: Runner;
  disk: { usedPct: number } | { reason: string };
  /** The ages of the prunes so far. */
  ages(): string[];
  /** One look, `ms` later; the outcome where it pruned. */
  look(ms?: number): ReturnType<Runner["step"]>;
}

async function rig(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
  api: { newest?: string; oldest?: string } = {},
): Promise<Rig> {
  const engine = await fakePruneEngine(t, api);
  const clock = virtualClock();
  // The engine's records are dated by the real clock.
  clock.stepWall(Date.now() - clock.wallMs());
  const parsed = parsePrunerConfig(
    { WATCHDOG_DOCKER_SOCK: engine.socketPath, WATCHDOG_PRUNE_TIMEOUT_S: "2", ...env },
    factsOf(),
  );
  assert.deepEqual(parsed.problems, []);
  const self: Rig = {
    engine,
    clock,
    disk: { usedPct: 50 },
    runner: createRunner({
      parsed,
      inContainer: false,
      path: env["PATH"],
      clock,
      log: quiet,
      measureDisk: () => Promise.resolve(self.disk),
    }),
    ages: () => engine.prunes().map((line) => /(\d+h)/.exec(decodeURIComponent(line))?.[1] ?? "any"),
    look: async (ms = 0) => {
      await clock.advance(ms);
      return self.runner.step(never);
    },
  };
  return self;
}

test("it prunes at the first look and then once an interval", async (t) => {
  const { look, ages, runner } = await rig(t, { WATCHDOG_PRUNE_INTERVAL_S: "7200" });
  assert.ok(await look());
  assert.equal(await look(HOUR_MS), undefined);
  assert.equal(await look(HOUR_MS - 1), undefined);
  assert.ok(await look(1));
  assert.deepEqual(ages(), ["72h", "72h"]);
  assert.ok(runner.waitMs() <= 60_000);
});

test("freed bytes, cache before and after, disk before and after are what the engine and the disk say", async (t) => {
  const rigged = await rig(t);
  rigged.engine.records = [
    record("old", 9_000_000, 80 * HOUR),
    record("young", 1_000_000, HOUR),
    record("used", 500, 80 * HOUR, { InUse: true }),
  ];
  const { outcome } = (await rigged.look()) ?? assert.fail();
  assert.deepEqual(
    { ...outcome, plan: outcome.plan.until?.text },
    {
      plan: "72h",
      freedBytes: 9_000_000,
      clearableBytes: 9_000_000,
      cacheBeforeBytes: 10_000_500,
      cacheAfterBytes: 1_000_500,
      leftBytes: 0,
      diskBeforePct: 50,
      diskAfterPct: 50,
    },
  );
  const { lastReclaimedBytes, lastError, cacheBytes, lastRunAt } = rigged.runner.view();
  assert.deepEqual(
    { lastReclaimedBytes, lastError, cacheBytes },
    { lastReclaimedBytes: 9_000_000, lastError: null, cacheBytes: 1_000_500 },
  );
  assert.equal(lastRunAt?.monoMs, rigged.clock.monoMs());
});

test("exactly one POST and the questions it needs reach the engine", async (t) => {
  const { look, engine } = await rig(t);
  await look();
  assert.deepEqual(
    engine.requests.map((line) => line.replace(/\?filters.*/, "")),
    [
      "GET /version",
      "GET /v1.47/info",
      "GET /v1.47/system/df?type=build-cache",
      "POST /v1.47/build/prune",
      "GET /v1.47/system/df?type=build-cache",
    ],
  );
});

test("an engine that cannot list its cache alone is pruned without figures of it", async (t) => {
  const rigged = await rig(t, {}, { newest: "1.41", oldest: "1.12" });
  rigged.engine.records = [record("old", 77, 80 * HOUR)];
  const { outcome } = (await rigged.look()) ?? assert.fail();
  assert.equal(outcome.freedBytes, 77);
  assert.equal(outcome.cacheBeforeBytes, undefined);
  assert.equal(rigged.runner.view().cacheBytes, null);
});

test("a listing that fails is no reason not to prune", async (t) => {
  const rigged = await rig(t);
  rigged.engine.trouble = { path: /system/, is: { status: 500, body: "{}" } };
  rigged.engine.records = [record("old", 77, 80 * HOUR)];
  assert.equal((await rigged.look())?.outcome.freedBytes, 77);
});

test("a disk that cannot be measured is no reason not to prune", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_DISK_PCT: "80" });
  rigged.disk = { reason: "hangs" };
  const { outcome } = (await rigged.look()) ?? assert.fail();
  assert.equal(outcome.freedBytes, 0);
  assert.equal(outcome.diskBeforePct, undefined);
});

test("under pressure it prunes hourly with the age halved down to the floor, and says from how full on", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_DISK_PCT: "80" });
  await rigged.look();
  rigged.disk = { usedPct: 80 };
  assert.equal(await rigged.look(HOUR_MS - 1), undefined, "not within the hour");
  assert.equal((await rigged.look(1))?.earlyAtPct, 80);
  for (let minute = 1; minute < 60; minute += 1) assert.equal(await rigged.look(60_000), undefined);
  for (let hour = 0; hour < 4; hour += 1) await rigged.look(HOUR_MS);
  assert.deepEqual(rigged.ages(), ["72h", "36h", "18h", "9h", "6h", "6h"]);
});

test("once the disk is below, the next prune waits for its time and takes the whole age again", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_DISK_PCT: "80", WATCHDOG_PRUNE_INTERVAL_S: "36000" });
  rigged.disk = { usedPct: 95 };
  await rigged.look();
  await rigged.look(HOUR_MS);
  rigged.disk = { usedPct: 79.9 };
  assert.equal(await rigged.look(HOUR_MS), undefined);
  assert.ok(await rigged.look(9 * HOUR_MS));
  rigged.disk = { usedPct: 95 };
  await rigged.look(HOUR_MS);
  assert.deepEqual(rigged.ages(), ["36h", "18h", "72h", "36h"]);
});

test("while the disk cannot be measured nothing is hurried, and the halving is not forgotten", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_DISK_PCT: "80" });
  rigged.disk = { usedPct: 95 };
  await rigged.look();
  rigged.disk = { reason: "hangs" };
  assert.equal(await rigged.look(2 * HOUR_MS), undefined);
  rigged.disk = { usedPct: 95 };
  await rigged.look();
  assert.deepEqual(rigged.ages(), ["36h", "18h"]);
});

test("switched off, a full disk hurries nothing", async (t) => {
  const rigged = await rig(t);
  rigged.disk = { usedPct: 100 };
  await rigged.look();
  assert.equal(await rigged.look(2 * HOUR_MS), undefined);
  assert.deepEqual(rigged.ages(), ["72h"]);
});

test("a failure is kept as the last error, counts as an attempt, and is survived", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_INTERVAL_S: "3600" });
  rigged.engine.records = [record("old", 77, 80 * HOUR)];
  rigged.engine.trouble = { path: /prune/, is: { status: 500, body: '{"message":"broken"}' } };
  assert.match((await rigged.look())?.outcome.error ?? "", /engine answered 500 to the prune: broken/);
  assert.match(rigged.runner.view().lastError ?? "", /broken/);
  assert.equal(await rigged.look(HOUR_MS - 1), undefined, "not tried again at once");
  rigged.engine.trouble = undefined;
  assert.equal((await rigged.look(1))?.outcome.freedBytes, 77);
  assert.deepEqual([rigged.runner.view().lastError, rigged.runner.view().lastReclaimedBytes], [null, 77]);
});

test("what was freed before stays known while later runs fail", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_INTERVAL_S: "3600" });
  rigged.engine.records = [record("old", 77, 80 * HOUR)];
  await rigged.look();
  rigged.engine.trouble = { path: /prune/, is: "cut" };
  await rigged.look(HOUR_MS);
  const { lastReclaimedBytes, lastError } = rigged.runner.view();
  assert.equal(lastReclaimedBytes, 77);
  assert.match(lastError ?? "", /hang up/);
});

test("an engine that never answers is left at the deadline", async (t) => {
  const rigged = await rig(t, { WATCHDOG_PRUNE_TIMEOUT_S: "0.2" });
  rigged.engine.trouble = { path: /./, is: "hang" };
  assert.match((await rigged.look())?.outcome.error ?? "", /no complete answer within 0\.2 s/);
});

test("without any target it is a no-op that is said, and no worse", async (t) => {
  const rigged = await rig(t, { WATCHDOG_DOCKER_SOCK: "/nowhere/docker.sock" });
  assert.match((await rigged.look())?.outcome.error ?? "", /no Docker socket at \/nowhere/);
  assert.deepEqual(rigged.engine.requests, []);
});

test("with a host named it goes over ssh, and the socket that is there as well is not touched", async (t) => {
  const ssh = fakeSsh(t);
  const env = {
    WATCHDOG_PRUNE_SSH_HOST: "box",
    WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: ssh.knownHosts,
    WATCHDOG_PRUNE_ALL: "true",
    PATH: `${ssh.dir}:/usr/bin:/bin`,
  };
  const rigged = await rig(t, env);
  const { outcome } = (await rigged.look()) ?? assert.fail();
  assert.equal(outcome.freedBytes, 9_800_000_000);
  assert.deepEqual(
    [outcome.diskBeforePct, outcome.diskAfterPct],
    [undefined, undefined],
    "the disk of this machine is not the host's",
  );
  assert.equal(ssh.calls()[0]?.at(-1), "docker builder prune -f -a --filter until=72h");
  assert.deepEqual(rigged.engine.requests, []);
});

test("a host without known_hosts is a no-op that is said, and the socket is no way out", async (t) => {
  const ssh = fakeSsh(t);
  const rigged = await rig(t, { WATCHDOG_PRUNE_SSH_HOST: "box", PATH: ssh.dir });
  assert.match((await rigged.look())?.outcome.error ?? "", /KNOWN_HOSTS is not set/);
  assert.deepEqual([ssh.calls(), rigged.engine.requests], [[], []]);
});
