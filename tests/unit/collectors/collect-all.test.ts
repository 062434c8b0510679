import assert from "node:assert/strict";
import test from "node:test";
import { collectAllOf, createCollectors } from "../../../watchdog/collectors/index.ts";
import type { Collector } from "../../../watchdog/collectors/reading.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";

const NONE = {
  metrics: undefined,
  mem: undefined,
  disk: undefined,
  docker: undefined,
  deps: undefined,
  proc: undefined,
};
const sample = { totalBytes: 10, availableBytes: 5 };
const mem = (collect: Collector<typeof sample>["collect"], deadlineMs = 1000) => ({
  ...NONE,
  mem: { deadlineMs, collect },
});
const never = new AbortController().signal;

const SYSTEM = { hostname: "host", inContainer: false };

test("a collector that is not there reads off, the others read a value", async () => {
  const { mem: reading, disk } = await collectAllOf(mem(async () => sample))(momentAt(0), never);
  assert.deepEqual(reading, { state: "ok", value: sample });
  assert.deepEqual(disk, { state: "off" });
});

test("a collector that rejects or throws is a failed reading, not a failed tick", async () => {
  const rejects = await collectAllOf(mem(() => Promise.reject(new Error("broken"))))(momentAt(0), never);
  const throws = await collectAllOf(
    mem(() => {
      throw Object.assign(new Error("no"), { code: "ECONNREFUSED" });
    }),
  )(momentAt(0), never);
  assert.deepEqual(rejects.mem, { state: "failed", kind: "other", reason: "broken" });
  assert.deepEqual(throws.mem, { state: "failed", kind: "refused", code: "ECONNREFUSED", reason: "no" });
});

test("a collector that hangs fails at its own deadline and delays nothing else", async () => {
  const collectors = {
    ...mem(() => new Promise<never>(() => {}), 15),
    deps: { deadlineMs: 1000, collect: async () => [] },
  };
  const readings = await collectAllOf(collectors)(momentAt(0), never);
  assert.equal(readings.mem.state === "failed" && readings.mem.kind, "timeout");
  assert.deepEqual(readings.deps, { state: "ok", value: [] });
});

test("a collector that still hangs is not started a second time; once it ended, it is", async () => {
  let calls = 0;
  let finish: () => void = () => {};
  const collectAll = collectAllOf(
    mem(() => {
      calls += 1;
      return new Promise((resolve) => {
        finish = () => resolve(sample);
      });
    }, 15),
  );
  await collectAll(momentAt(0), never);
  const second = await collectAll(momentAt(1), never);
  assert.match(second.mem.state === "failed" ? second.mem.reason : "", /previous reading still hangs/);
  assert.equal(calls, 1);
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  const third = collectAll(momentAt(2), never);
  finish();
  assert.equal((await third).mem.state, "ok");
  assert.equal(calls, 2);
});

test("the deadline and the daemon's stop both abort what is under way", async () => {
  const aborted: string[] = [];
  const hang =
    (name: string): Collector<typeof sample>["collect"] =>
    ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          aborted.push(name);
          reject(signal.reason as Error);
        }),
      );
  await collectAllOf(mem(hang("deadline"), 15))(momentAt(0), never);
  const stop = new AbortController();
  const stopped = collectAllOf(mem(hang("stop")))(momentAt(0), stop.signal);
  stop.abort();
  assert.equal((await stopped).mem.state, "failed");
  assert.deepEqual(aborted, ["deadline", "stop"]);
});

test("what the configuration switches off has no collector", () => {
  const on = (env: Record<string, string>): string[] =>
    Object.entries(createCollectors(configOf(env), threadPool(4), SYSTEM))
      .filter(([, collector]) => collector)
      .map(([name]) => name);
  assert.deepEqual(on({}), ["mem", "disk", "docker"]);
  assert.deepEqual(on({ WATCHDOG_MEM_ENABLED: "no", WATCHDOG_DISK_ENABLED: "no", WATCHDOG_DOCKER_SOCK: "" }), []);
  assert.deepEqual(
    on({
      WATCHDOG_MEM_ENABLED: "no",
      WATCHDOG_DISK_ENABLED: "no",
      WATCHDOG_DISK_CRIT_ENABLED: "yes",
      WATCHDOG_DOCKER_SOCK: "",
    }),
    ["disk"],
  );
  assert.deepEqual(
    on({
      WATCHDOG_MEM_ENABLED: "no",
      WATCHDOG_DISK_ENABLED: "no",
      WATCHDOG_DISK_FORECAST_H: "1",
      WATCHDOG_DOCKER_SOCK: "",
    }),
    ["disk"],
  );
  assert.deepEqual(
    on({ WATCHDOG_METRICS_URL: "http://o/", WATCHDOG_DEPS: "a=http://a/", WATCHDOG_PROC_ENABLED: "1" }),
    ["metrics", "mem", "disk", "docker", "deps", "proc"],
  );
});

test("a collector has time for all its rounds, each of which may take the whole deadline", () => {
  const collectors = createCollectors(
    configOf({
      WATCHDOG_METRICS_URL: "http://o/",
      WATCHDOG_DEPS: "a=http://a/",
      WATCHDOG_PROC_ENABLED: "1",
      WATCHDOG_HTTP_TIMEOUT_S: "5",
    }),
    threadPool(4),
    SYSTEM,
  );
  // What ends them from outside is their own deadline's reason; the inner one names the part that hangs.
  const rounds = { metrics: 1, mem: 2, disk: 1, docker: 2, deps: 1, proc: 3 } as const;
  for (const [name, count] of Object.entries(rounds))
    assert.ok((collectors[name as keyof typeof rounds]?.deadlineMs ?? 0) >= count * 5000, name);
});
