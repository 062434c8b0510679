import assert from "node:assert/strict";
import test from "node:test";
import { decide } from "../../../watchdog/decide/decide.ts";

const COOLDOWN = 1800;

test("what was not alerting and is active now alerts", () => {
  assert.equal(decide(true, { alerting: false }, 0, COOLDOWN), "alert");
});

test("what is alerting, still active and past its cooldown alerts again", () => {
  assert.equal(decide(true, { alerting: true, lastAlertAt: 1000 }, 1000 + COOLDOWN + 1, COOLDOWN), "realert");
});

test("what is alerting, still active and within its cooldown says nothing", () => {
  assert.equal(decide(true, { alerting: true, lastAlertAt: 1000 }, 1000 + COOLDOWN - 1, COOLDOWN), "none");
});

test("what was alerting and is no longer active has recovered", () => {
  assert.equal(decide(false, { alerting: true, lastAlertAt: 1000 }, 1001, COOLDOWN), "recovery");
});

test("what was not alerting and is not active says nothing", () => {
  assert.equal(decide(false, { alerting: false }, 0, COOLDOWN), "none");
});

test("a cooldown that is exactly over is over", () => {
  assert.equal(decide(true, { alerting: true, lastAlertAt: 1000 }, 1000 + COOLDOWN, COOLDOWN), "realert");
});

test("alerting without a last alert counts as cooldown over", () => {
  assert.equal(decide(true, { alerting: true }, 5, COOLDOWN), "realert");
});

test("a last alert at moment 0 is a last alert", () => {
  assert.equal(decide(true, { alerting: true, lastAlertAt: 0 }, 10, COOLDOWN), "none");
});

test("the cooldown matters neither for the first alert nor for the recovery", () => {
  assert.equal(decide(true, { alerting: false, lastAlertAt: 1000 }, 1001, COOLDOWN), "alert");
  assert.equal(decide(false, { alerting: true, lastAlertAt: 1000 }, 1000 + 2 * COOLDOWN, COOLDOWN), "recovery");
  assert.equal(decide(false, { alerting: false, lastAlertAt: 1000 }, 1000 + 2 * COOLDOWN, COOLDOWN), "none");
});

test("a now before the last alert is within the cooldown", () => {
  assert.equal(decide(true, { alerting: true, lastAlertAt: 1000 }, 500, COOLDOWN), "none");
});
