import assert from "node:assert/strict";
import test from "node:test";
import { iso } from "../../../watchdog/clock.ts";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { ok } from "../../../watchdog/collectors/reading.ts";
import { isFresh } from "../../../watchdog/status/health.ts";
import { sourceView } from "../../../watchdog/status/view.ts";
import { ALL_OFF, FAILED, momentAt } from "../../helpers/drivers/signal-rig.ts";
import { diskAt, disks, pathFailure } from "../../helpers/fakes/samples.ts";

test("a tick is fresh for exactly three intervals and ten seconds", () => {
  const tick = momentAt(0);
  assert.equal(isFresh(tick, tick.monoMs + 100_000, 30), true);
  assert.equal(isFresh(tick, tick.monoMs + 100_001, 30), false);
  assert.equal(isFresh(tick, tick.monoMs + 11_500, 0.5), true);
  assert.equal(isFresh(tick, tick.monoMs + 11_501, 0.5), false);
});

test("times are ISO 8601 in UTC, or null", () => {
  assert.equal(iso(0), "1970-01-01T00:00:00.000Z");
  assert.deepEqual([iso(null), iso(undefined)], [null, null]);
});

test("a source is ok, off, or failed with its reason, wholly or in part", () => {
  const readings: Readings = {
    ...ALL_OFF,
    mem: FAILED,
    metrics: FAILED,
    disk: disks([diskAt("data", 1)], [pathFailure("root")]),
    deps: ok([]),
  };
  assert.deepEqual(sourceView("mem", readings, 0), {
    state: "failed",
    error: "cannot be read",
    lastOkAt: "1970-01-01T00:00:00.000Z",
  });
  assert.deepEqual(sourceView("metrics", readings, null), { state: "failed", error: "cannot be read", lastOkAt: null });
  assert.deepEqual(sourceView("disk", readings, null), { state: "failed", error: "/host/root: EIO", lastOkAt: null });
  assert.deepEqual(sourceView("deps", readings, null), { state: "ok", lastOkAt: null });
  assert.deepEqual(sourceView("proc", readings, null), { state: "off", lastOkAt: null });
});
