import assert from "node:assert/strict";
import test from "node:test";
import { failed, OFF, ok } from "../../watchdog/collectors/reading.ts";
import { familyOf } from "../../watchdog/signals/signal.ts";

const never = (): never => assert.fail("there is no value to build from");

test("a source that is off makes its family off, and one that fails freezes it; neither is built", () => {
  assert.deepEqual(familyOf("f", OFF, never), { name: "f", state: "off" });
  assert.deepEqual(familyOf("f", failed({ kind: "timeout", reason: "late" }), never), { name: "f", state: "frozen" });
});

test("a value is judged, unless it lacks what the family needs: then the family is frozen too", () => {
  const built = { findings: [], awaited: true };
  assert.deepEqual(
    familyOf("f", ok(7), (value) => (value === 7 ? built : undefined)),
    { name: "f", state: "judged", ...built },
  );
  assert.deepEqual(
    familyOf("f", ok(8), () => undefined),
    { name: "f", state: "frozen" },
  );
});
