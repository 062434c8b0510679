import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Point } from "../../../watchdog/history/history.ts";
import { KINDS } from "../../../watchdog/kinds.ts";
import { forecastDisk } from "../../../watchdog/signals/forecast.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { type Course, noise, playCourse } from "../../helpers/fakes/disk-series.ts";
import { diskAt, disks, pathFailure } from "../../helpers/fakes/samples.ts";

const told = (course: Course, hours: number, env?: Readonly<Record<string, string>>): string[] =>
  playCourse(course, hours, env).map(({ hour, active }) => `${active ? "alert" : "recovery"} at ${Math.round(hour)} h`);

/** Use rises by `perH` from `low` and falls back to it, at `high` or thereabouts. */
function sawTooth(low: number, high: number, perH: number, jitter: number): Course {
  const shake = noise(jitter, 7);
  let [base, top, from] = [low, high, 0];
  return (hour) => {
    const pct = base + perH * (hour - from);
    if (pct < top) return pct;
    [base, top, from] = [low + shake() / 2, high + shake(), hour];
    return base;
  };
}

/** A measured series, one value in percent every two minutes. */
function recording(name: string): { course: Course; hours: number } {
  const values = readFileSync(new URL(`../../fixtures/disk/${name}.txt`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(Number);
  return {
    course: (hour) => values[Math.min(values.length - 1, Math.floor(hour * 30))] ?? 0,
    hours: Math.floor(values.length / 30),
  };
}

describe("steady growth", () => {
  test("alerts once it would be full within the limit, and says when and how fast", () => {
    const changes = playCourse((hour) => 40 + hour, 50);
    assert.equal(changes.length, 1);
    assert.ok(changes[0]?.active);
    assert.ok(Math.abs(changes[0].hour - 36) <= 1, `at hour ${changes[0].hour}, where 24 of 60 hours are left`);
    // The made-up disk has 100,000 GB, so a point an hour is 1,000 GB an hour.
    assert.match(
      changes[0].detail,
      /^Full in about (1 day|24 hours) at \+1000 GB\/h \(limit 1 day\)\. 76(\.\d)?% used, 2[34]\.\d TB free; it has grown steadily for 1 day\.\n.*\nWhat to do: /s,
    );
  });

  test("alerts through noise, and does not flicker", () => {
    const shake = noise(0.6);
    assert.deepEqual(
      told((hour) => 30 + 2 * hour + shake(), 34),
      ["alert at 11 h"],
    );
  });

  test("is believed after 6 hours of history, no sooner", () => {
    assert.deepEqual(
      told((hour) => 50 + 5 * hour, 9),
      ["alert at 6 h"],
    );
  });

  test("that begins after quiet hours is seen within a few hours", () => {
    const [alert] = playCourse((hour) => (hour < 20 ? 40 : 40 + 4 * (hour - 20)), 34);
    assert.ok(alert?.active && alert.hour > 22 && alert.hour < 27, `alert at hour ${alert?.hour}`);
  });

  test("with small dips on the way is growth all the same", () => {
    assert.equal(playCourse((hour) => 30 + 2.5 * hour - (hour % 3 > 2.6 ? 1 : 0), 27)[0]?.active, true);
  });

  test("that is measured in a live recording alerts once", () => {
    const { course, hours } = recording("growth");
    const changes = playCourse(course, hours);
    assert.equal(changes.length, 1, JSON.stringify(changes));
    assert.equal(changes[0]?.active, true);
  });

  test("that stands still in one quarter of the time is none", () => {
    const HOUR_MS = 3_600_000;
    const forecastOver = (course: Course): string => {
      const points = Array.from(
        { length: 721 },
        (_, at): Point => ({
          wallMs: 0,
          monoMs: (at / 30) * HOUR_MS,
          min: course(at / 30),
          max: course(at / 30),
          last: course(at / 30),
        }),
      );
      return forecastDisk(points, undefined, 24 * HOUR_MS).forecast.kind;
    };
    /** A point an hour, but not in the quarters that rest. */
    const stairs =
      (...rests: readonly number[]): Course =>
      (hour) =>
        70 +
        [0, 1, 2, 3].reduce(
          (sum, quarter) => sum + (rests.includes(quarter) ? 0 : Math.min(6, Math.max(0, hour - 6 * quarter))),
          0,
        ) /
          2;
    assert.equal(forecastOver(stairs()), "growing");
    for (const rests of [[0, 2], [1, 3], [2]]) assert.equal(forecastOver(stairs(...rests)), "calm", `${rests}`);
  });

  test("that is so slow that the disk lasts longer than the limit says nothing", () => {
    assert.deepEqual(
      told((hour) => 40 + 0.5 * hour, 60),
      [],
    );
    assert.deepEqual(
      told((hour) => 40 + 0.5 * hour, 60, { WATCHDOG_DISK_FORECAST_H: "72" }),
      ["alert at 48 h"],
    );
  });

  test("the alert ends, once, when the disk is cleaned up or stops growing", () => {
    assert.deepEqual(
      told((hour) => (hour < 40 ? 40 + hour : 30 + 0.1 * (hour - 40)), 70),
      ["alert at 36 h", "recovery at 40 h"],
    );
    const [alert, recovery, ...more] = playCourse((hour) => 40 + Math.min(hour, 38), 70);
    assert.deepEqual([alert?.active, recovery?.active, more], [true, false, []]);
  });
});

describe("no false alarm", () => {
  const quiet: Readonly<Record<string, readonly [Course, number]>> = {
    "a flat disk": [() => 83, 60],
    "a flat disk, nearly full, with noise": [
      (
        (shake) => () =>
          94 + shake()
      )(noise(1)),
      72,
    ],
    "noise of five points": [
      (
        (shake) => () =>
          70 + shake()
      )(noise(5)),
      72,
    ],
    "a walk of small random steps": [
      ((shake) => {
        let at = 75;
        return () => (at += shake());
      })(noise(0.12, 5)),
      72,
    ],
    "a jump": [(hour) => (hour < 20 ? 40 : 75), 60],
    "a jump that takes an hour": [(hour) => 40 + 35 * Math.min(1, Math.max(0, hour - 20)), 60],
    "two jumps": [(hour) => 30 + (hour > 20 ? 25 : 0) + (hour > 23 ? 25 : 0), 60],
    "a recovery, fast or slow": [(hour) => (hour < 20 ? 90 : Math.max(40, 90 - 10 * (hour - 20))), 60],
    "a fall": [(hour) => 95 - hour, 60],
    "builds of an hour and clean-ups": [sawTooth(50, 70, 20, 3), 96],
    "builds of three hours and clean-ups": [sawTooth(40, 80, 13, 4), 96],
    "builds of five hours and clean-ups": [sawTooth(40, 80, 8, 4), 96],
    "a rise that levels off": [(hour) => 40 + 30 * (1 - Math.exp(-hour / 2)), 48],
    "work by day and none by night": [
      (hour) => 40 + Math.max(0, Math.min(10, (hour % 24) - 8)) * 0.8 + Math.floor(hour / 24) * 8,
      72,
    ],
  };
  for (const [what, [course, hours]] of Object.entries(quiet))
    test(what, () => assert.deepEqual(told(course, hours), []));

  test("a daily clean-up, once it was seen, even when it is two hours late", () => {
    const late: Course = (hour) => 30 + 2.2 * (hour < 76 ? (hour + 20) % 24 : hour < 78 ? hour - 52 : hour - 78);
    assert.deepEqual(
      playCourse(late, 96).filter(({ hour }) => hour > 28.5),
      [],
    );
  });

  test("but growth that goes well beyond where the clean-up came alerts", () => {
    const never: Course = (hour) => 30 + 2.2 * (hour < 76 ? (hour + 20) % 24 : hour - 52);
    const [alert] = playCourse(never, 84).filter(({ hour }) => hour > 28.5);
    assert.ok(alert?.active && alert.hour > 78 && alert.hour < 79.5, `alert at hour ${alert?.hour}`);
  });

  test("in a live recording of builds and clean-ups", () => {
    const { course, hours } = recording("builds");
    assert.deepEqual(told(course, hours), []);
  });
});

describe("the signal disk_forecast:", () => {
  test("is there only when it is asked for, and never called flapping", () => {
    const rig = rigOf();
    rig.tick({ disk: disks([diskAt("data", 50)]) });
    assert.equal(rig.find("disk_forecast:data"), undefined);
    assert.deepEqual([KINDS.disk_forecast.flaps ?? false, KINDS.dep.flaps], [false, true]);
  });

  test("is repeated no more than four times within its limit, and never more often than other alerts", () => {
    const cooldownOf = (hours: string): number | undefined => {
      const rig = rigOf({ WATCHDOG_DISK_FORECAST_H: hours });
      rig.tick({ disk: disks([diskAt("data", 50)]) });
      return rig.signal("disk_forecast:data").cooldownS;
    };
    assert.deepEqual([cooldownOf("24"), cooldownOf("1")], [6 * 3600, 1800]);
  });

  test("says how much history it still needs", () => {
    const rig = rigOf({ WATCHDOG_DISK_FORECAST_H: "24" });
    rig.tick({ disk: disks([diskAt("data", 50)]) });
    assert.equal(
      rig.signal("disk_forecast:data").detail,
      "A forecast needs 6 hours of measurements, there are 0 seconds.",
    );
    assert.deepEqual([rig.signal("disk_forecast:data").active, rig.signal("disk_forecast:data").frozen], [false, true]);
  });

  test("stays as it was while its disk, or every disk, cannot be measured", () => {
    const rig = rigOf({ WATCHDOG_DISK_FORECAST_H: "24" });
    rig.tick({ disk: disks([diskAt("data", 50)]) });
    for (const disk of [disks([], [pathFailure("data")]), FAILED]) {
      rig.tick({ disk });
      assert.equal(rig.signal("disk_forecast:data").frozen, true);
    }
  });
});

test("a fall that undid a third of the rise before it was a clean-up, a smaller one was not", {
  timeout: 10_000,
}, () => {
  const HOUR_MS = 3_600_000;
  /** From 40 to 60 % in ten hours, then this much less for ten more. */
  const ceilingAfter = (fall: number): number | undefined => {
    const points = Array.from({ length: 600 }, (_, index): Point => {
      const hour = index / 30;
      const pct = hour < 10 ? 40 + 2 * hour : 60 - fall;
      return { wallMs: hour * HOUR_MS, monoMs: hour * HOUR_MS, min: pct, max: pct, last: pct };
    });
    return forecastDisk(points, undefined, 20 * HOUR_MS).ceiling?.pct;
  };
  assert.equal(Math.round(ceilingAfter(8) ?? 0), 60);
  assert.equal(ceilingAfter(5), undefined);
});

test("the time that is left is told no more exactly than it can be known: 5 minutes, from an hour on 30, from six on an hour", {
  timeout: 20_000,
}, () => {
  const toldAtFirst = (low: number, perH: number): string | undefined =>
    /^Full in about (.+?) at /.exec(playCourse((hour) => low + perH * hour, 8)[0]?.detail ?? "")?.[1];
  assert.equal(toldAtFirst(46, 8), "35 minutes");
  assert.equal(toldAtFirst(42, 8), "1 hour");
  assert.equal(toldAtFirst(40, 8), "1 hour 30 minutes");
  assert.equal(toldAtFirst(30, 5), "8 hours");
});
