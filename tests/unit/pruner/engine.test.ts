import assert from "node:assert/strict";
import test from "node:test";
import { pruneEngine } from "../../../watchdog/pruner/engine.ts";
import type { PrunePlan } from "../../../watchdog/pruner/plan.ts";
import { fakePruneEngine, record } from "../../helpers/fakes/prune-engine.ts";

const never = new AbortController().signal;
const PLAN: PrunePlan = { until: { text: "72h", seconds: 259_200 }, all: false };
const DAY = 86_400;

test("one POST under the version that was agreed on, and what it freed", async (t) => {
  const fake = await fakePruneEngine(t);
  fake.records = [record("old", 5000, 4 * DAY), record("young", 300, DAY)];
  const engine = pruneEngine(fake, 1000, 1000);
  assert.equal(await engine.prune(PLAN, never), 5000);
  assert.deepEqual(fake.requests, [
    "GET /version",
    `POST /v1.47/build/prune?filters=${encodeURIComponent('{"until":["72h"]}')}`,
  ]);
});

test("the engine is asked for its name, its version and where its data is", async (t) => {
  const fake = await fakePruneEngine(t, { newest: "1.41" });
  assert.deepEqual(await pruneEngine(fake, 1000, 1000).info(never), {
    apiVersion: "1.41",
    hostname: "engine-1",
    dataRoot: "/",
  });
});

test("an old engine is pruned, but its cache cannot be listed", async (t) => {
  const fake = await fakePruneEngine(t, { newest: "1.41", oldest: "1.12" });
  fake.records = [record("old", 5000, 4 * DAY)];
  const engine = pruneEngine(fake, 1000, 1000);
  assert.equal(await engine.buildCache(never), undefined);
  assert.equal(await engine.prune(PLAN, never), 5000);
});

test("the cache is listed with its records", async (t) => {
  const fake = await fakePruneEngine(t);
  fake.records = [record("old", 5000, 4 * DAY), record("young", 300, DAY)];
  const cache = await pruneEngine(fake, 1000, 1000).buildCache(never);
  assert.equal(cache?.totalBytes, 5300);
  assert.deepEqual(
    cache?.records?.map(({ id }) => id),
    ["old", "young"],
  );
});

const TROUBLES = [
  [
    "an engine error",
    { status: 500, body: '{"message":"no space\\nleft"}' },
    /engine answered 500 to the prune: no space left/,
  ],
  ["a refusal by a proxy", { status: 403, body: "<html>forbidden</html>" }, /engine answered 403 to the prune/],
  ["an answer that is no JSON", { status: 200, body: "<html>" }, /not an engine's: it is no JSON object/],
  ["a connection that is cut", "cut", /socket hang up/],
  ["an answer that never comes", "hang", /no complete answer within 0\.2 s/],
] as const;

test("an answer without a figure that can be read is a success of unknown size", { timeout: 20_000 }, async (t) => {
  for (const body of ['{"CachesDeleted":null}', '{"SpaceReclaimed":-1}', '{"SpaceReclaimed":"much"}']) {
    const fake = await fakePruneEngine(t);
    fake.trouble = { path: /prune/, is: { status: 200, body } };
    assert.equal(await pruneEngine(fake, 1000, 1000).prune(PLAN, never), undefined, body);
    assert.equal(fake.prunes().length, 1);
  }
});

for (const [name, is, reason] of TROUBLES) {
  test(`${name} is a failure with its reason, and the prune is not asked for again`, async (t) => {
    const fake = await fakePruneEngine(t);
    fake.trouble = { path: /prune/, is };
    await assert.rejects(pruneEngine(fake, 1000, 200).prune(PLAN, never), reason);
    assert.equal(fake.prunes().length, 1);
  });
}

test("stopping cuts a prune that is under way", async (t) => {
  const fake = await fakePruneEngine(t);
  fake.trouble = { path: /prune/, is: "hang" };
  const stop = new AbortController();
  const run = pruneEngine(fake, 1000, 60_000).prune(PLAN, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(run, /stopped/);
});

test("a socket that nobody listens on is a failure", async () => {
  await assert.rejects(pruneEngine({ socketPath: "/nowhere/docker.sock" }, 1000, 1000).prune(PLAN, never), /ENOENT/);
});
