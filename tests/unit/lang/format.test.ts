import assert from "node:assert/strict";
import test from "node:test";
import { durationParts, pluralizer, round1, shownTime, zoneName } from "../../../watchdog/lang/format.ts";
import { LANGS, PAGE_TEXTS } from "../../../watchdog/lang/index.ts";

const S = 1000,
  MIN = 60 * S,
  HOUR = 60 * MIN,
  DAY = 24 * HOUR;

test("a duration is its two largest units, whole and without zeros", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 seconds"],
    [-5, "0 seconds"],
    [999, "0 seconds"],
    [S, "1 second"],
    [59_999, "59 seconds"],
    [MIN, "1 minute"],
    [61 * S, "1 minute 1 second"],
    [10 * MIN + 5 * S, "10 minutes"],
    [HOUR, "1 hour"],
    [HOUR + MIN, "1 hour 1 minute"],
    [23 * HOUR + 59 * MIN, "23 hours 59 minutes"],
    [DAY, "1 day"],
    [DAY + 59 * MIN, "1 day"],
    [3 * DAY + 4 * HOUR + 5 * MIN, "3 days 4 hours"],
  ];
  for (const [ms, words] of cases) assert.equal(LANGS.en.duration(ms), words, String(ms));
  assert.deepEqual(durationParts(3 * DAY + 4 * HOUR), [
    { unit: "day", count: 3 },
    { unit: "hour", count: 4 },
  ]);
});

test("Russian durations have their plurals", () => {
  const cases: readonly (readonly [number, string])[] = [
    [S, "1 секунда"],
    [2 * S, "2 секунды"],
    [5 * S, "5 секунд"],
    [21 * S, "21 секунда"],
    [MIN, "1 минута"],
    [12 * MIN, "12 минут"],
    [HOUR, "1 час"],
    [22 * HOUR, "22 часа"],
    [DAY, "1 день"],
    [4 * DAY, "4 дня"],
    [11 * DAY, "11 дней"],
  ];
  for (const [ms, words] of cases) assert.equal(LANGS.ru.duration(ms), words, String(ms));
});

test("a plural falls back to the general form", () => {
  assert.equal(pluralizer("ru")(5, { one: "a", other: "b" }), "5 b");
  assert.equal(pluralizer("en")(1, { one: "a", other: "b" }), "1 a");
});

test("one decimal, rounded", () => {
  assert.deepEqual([84.95, 84.949, 85, 0.04, 99.96].map(round1), [85, 84.9, 85, 0, 100]);
});

test("a time has its zone, and its date when it is another day", () => {
  process.env["TZ"] = "Asia/Yekaterinburg";
  const ms = Date.UTC(2026, 0, 2, 23, 4, 5);
  assert.match(LANGS.en.time(ms, ms), /^04:04:05 \S+$/);
  assert.match(LANGS.en.time(ms, ms + DAY), /^03 Jan 04:04:05 \S+$/);
  assert.match(LANGS.ru.time(ms, ms + DAY), /^03 янв\S* 04:04:05 \S+$/);
  assert.match(LANGS.en.time(Date.UTC(2026, 0, 2, 19, 0, 0), ms), /00:00:00/);
});

test("a time of another year says which", { timeout: 5000 }, () => {
  process.env["TZ"] = "Asia/Yekaterinburg";
  const [newYear, eve] = [Date.UTC(2026, 0, 1, 2, 3, 4), Date.UTC(2025, 11, 31, 2, 3, 4)];
  assert.match(LANGS.en.time(eve, newYear), /^31 Dec 2025 07:03:04 \S+$/);
  assert.match(LANGS.en.time(newYear, eve), /^01 Jan 2026 07:03:04 \S+$/);
  assert.match(LANGS.ru.time(eve, newYear), /^31 дек\S* 2025 07:03:04 \S+$/);
  assert.match(LANGS.en.time(Date.UTC(1970, 0, 1), newYear), /^01 Jan 1970 05:00:00 \S+$/);
  // The same day of another year is another day.
  assert.match(LANGS.en.time(Date.UTC(2025, 0, 1, 2, 3, 4), newYear), /^01 Jan 2025 07:03:04 \S+$/);
  assert.equal(PAGE_TEXTS.en.time(eve, newYear), "31 Dec 2025 07:03");
  assert.equal(PAGE_TEXTS.ru.time(eve, newYear), "31 дек 2025 07:03");
});

test("on the page a time is hour and minute, with the day in front when it is another one", () => {
  const at = new Date(2026, 0, 2, 3, 4, 59).getTime();
  assert.deepEqual([PAGE_TEXTS.en.time(at, at), PAGE_TEXTS.ru.time(at, at + 86_400_000)], ["03:04", "2 янв 03:04"]);
  assert.equal(PAGE_TEXTS.en.time(new Date(2026, 11, 31, 23, 0).getTime(), at), "31 Dec 23:00");
  assert.equal(zoneName(Date.UTC(2026, 0, 2), "en"), zoneName(Date.UTC(2026, 0, 2), "en"));
  assert.notEqual(zoneName(Date.UTC(2026, 0, 2), "en"), "");
});

test("a time is told by the clock as it is now if that was set by more than two seconds since then", {
  timeout: 5000,
}, () => {
  const now = { wallMs: Date.UTC(2026, 0, 1), monoMs: 600_000 };
  const shownAfter = (stepMs: number): number =>
    shownTime({ wallMs: now.wallMs - 60_000 - stepMs, monoMs: now.monoMs - 60_000 }, now) - now.wallMs + 60_000;
  assert.deepEqual(
    [0, 2000, -2000].map(shownAfter),
    [0, -2000, 2000],
    "two readings side by side may differ by so much",
  );
  assert.deepEqual([2001, -2001, 60_000, -60_000].map(shownAfter), [0, 0, 0, 0]);
});
