import assert from "node:assert/strict";
import test from "node:test";
import { failed, OFF, ok } from "../../../watchdog/collectors/reading.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { certificateSignals } from "../../../watchdog/signals/deps.ts";
import { metricsSignals, NO_METRICS } from "../../../watchdog/signals/metrics.ts";
import { familyOf } from "../../../watchdog/signals/signal.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";

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

test("what is switched off is off also while its source fails", () => {
  const config = configOf({
    WATCHDOG_METRICS_STALE_S: "0",
    WATCHDOG_QUEUE_STALLED_MIN: "0",
    WATCHDOG_AGENT_HUNG_MIN: "0",
    WATCHDOG_CERT_DAYS: "0",
  });
  const down = failed({ kind: "timeout", reason: "late" });
  const { families } = metricsSignals(NO_METRICS, down, config, LANGS.en, momentAt(0));
  const { family } = certificateSignals(new Map(), down, config, LANGS.en, momentAt(0));
  assert.deepEqual(
    [...families, family].map(({ name, state }) => `${name} ${state}`),
    ["orchestrator judged", "stale off", "queue off", "agents off", "certs off"],
  );
});
