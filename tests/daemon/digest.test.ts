import assert from "node:assert/strict";
import test from "node:test";
import { digest, digestDue } from "../../watchdog/daemon/digest.ts";
import { createHistory } from "../../watchdog/history/history.ts";
import { createIncidents } from "../../watchdog/history/incidents.ts";
import { LANGS } from "../../watchdog/lang/index.ts";
import { configOf } from "../helpers/config.ts";
import { momentAt } from "../helpers/signal-rig.ts";

process.env["TZ"] = "UTC";
const NINE_MOSCOW = { atMin: 9 * 60, timeZone: "Europe/Moscow" };
const utc = (text: string): number => Date.parse(`${text}:00Z`);

test("the digest is due once a day, in the tick that reaches its hour in its zone", () => {
  const moments = ["2026-01-01T05:58", "2026-01-01T05:59", "2026-01-01T06:00", "2026-01-01T06:01", "2026-01-01T23:59", "2026-01-02T05:59", "2026-01-02T06:30"];
  let day: string | undefined;
  const due = moments.map((moment) => {
    const result = digestDue(NINE_MOSCOW, day, utc(moment));
    day = result.day;
    return result.due;
  });
  assert.deepEqual(due, [false, false, true, false, false, false, true]);
});

test("a start after the hour reports nothing until the next day", () => {
  const first = digestDue(NINE_MOSCOW, undefined, utc("2026-01-01T12:00"));
  assert.equal(first.due, false);
  assert.equal(digestDue(NINE_MOSCOW, first.day, utc("2026-01-01T13:00")).due, false);
  assert.equal(digestDue(NINE_MOSCOW, first.day, utc("2026-01-02T06:00")).due, true);
});

test("a restart that remembers the day neither repeats nor skips the digest", () => {
  assert.equal(digestDue(NINE_MOSCOW, "2026-01-01", utc("2026-01-01T07:00")).due, false);
  assert.equal(digestDue(NINE_MOSCOW, "2026-01-01", utc("2026-01-02T08:00")).due, true);
});

const HOUR = 3_600_000;

function report(code: "ru" | "en", env: Readonly<Record<string, string>> = {}, eventful = true): string {
  const history = createHistory();
  const incidents = createIncidents();
  for (let minute = 0; minute <= 24 * 60; minute += 2) history.record("disk:root", 40 + minute / 60, momentAt(minute * 60_000));
  if (eventful) {
    incidents.observe([{ key: "dep:db", title: LANGS[code].titles.dep("db"), active: true, since: momentAt(HOUR) }], momentAt(HOUR));
    incidents.observe([], momentAt(HOUR + 120_000));
    incidents.observe([{ key: "disk:root", title: LANGS[code].titles.disk("root"), active: true, since: momentAt(20 * HOUR) }], momentAt(20 * HOUR));
  }
  return digest({ history, incidents, config: configOf(env), lang: LANGS[code], startedMonoMs: momentAt(0).monoMs }, momentAt(24 * HOUR)).detail;
}

test("it says incidents with their durations, extremes with a sparkline, mutes and the watchdog's own uptime", () => {
  assert.equal(report("en", { WATCHDOG_MUTE: "dep:*" }), [
    "Incidents: 2.",
    "• Disk root: 4 hours, still going on, since 02 Jan 23:04:05 UTC",
    "• Dependency db: 2 minutes, 02 Jan 04:04:05 UTC – 02 Jan 04:06:05 UTC",
    "Disk root: 40–64% ▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███",
    "Not told: dep:* (WATCHDOG_MUTE).",
    "The watchdog has run for 1 day.",
  ].join("\n"));
});

test("it says so in Russian too", () => {
  const text = report("ru");
  assert.match(text, /^Происшествий: 2\.\n• Диск root: 4 часа, ещё длится, [^\n]*\n• Зависимость db: 2 минуты, /);
  assert.match(text, /\nДиск root: 40–64% /);
  assert.match(text, /\nСторож работает 1 день\.$/);
});

test("a quiet day says that it was quiet", () => {
  assert.match(report("en", {}, false), /^No incidents\.\n/);
});
