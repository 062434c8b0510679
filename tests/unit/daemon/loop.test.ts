import assert from "node:assert/strict";
import test from "node:test";
import { runLoop } from "../../../watchdog/daemon/loop.ts";
import { virtualClock } from "../../helpers/fakes/virtual-clock.ts";

const INTERVAL_MS = 30_000;

/** Runs a loop whose nth tick takes `tookMs(n)`; starts of the ticks in seconds since the first. */
async function starts(forMs: number, tookMs: (tick: number) => number, fault: (tick: number) => boolean = () => false) {
  const clock = virtualClock();
  const begin = clock.monoMs();
  const startedS: number[] = [];
  const faults: unknown[] = [];
  const stop = new AbortController();
  let underWay = 0;
  let most = 0;
  const loop = runLoop(
    async () => {
      const tick = startedS.length;
      startedS.push((clock.monoMs() - begin) / 1000);
      most = Math.max(most, (underWay += 1));
      await clock.sleep(tookMs(tick));
      underWay -= 1;
      if (fault(tick)) throw new Error(`tick ${tick}`);
    },
    INTERVAL_MS,
    clock,
    stop.signal,
    (error) => faults.push(error),
  );
  await clock.advance(forMs);
  stop.abort();
  await clock.advance(10 * INTERVAL_MS);
  await loop;
  assert.ok(most <= 1, "ticks overlap");
  return { startedS, faults };
}

test("the first tick starts at once, the others an interval apart, however long each takes", async () => {
  assert.deepEqual((await starts(100_000, (tick) => tick * 7000)).startedS, [0, 30, 60, 90]);
});

test("there is no drift: the hundredth tick starts at the hundredth beat", async () => {
  const { startedS } = await starts(99 * INTERVAL_MS, () => 1234.5);
  assert.equal(startedS.length, 100);
  assert.equal(startedS.at(-1), 99 * 30);
});

test("a tick longer than the interval skips the beats it missed, without a burst", async () => {
  assert.deepEqual((await starts(200_000, (tick) => (tick === 1 ? 70_000 : 0))).startedS, [0, 30, 120, 150, 180]);
});

test("a tick exactly as long as the interval is followed at once, on the beat", async () => {
  assert.deepEqual((await starts(100_000, () => INTERVAL_MS)).startedS, [0, 30, 60, 90]);
});

test("a tick that throws is reported and the loop goes on", async () => {
  const { startedS, faults } = await starts(
    100_000,
    () => 0,
    (tick) => tick % 2 === 0,
  );
  assert.deepEqual(startedS, [0, 30, 60, 90]);
  assert.deepEqual(faults.map(String), ["Error: tick 0", "Error: tick 2"]);
});

test("a tick that throws before it returns a promise is contained too", async () => {
  const clock = virtualClock();
  const stop = new AbortController();
  const faults: unknown[] = [];
  const loop = runLoop(
    () => {
      throw new Error("at once");
    },
    INTERVAL_MS,
    clock,
    stop.signal,
    (error) => faults.push(error),
  );
  await clock.advance(INTERVAL_MS);
  stop.abort();
  await loop;
  assert.equal(faults.length, 2);
});

test("a stop ends the wait at once, and no tick starts after it", async () => {
  const clock = virtualClock();
  const stop = new AbortController();
  let ticks = 0;
  const loop = runLoop(
    async () => {
      ticks += 1;
    },
    INTERVAL_MS,
    clock,
    stop.signal,
    () => {},
  );
  await clock.advance(1000);
  stop.abort();
  await loop;
  assert.equal(ticks, 1);
  assert.equal(clock.sleepers(), 0);
});

test("a stop before the start means no tick at all", async () => {
  let ticks = 0;
  await runLoop(
    async () => {
      ticks += 1;
    },
    INTERVAL_MS,
    virtualClock(),
    AbortSignal.abort(),
    () => {},
  );
  assert.equal(ticks, 0);
});

test("a wall clock that steps changes no beat", async () => {
  const clock = virtualClock();
  const stop = new AbortController();
  const begin = clock.monoMs();
  const startedS: number[] = [];
  const loop = runLoop(
    async () => {
      startedS.push((clock.monoMs() - begin) / 1000);
      clock.stepWall(-3_600_000);
    },
    INTERVAL_MS,
    clock,
    stop.signal,
    () => {},
  );
  await clock.advance(60_000);
  stop.abort();
  await loop;
  assert.deepEqual(startedS, [0, 30, 60]);
});
