import assert from "node:assert/strict";
import test from "node:test";
import type { DailyTime } from "../../../watchdog/config/value.ts";
import { type DigestMemory, digest, digestDue } from "../../../watchdog/daemon/digest.ts";
import { createHistory, diskName } from "../../../watchdog/history/history.ts";
import { createIncidents } from "../../../watchdog/history/incidents.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { randomOf, seeds } from "../../helpers/drivers/random.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";

process.env["TZ"] = "UTC";
const NINE_MOSCOW = { atMin: 9 * 60, timeZone: "Europe/Moscow" };
const utc = (text: string): number => Date.parse(`${text}:00Z`);

/** Looks at these wall times, by a clock that makes no step. */
function lookAt(at: DailyTime, moments: readonly string[], first: DigestMemory = {}): boolean[] {
  let memory = first;
  return moments.map((moment) => {
    const wallMs = utc(moment);
    const result = digestDue(at, memory, { wallMs, monoMs: wallMs });
    memory = result.memory;
    return result.due;
  });
}

test("the digest is due once a day, in the tick that reaches its hour in its zone", { timeout: 10_000 }, () => {
  const moments = [
    "2026-01-01T05:58",
    "2026-01-01T05:59",
    "2026-01-01T06:00",
    "2026-01-01T06:01",
    "2026-01-01T23:59",
    "2026-01-02T05:59",
    "2026-01-02T06:30",
  ];
  assert.deepEqual(lookAt(NINE_MOSCOW, moments), [false, false, true, false, false, false, true]);
});

test("a start after the hour reports nothing until the next day", { timeout: 10_000 }, () => {
  assert.deepEqual(lookAt(NINE_MOSCOW, ["2026-01-01T12:00", "2026-01-01T13:00", "2026-01-02T06:00"]), [
    false,
    false,
    true,
  ]);
});

test("a restart that remembers the day neither repeats nor skips the digest", { timeout: 10_000 }, () => {
  assert.deepEqual(lookAt(NINE_MOSCOW, ["2026-01-01T07:00", "2026-01-02T08:00"], { day: "2026-01-01" }), [false, true]);
});

test("a clock that is in 2036 for a minute costs no digest and brings none", { timeout: 10_000 }, () => {
  const moments = [
    "2026-01-01T06:00",
    "2036-05-05T07:00",
    "2026-01-01T06:02",
    "2026-01-02T05:59",
    "2026-01-02T06:00",
    "2026-01-03T06:00",
  ];
  const monoMs = [0, 60_000, 120_000, 86_340_000, 86_400_000, 172_800_000];
  let memory: DigestMemory = { day: "2025-12-31" };
  const due = moments.map((moment, index) => {
    const result = digestDue(NINE_MOSCOW, memory, { wallMs: utc(moment), monoMs: monoMs[index] ?? 0 });
    memory = result.memory;
    return result.due;
  });
  assert.deepEqual(due, [true, false, false, false, true, true]);
});

test("a state file that was written with a wrong clock, or by nobody, silences nothing", { timeout: 10_000 }, () => {
  for (const day of ["2036-05-05", "zzz", "2026-99-99"]) {
    assert.deepEqual(
      lookAt(NINE_MOSCOW, ["2026-01-01T04:00", "2026-01-01T06:00", "2026-01-02T06:00"], { day }),
      [false, true, true],
      day,
    );
    assert.deepEqual(lookAt(NINE_MOSCOW, ["2026-01-01T07:00", "2026-01-02T06:00"], { day }), [false, true], day);
  }
  assert.deepEqual(
    lookAt(NINE_MOSCOW, ["2026-01-01T05:59", "2026-01-01T06:00"], { day: "before" }),
    [false, true],
    "what 0.1.0 writes before the first digest",
  );
});

const HALF_PAST_TWO = { atMin: 2 * 60 + 30, timeZone: "Europe/Berlin" };

test("an hour that the spring day has not comes late, one that the autumn day has twice comes once", {
  timeout: 10_000,
}, () => {
  // 2026-03-29: 02:00 becomes 03:00 in Berlin, at 01:00 UTC. 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC.
  const spring = [
    "2026-03-28T01:29",
    "2026-03-28T01:30",
    "2026-03-29T00:59",
    "2026-03-29T01:00",
    "2026-03-29T01:31",
    "2026-03-30T00:29",
    "2026-03-30T00:30",
  ];
  assert.deepEqual(lookAt(HALF_PAST_TWO, spring), [false, true, false, true, false, false, true]);
  const autumn = [
    "2026-10-24T00:29",
    "2026-10-24T00:30",
    "2026-10-25T00:30",
    "2026-10-25T01:30",
    "2026-10-25T02:30",
    "2026-10-26T01:29",
    "2026-10-26T01:30",
  ];
  assert.deepEqual(lookAt(HALF_PAST_TWO, autumn), [false, true, true, false, false, false, true]);
});

/** Twelve days of looks three minutes apart from a moment on, with steps of the wall clock; returns when, in real time, digests were due. */
function live(at: DailyTime, startWallMs: number, steps: ReadonlyMap<number, number>): number[] {
  const told: number[] = [];
  let offsetMs = 0;
  let memory: DigestMemory = {};
  for (let look = 0; look < LOOKS; look += 1) {
    offsetMs += steps.get(look) ?? 0;
    const monoMs = look * 180_000;
    const result = digestDue(at, memory, { monoMs, wallMs: startWallMs + monoMs + offsetMs });
    memory = result.memory;
    if (result.due) told.push(monoMs);
  }
  return told;
}
const LOOKS = 12 * 480;

test("whatever steps the clock makes, each costs one digest at most, in any zone and over its changes of the hour", {
  timeout: 30_000,
}, () => {
  const DAY = 86_400_000;
  const starts = ["2026-03-22T21:00", "2026-10-19T03:00", "2026-06-01T12:00", "2026-04-01T00:00"].map(utc);
  const zones = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "UTC",
  ];
  for (const seed of seeds(150)) {
    const random = randomOf(seed);
    const at = { atMin: random.whole(0, 1439), timeZone: random.pick(zones) };
    const start = random.pick(starts);
    const steps = new Map<number, number>();
    const count = random.whole(0, 4);
    while (steps.size < count) {
      const step = random.pick([
        -3650 * DAY,
        -40 * DAY,
        -DAY,
        -3_600_000,
        -4000,
        4000,
        3_600_000,
        5 * 3_600_000,
        DAY,
        40 * DAY,
        3650 * DAY,
      ]);
      const look = random.whole(1, LOOKS - 500);
      steps.set(look, step);
      // Half of them are put right soon after.
      if (steps.size < count && random.chance(0.5)) steps.set(look + random.whole(1, 450), -step);
    }
    const told = live(at, start, steps);
    const undisturbed = live(at, start, new Map());
    const say = `SEED=${seed}: ${JSON.stringify(at)}, ${[...steps].join("; ")}`;
    // The start's own rule (nothing before the first hour) may count one in or out; every step one more.
    assert.ok(
      Math.abs(told.length - undisturbed.length) <= steps.size,
      `${say}: ${told.length} digests, ${undisturbed.length} without steps`,
    );
    const gaps = told.slice(1).map((ms, index) => ms - (told[index] ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= DAY / 4),
      `${say}: two digests within six hours`,
    );
    assert.ok(
      Math.max(0, ...gaps) <= (steps.size + 1) * DAY + 2 * 3_600_000,
      `${say}: ${Math.max(...gaps) / DAY} days of silence`,
    );
    if (steps.size === 0) assert.ok(told.length >= 11 && gaps.every((gap) => Math.abs(gap - DAY) <= 3_600_000), say);
  }
});

const HOUR = 3_600_000;

function report(code: "ru" | "en", env: Readonly<Record<string, string>> = {}, eventful = true): string {
  const history = createHistory();
  const incidents = createIncidents();
  for (let minute = 0; minute <= 24 * 60; minute += 2)
    history.record(diskName("root"), 40 + minute / 60, momentAt(minute * 60_000));
  if (eventful) {
    incidents.observe(
      [
        {
          topic: { kind: "dep", subject: "db" },
          title: LANGS[code].titles.dep("db"),
          active: true,
          since: momentAt(HOUR),
        },
      ],
      momentAt(HOUR),
    );
    incidents.observe([], momentAt(HOUR + 120_000));
    incidents.observe(
      [
        {
          topic: { kind: "disk", subject: "root" },
          title: LANGS[code].titles.disk("root"),
          active: true,
          since: momentAt(20 * HOUR),
        },
      ],
      momentAt(20 * HOUR),
    );
  }
  const { detail } = digest(
    { history, incidents, config: configOf(env), lang: LANGS[code], startedMonoMs: momentAt(0).monoMs },
    momentAt(24 * HOUR),
  );
  return shown(detail, LANGS[code]);
}

test("it says incidents with their durations, extremes with a sparkline, mutes and the watchdog's own uptime", {
  timeout: 10_000,
}, () => {
  assert.equal(
    report("en", { WATCHDOG_MUTE: "dep:*" }),
    [
      "Incidents: 2.",
      "• Disk root: 4 hours, still going on, since 02 Jan 23:04:05 UTC",
      "• Dependency db: 2 minutes, 02 Jan 04:04:05 UTC – 02 Jan 04:06:05 UTC",
      "Disk root: 40–64% ▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███",
      "Not told: dep:* (WATCHDOG_MUTE).",
      "The watchdog has run for 1 day.",
    ].join("\n"),
  );
});

test("it says so in Russian too", { timeout: 10_000 }, () => {
  const text = report("ru");
  assert.match(text, /^Происшествий: 2\.\n• Диск root: 4 часа, ещё длится, [^\n]*\n• Зависимость db: 2 минуты, /);
  assert.match(text, /\nДиск root: 40–64% /);
  assert.match(text, /\nСторож работает 1 день\.$/);
});

test("a quiet day says that it was quiet", { timeout: 10_000 }, () => {
  assert.match(report("en", {}, false), /^No incidents\.\n/);
});
