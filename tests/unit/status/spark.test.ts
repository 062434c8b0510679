import assert from "node:assert/strict";
import test from "node:test";
import { createHistory, SLOT_MS, SLOTS } from "../../../watchdog/history/history.ts";
import { escapeMarkup, html } from "../../../watchdog/status/html.ts";
import { columnsOf, sparkline } from "../../../watchdog/status/spark.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What was recorded, by the minute it was in. */
function columns(values: Readonly<Record<number, number>>, nowMinute: number): ReturnType<typeof columnsOf> {
  const history = createHistory();
  for (const [minute, value] of Object.entries(values))
    history.record("x", value, momentAt(Number(minute) * MINUTE_MS));
  const now = momentAt(nowMinute * MINUTE_MS);
  return columnsOf(history.series("x", now), now.monoMs);
}

test("the ring keeps 24 hours, the newest last, and forgets what is older", () => {
  const history = createHistory();
  for (let slot = 0; slot < 2 * SLOTS; slot += 1) history.record("x", slot, momentAt(slot * SLOT_MS));
  const series = history.series("x", momentAt((2 * SLOTS - 1) * SLOT_MS));
  assert.equal(series.length, SLOTS);
  assert.deepEqual([series[0]?.last, series.at(-1)?.last], [SLOTS, 2 * SLOTS - 1]);
});

test("the ring keeps lowest, highest and last of what fell into one slot, and no more than 64 series", () => {
  const history = createHistory();
  for (const value of [5, 9, 2, 4, NaN]) history.record("x", value, momentAt(0));
  assert.deepEqual(
    history.series("x", momentAt(0)).map(({ min, max, last }) => [min, max, last]),
    [[2, 9, 4]],
  );
  for (let n = 0; n < 100; n += 1) history.record(`disk-${n}`, 1, momentAt(0));
  assert.equal(history.names().length, 64);
  assert.deepEqual(history.series("never recorded", momentAt(0)), []);
});

test("the right edge is now, the left edge a day ago", () => {
  const [old, fresh, ...more] = columns({ 0: 10, 1430: 90 }, 1435);
  assert.deepEqual([old?.at, old?.max, fresh?.at, fresh?.max, more], [0, 10, 95, 90, []]);
  assert.deepEqual(columns({ 0: 10 }, 1460), [], "what is older than a day is gone");
});

test("a column holds the lowest and the highest of its quarter of an hour", () => {
  assert.deepEqual(columns({ 0: 50, 4: 70, 8: 30 }, 9), [{ at: 95, min: 30, max: 70 }]);
});

test("a gap stays a gap: the line is broken, not drawn across", () => {
  const { html: svg } = sparkline(columns({ 0: 50, 15: 50, 120: 60, 135: 60 }, 140), 85, "x");
  const line = /class="line" d="([^"]*)"/.exec(svg)?.[1] ?? "";
  assert.equal(line.match(/M/g)?.length, 2, line);
});

test("the limit is always in sight, and no value leaves the picture", () => {
  for (const values of [{ 0: 0 }, { 0: 100, 15: 100 }, { 0: 2, 60: 99.99 }, { 0: 84 }, {}]) {
    for (const limit of [1, 85, 100]) {
      const { html: svg } = sparkline(columns(values, 61), limit, "x");
      const heights = [...svg.matchAll(/(?:M|L)[\d.]+ ([\d.]+)/g)].map((match) => Number(match[1]));
      assert.ok(
        heights.every((y) => y >= 0 && y <= 48),
        svg,
      );
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    }
  }
});

test("higher use is drawn higher", () => {
  const { html: svg } = sparkline(columns({ 0: 60, 15: 80 }, 16), 85, "x");
  const [first = 0, second = 0] = [
    ...(/class="line" d="([^"]*)"/.exec(svg)?.[1] ?? "").matchAll(/[ML][\d.]+ ([\d.]+)/g),
  ].map((match) => Number(match[1]));
  assert.ok(second < first, svg);
});

test("a day of measurements is a few kilobytes, however many points there are", () => {
  const history = createHistory();
  for (let at = 0; at < 24 * HOUR_MS; at += SLOT_MS) history.record("x", 50 + 40 * Math.sin(at), momentAt(at));
  const now = momentAt(24 * HOUR_MS - 1);
  assert.ok(sparkline(columnsOf(history.series("x", now), now.monoMs), 85, "x").html.length < 5000);
});

test("markup escapes every value, in text and in attributes, and nests what is markup already", () => {
  const inner = html`<b title="${'"><script>'}">${"<&>'"}</b>`;
  assert.equal(html`<p>${inner}${[inner, inner]}${undefined}${7}</p>`.html.match(/<b /g)?.length, 3);
  assert.equal(inner.html, '<b title="&#34;&#62;&#60;script&#62;">&#60;&#38;&#62;&#39;</b>');
  assert.equal(escapeMarkup("a\u202eb\ud800c"), "a\ufffdb\ufffdc");
});
