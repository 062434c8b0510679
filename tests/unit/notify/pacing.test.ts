import assert from "node:assert/strict";
import test from "node:test";
import { nextDelayMs, pacingDelayMs } from "../../../watchdog/notify/pacing.ts";

test("the backoff doubles from one second and stops growing at five minutes", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((failures) => nextDelayMs(failures, 0.5) / 1000),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
  );
  assert.equal(nextDelayMs(100_000, 0.5), 300_000);
});

test("jitter moves a delay by at most a quarter, and never below 1 s or above 5 min", () => {
  for (const failures of [1, 5, 50]) {
    const full = nextDelayMs(failures, 0.5);
    for (const random of [0, 0.25, 0.5, 0.999999]) {
      const delay = nextDelayMs(failures, random);
      assert.ok(
        delay <= Math.min(300_000, full * 1.25) && delay >= Math.max(1000, full * 0.75),
        `${failures} ${random}: ${delay}`,
      );
    }
  }
});

test("one message a second, so many a minute, where that is 60 or less", () => {
  assert.equal(pacingDelayMs([], 0, 20), 0);
  assert.equal(pacingDelayMs([1000], 1001, 20), 999);
  assert.equal(pacingDelayMs([1000], 2000, 20), 0);
  assert.equal(pacingDelayMs([0, 1000, 2000], 10_000, 3), 50_000);
  assert.equal(pacingDelayMs([0, 1000, 2000], 60_000, 3), 0);
  assert.equal(pacingDelayMs([0, 1000, 2000, 3000], 10_000, 3), 51_000);
});

test("above 60 a minute there is no limit a second, without a limit none at all", () => {
  assert.equal(pacingDelayMs([1000], 1001, 61), 0);
  assert.equal(pacingDelayMs([1000], 1001, 60), 999);
  assert.equal(
    pacingDelayMs(
      Array.from({ length: 500 }, () => 1000),
      1001,
      undefined,
    ),
    0,
  );
});
