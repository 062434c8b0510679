import assert from "node:assert/strict";
import test from "node:test";
import { type DampRules, type DampState, damp, percentCondition } from "../../../watchdog/signals/damping.ts";
import type { Condition, Family, Finding, Findings, Signal } from "../../../watchdog/signals/signal.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const D = { facts: ["d"] };
const X = { kind: "dep", subject: "x" } as const;

const TICK_MS = 30_000;

function family(finding: Partial<Finding> | undefined, changes: Partial<Findings & { name: string }> = {}): Family {
  const findings: Finding[] = finding ? [{ topic: X, condition: "good", title: "X", detail: D, ...finding }] : [];
  return { name: "f", state: "judged", findings, gone: { facts: ["gone"] }, ...changes };
}

const rules = (clearTicks: number): DampRules => ({ clearTicks, grace: false });

/** Feeds one condition a tick; says whether the signal was active after each. */
function run(conditions: readonly Condition[], finding: Partial<Finding> = {}, clearTicks = 2): boolean[] {
  let state: DampState = new Map();
  return conditions.map((condition, index) => {
    const damped = damp(state, [family({ ...finding, condition })], rules(clearTicks), momentAt(index * TICK_MS));
    state = damped.state;
    return damped.signals[0]?.active ?? false;
  });
}

test("a percentage at its threshold is bad, a tenth below it is not", () => {
  assert.equal(percentCondition(85, 85, 2), "bad");
  assert.equal(percentCondition(84.9, 85, 2), "between");
});

test("a percentage is compared after rounding to a tenth", () => {
  assert.equal(percentCondition(84.95, 85, 2), "bad");
  assert.equal(percentCondition(84.949, 85, 2), "between");
  assert.equal(percentCondition(82.95, 85, 2), "between");
  assert.equal(percentCondition(82.94, 85, 2), "good");
});

test("a percentage is good strictly below threshold minus hysteresis, not at it", () => {
  assert.equal(percentCondition(83, 85, 2), "between");
  assert.equal(percentCondition(82.9, 85, 2), "good");
  assert.equal(percentCondition(88.3, 90.3, 2), "between");
  assert.equal(percentCondition(88.2, 90.3, 2), "good");
});

test("without hysteresis there is no band", () => {
  assert.equal(percentCondition(85, 85, 0), "bad");
  assert.equal(percentCondition(84.9, 85, 0), "good");
});

test("100 percent used reaches a threshold of 100, 99.9 does not", () => {
  assert.equal(percentCondition(100, 100, 2), "bad");
  assert.equal(percentCondition(99.9, 100, 2), "between");
});

test("a signal inside the band stays as it is: alerting goes on, good stays good", () => {
  assert.deepEqual(run(["between", "bad", "between", "between", "between"]), [false, true, true, true, true]);
});

test("readings inside the band do not count towards recovery", () => {
  assert.deepEqual(run(["bad", "good", "between", "good", "good"]), [true, true, true, true, false]);
});

test("K minus one bad readings are silent, the Kth makes it active", () => {
  assert.deepEqual(run(["bad", "bad", "bad"], { confirmTicks: 3 }), [false, false, true]);
  assert.deepEqual(run(["bad"], { confirmTicks: 1 }), [true]);
});

test("one good reading in between starts the count anew", () => {
  assert.deepEqual(run(["bad", "bad", "good", "bad", "bad", "bad"], { confirmTicks: 3 }), [
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test("it recovers at the CLEAR_TICKSth good reading in a row, not before", () => {
  assert.deepEqual(run(["bad", "good", "good"]), [true, true, false]);
  assert.deepEqual(run(["bad", "good", "bad", "good", "good"]), [true, true, true, true, false]);
  assert.deepEqual(run(["bad", "good"], {}, 1), [true, false]);
  assert.deepEqual(run(["bad", "good"], { clearTicks: 1 }, 5), [true, false]);
});

test("after a recovery the bad readings are counted from one again", () => {
  assert.deepEqual(run(["bad", "bad", "good", "good", "bad", "bad"], { confirmTicks: 2 }), [
    false,
    true,
    true,
    false,
    false,
    true,
  ]);
});

test("an unknown reading neither raises, nor resolves, nor counts", () => {
  assert.deepEqual(run(["unknown", "unknown"]), [false, false]);
  assert.deepEqual(run(["bad", "unknown", "unknown", "unknown", "good", "unknown", "good"]), [
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
  assert.deepEqual(run(["bad", "unknown", "bad"], { confirmTicks: 2 }), [false, false, true]);
});

/** Two ticks of whole families; the second's signals. */
function second(first: Family, then: Family): Signal[] {
  const { state } = damp(new Map(), [first], rules(2), momentAt(0));
  return damp(state, [then], rules(2), momentAt(TICK_MS)).signals;
}

test("a frozen family keeps all its signals as they were, marked as frozen", () => {
  const [signal] = second(family({ condition: "bad" }), { name: "f", state: "frozen" });
  assert.deepEqual([signal?.active, signal?.frozen, signal?.detail, signal?.since], [true, true, D, momentAt(0)]);
});

test("an active entity that vanished is told once more, as inactive and gone, whatever CLEAR_TICKS is", () => {
  const { state } = damp(new Map(), [family({ condition: "bad" })], rules(99), momentAt(0));
  const vanished = damp(state, [family(undefined)], rules(99), momentAt(TICK_MS));
  assert.deepEqual(vanished.signals, [{ topic: X, title: "X", active: false, detail: { facts: ["gone"] } }]);
  assert.deepEqual(damp(vanished.state, [family(undefined)], rules(99), momentAt(2 * TICK_MS)).signals, []);
});

test("an entity that vanished while good says nothing", () => {
  assert.deepEqual(second(family({ condition: "good" }), family(undefined)), []);
});

test("an absence that proves nothing freezes instead", () => {
  const [signal] = second(
    family({ condition: "bad" }),
    family(undefined, { keeps: ({ topic }) => topic.subject === "x" }),
  );
  assert.deepEqual([signal?.active, signal?.frozen], [true, true]);
});

test("another entity under the same key is another signal", () => {
  const signals = second(family({ entity: "1", condition: "bad" }), family({ entity: "2", condition: "good" }));
  assert.deepEqual(
    signals.map(({ entity, active }) => [entity, active]),
    [
      ["1", false],
      ["2", false],
    ],
  );
});

test("a family does not touch the signals of another", () => {
  const { state } = damp(
    new Map(),
    [family({ condition: "bad" }), family({ topic: { kind: "dep", subject: "y" }, condition: "bad" }, { name: "g" })],
    rules(2),
    momentAt(0),
  );
  const { signals } = damp(
    state,
    [family({ condition: "bad" }), { name: "g", state: "frozen" }],
    rules(2),
    momentAt(TICK_MS),
  );
  assert.deepEqual(
    signals.map(({ topic, active }) => [topic.subject, active]),
    [
      ["x", true],
      ["y", true],
    ],
  );
});

test("it lasts since the first bad reading of the run, not since it was confirmed", () => {
  let state: DampState = new Map();
  let signal: Signal | undefined;
  for (const [index, condition] of (["bad", "good", "bad", "bad", "good", "bad"] as const).entries()) {
    const damped = damp(state, [family({ condition, confirmTicks: 2 })], rules(2), momentAt(index * TICK_MS));
    state = damped.state;
    [signal] = damped.signals;
  }
  assert.deepEqual(signal?.since, momentAt(2 * TICK_MS));
});

test("a builder that knows better since when tells it", () => {
  const { signals } = damp(new Map(), [family({ condition: "bad", since: momentAt(-900_000) })], rules(2), momentAt(0));
  assert.deepEqual(signals[0]?.since, momentAt(-900_000));
});

test("the previous state is not changed", () => {
  const { state } = damp(new Map(), [family({ condition: "bad" })], rules(2), momentAt(0));
  const before = structuredClone([...state]);
  damp(state, [family({ condition: "good" })], rules(2), momentAt(TICK_MS));
  assert.deepEqual([...state], before);
});
