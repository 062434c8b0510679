import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { reasonOf } from "../../watchdog/safe.ts";
import { HANGS_CODE, type Outcome, runOne, type Share, threadPool, threadsOf } from "../../watchdog/thread-pool.ts";
import { settled } from "../helpers/fakes/virtual-clock.ts";

const never = new AbortController().signal;
const LIMIT = { timeout: 10_000 };

/** Jobs that end when they are told to. Time stands still until it is moved by hand. */
function rig(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const job = (key: string): Promise<string> => {
    started.push(key);
    return new Promise((resolve) => ends.set(key, () => resolve(key.toUpperCase())));
  };
  return {
    started,
    job,
    round: (share: Share, keys: readonly string[], signal = never) => share.runAll(keys, job, 1000, signal),
    pass: async (ms: number) => {
      await settled();
      t.mock.timers.tick(ms);
      await settled();
    },
    end: async (...keys: string[]) => {
      for (const key of keys) ends.get(key)?.();
      await settled();
    },
  };
}

const told = (outcomes: ReadonlyMap<string, Outcome<string>>): Record<string, string> =>
  Object.fromEntries(
    [...outcomes].map(([key, outcome]) => [
      key,
      "value" in outcome ? outcome.value : `${outcome.failure}: ${reasonOf(outcome.error)}`,
    ]),
  );

test("a round brings each job's value or its error, and no more than its share runs at once", LIMIT, async (t) => {
  const { started, round, end } = rig(t);
  const outcomes = round(threadPool(8).share("a", 2), ["x", "y", "z", "x"]);
  await settled();
  assert.deepEqual(started, ["x", "y"]);
  await end("x", "y");
  assert.deepEqual(started, ["x", "y", "z"]);
  await end("z");
  assert.deepEqual(told(await outcomes), { x: "X", y: "Y", z: "Z" });
  const failing = await threadPool(4)
    .share("a", 1)
    .runAll(["x", "y"], (key) => (key === "x" ? Promise.reject(new Error("EIO")) : Promise.resolve(key)), 1000, never);
  assert.deepEqual(told(failing), { x: "failed: EIO", y: "y" });
});

test("what hangs is remembered and not started again; when it has ended, it is", LIMIT, async (t) => {
  const { started, round, pass, end } = rig(t);
  const share = threadPool(8).share("a", 2);
  const first = round(share, ["x", "y"]);
  await end("y");
  await pass(1000);
  assert.deepEqual(told(await first), { y: "Y", x: "hangs: does not answer within 1 s" });
  const second = round(share, ["x", "y"]);
  await end("y");
  assert.deepEqual(told(await second), { x: "hangs: an earlier measurement still hangs", y: "Y" });
  assert.deepEqual(started, ["x", "y", "y"]);
  await end("x");
  const third = round(share, ["x"]);
  await end("x");
  assert.deepEqual(told(await third), { x: "X" });
});

test("with every slot of a share stuck the rest is not tried, at once and at each round", LIMIT, async (t) => {
  const { started, round, pass } = rig(t);
  const share = threadPool(8).share("a", 2);
  const first = round(share, ["x", "y", "z"]);
  await pass(1000);
  assert.equal(told(await first)["z"], "untried: not tried: 2 other measurements hang");
  assert.equal(told(await round(share, ["z"]))["z"], "untried: not tried: 2 other measurements hang");
  assert.deepEqual(started, ["x", "y"]);
});

test(
  "all shares together leave one thread free for name lookups, and say what was not tried for it",
  LIMIT,
  async (t) => {
    const { started, round, pass, end } = rig(t);
    const pool = threadPool(4);
    const stuck = [round(pool.share("a", 2), ["a1", "a2"]), round(pool.share("b", 2), ["b1", "b2"])];
    await pass(1000);
    await Promise.all(stuck);
    assert.deepEqual(started, ["a1", "a2", "b1"]);
    assert.deepEqual(told(await round(pool.share("c", 1), ["c"])), {
      c: "untried: not tried: 3 other measurements hang",
    });
    await end("a1");
    const after = round(pool.share("c", 1), ["c"]);
    await end("c");
    assert.deepEqual(told(await after), { c: "C" });
  },
);

test(
  "a round that finds every thread busy waits for one, and a long round does not keep it waiting",
  LIMIT,
  async (t) => {
    const { started, round, end } = rig(t);
    const pool = threadPool(2);
    const long = round(pool.share("long", 1), ["l1", "l2", "l3"]);
    const short = round(pool.share("short", 1), ["s"]);
    await end("l1");
    assert.deepEqual(started, ["l1", "s"]);
    await end("s");
    assert.deepEqual(told(await short), { s: "S" });
    await end("l2");
    await end("l3");
    assert.deepEqual(told(await long), { l1: "L1", l2: "L2", l3: "L3" });
  },
);

test("what hangs, and what is not tried for it, has a code; what only had no time has none", LIMIT, async (t) => {
  const { round, pass, end } = rig(t);
  const codes = (outcomes: ReadonlyMap<string, Outcome<string>>): Record<string, string | undefined> =>
    Object.fromEntries(
      [...outcomes].map(([key, one]) => [key, "value" in one ? "" : (one.error as NodeJS.ErrnoException).code]),
    );
  const share = threadPool(8).share("a", 1);
  const first = round(share, ["x", "y"]);
  await pass(1000);
  assert.deepEqual(codes(await first), { x: HANGS_CODE, y: HANGS_CODE });
  assert.deepEqual(codes(await round(share, ["x"])), { x: HANGS_CODE });
  await end("x");
  const error = Object.assign(new Error("ENOENT: gone"), { code: "ENOENT" });
  assert.deepEqual(codes(await share.runAll(["x"], () => Promise.reject(error), 1000, never)), { x: "ENOENT" });
});

test("a round that only ran out of time says so, and blames no other", LIMIT, async (t) => {
  const { round, pass, end } = rig(t);
  const outcomes = round(threadPool(2).share("a", 2), ["x", "y"]);
  await end("x");
  await pass(1000);
  assert.deepEqual(told(await outcomes), { x: "X", y: "hangs: does not answer within 1 s" });
});

test("an abort ends the round; one name is one share, with what it remembers", LIMIT, async (t) => {
  const { round, pass } = rig(t);
  const pool = threadPool(4);
  const stop = new AbortController();
  const outcomes = round(pool.share("a", 1), ["x"], stop.signal);
  await settled();
  stop.abort(new Error("stopped"));
  assert.match(told(await outcomes)["x"] ?? "", /^hangs/);
  assert.match(told(await round(pool.share("a", 1), ["x"]))["x"] ?? "", /still hangs/);
  await assert.rejects(
    runOne(pool.share("b", 1), "y", () => Promise.resolve(1), "y", 1000, stop.signal),
    /stopped/,
  );
  const late = runOne(pool.share("b", 1), "y", () => new Promise<never>(() => {}), "the file", 1000, never);
  const rejected = assert.rejects(late, /^Error: the file: does not answer within 1 s$/);
  await pass(1000);
  await rejected;
});

test("UV_THREADPOOL_SIZE is read as libuv reads it", LIMIT, () => {
  assert.deepEqual([undefined, "", "8", "0", "nonsense", "99999", "-3"].map(threadsOf), [4, 1, 8, 1, 1, 1024, 1]);
});
