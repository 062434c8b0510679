import assert from "node:assert/strict";
import test from "node:test";
import { systemClock } from "../../watchdog/clock.ts";
import { settled, virtualClock } from "../helpers/fakes/virtual-clock.ts";

test("the system's clock ends a sleep as soon as it is aborted, however long it was to be", async () => {
  const abort = new AbortController();
  const sleep = systemClock.sleep(Infinity, abort.signal);
  abort.abort();
  await sleep;
  await systemClock.sleep(Infinity, abort.signal);
});

test("a sleep longer than a timer can hold does not end at once", async () => {
  const abort = new AbortController();
  let over = false;
  const sleep = systemClock.sleep(2 ** 40, abort.signal).then(() => {
    over = true;
  });
  await settled();
  assert.equal(over, false);
  abort.abort();
  await sleep;
});

test("the virtual clock wakes its sleepers in order, each at its own moment", async () => {
  const clock = virtualClock();
  const start = clock.monoMs();
  const woken: [string, number][] = [];
  for (const [name, ms] of [
    ["c", 30],
    ["a", 10],
    ["b", 20],
  ] as const)
    void clock.sleep(ms).then(() => woken.push([name, clock.monoMs() - start]));
  await clock.advance(29);
  assert.deepEqual(woken, [
    ["a", 10],
    ["b", 20],
  ]);
  await clock.advance(1);
  assert.deepEqual(woken.at(-1), ["c", 30]);
  assert.equal(clock.sleepers(), 0);
});

test("the virtual clock's wall time steps without moving the monotonic one", () => {
  const clock = virtualClock();
  const [wall, mono] = [clock.wallMs(), clock.monoMs()];
  clock.stepWall(-3_600_000);
  assert.deepEqual([clock.wallMs() - wall, clock.monoMs() - mono], [-3_600_000, 0]);
});
