import assert from "node:assert/strict";
import test from "node:test";
import type { Agent } from "../../../watchdog/collectors/metrics.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { envelope } from "../../helpers/fakes/samples.ts";

const LIMIT_MS = 15 * 60_000;
const KEY = "agent_hung:r-1";
const START_S = 1_781_234_567;

/** An envelope with one agent at `atS` seconds after START_S of the orchestrator's clock; null: it has no clock. */
function one(cpuTicks: number | undefined, atS: number | null, changes: Partial<Agent> = {}) {
  const agent: Agent = {
    runId: "r-1",
    pid: 42,
    stage: "review",
    jobId: "9",
    ...(cpuTicks === undefined ? {} : { cpuTicks }),
    ...changes,
  };
  return { metrics: envelope({ agents: [agent], ...(atS === null ? {} : { generatedAtS: START_S + atS }) }) };
}

test("an agent hangs once its CPU counter has stood still exactly as long as the limit", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 899.999), LIMIT_MS - 1);
  assert.equal(rig.signal(KEY).active, false);
  rig.tick(one(100, 900), 1);
  assert.equal(rig.signal(KEY).active, true);
  assert.equal(
    rig.signal(KEY).detail.split("\n")[0],
    "No CPU progress for 15 minutes (limit 15 minutes); stage review, job 9, pid 42.",
  );
});

test("any change of the counter, also downwards, is progress", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(90, 890), LIMIT_MS - 1);
  rig.tick(one(90, 1700), LIMIT_MS - 1);
  assert.equal(rig.signal(KEY).active, false);
});

test("an exporter that stands still does not make an agent hang: its own clock counts too", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 60), 10 * LIMIT_MS);
  assert.equal(rig.signal(KEY).active, false);
});

test("an exporter whose clock jumps ahead does not either: ours counts too", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 100_000), 60_000);
  assert.equal(rig.signal(KEY).active, false);
});

test("a clock of theirs that steps back neither raises nor forgets what had passed", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 600), 600_000);
  rig.tick(one(100, -3000), 1);
  assert.equal(rig.signal(KEY).active, false);
  rig.tick(one(100, -3000 + 299), 299_000);
  assert.equal(rig.signal(KEY).active, false);
  rig.tick(one(100, -3000 + 300), 1000);
  assert.equal(rig.signal(KEY).active, true);
});

test("without generated_at our clock alone decides", () => {
  const rig = rigOf();
  rig.tick(one(100, null));
  rig.tick(one(100, null), LIMIT_MS);
  assert.equal(rig.signal(KEY).active, true);
});

test("a new pid for the run starts over, and the old one has ended", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 900), LIMIT_MS);
  const signals = rig.tick(one(100, 930, { pid: 43 }));
  assert.deepEqual(
    signals
      .filter(({ topic }) => keyOf(topic) === KEY)
      .map(({ entity, active, detail }) => [entity, active, detail.split(";")[0]]),
    [
      ["r-1:42", false, "The agent ended: /metrics no longer lists it."],
      ["r-1:43", false, "The agent works"],
    ],
  );
});

test("an agent whose job ended while it hung recovers at once; one that worked says nothing", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 900), LIMIT_MS);
  rig.tick({ metrics: envelope({ generatedAtS: START_S + 930 }) });
  assert.equal(rig.signal(KEY).active, false);
  const working = rigOf();
  working.tick(one(100, 0));
  working.tick({ metrics: envelope({ generatedAtS: START_S + 30 }) });
  assert.equal(working.find(KEY), undefined);
});

test("an agent missing from a list that was not understood as a whole is frozen, not gone", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 900), LIMIT_MS);
  rig.tick({ metrics: envelope({ generatedAtS: START_S + 930, agents: [], agentsComplete: false }) });
  assert.deepEqual([rig.signal(KEY).active, rig.signal(KEY).frozen], [true, true]);
  rig.tick(one(100, 960));
  assert.deepEqual([rig.signal(KEY).active, rig.signal(KEY).frozen], [true, undefined]);
});

test("a missing list of agents, or a failing /metrics, freezes them", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(100, 900), LIMIT_MS);
  rig.tick({ metrics: { state: "ok", value: { counts: {}, agentsComplete: false } } });
  assert.deepEqual([rig.signal(KEY).active, rig.signal(KEY).frozen], [true, true]);
  rig.tick({ metrics: FAILED });
  assert.deepEqual([rig.signal(KEY).active, rig.signal(KEY).frozen], [true, true]);
});

test("an agent whose counter is missing for a moment is frozen, and its time goes on", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick(one(undefined, 600), 600_000);
  assert.deepEqual([rig.signal(KEY).active, rig.signal(KEY).frozen], [false, true]);
  rig.tick(one(100, 900), 300_000);
  assert.equal(rig.signal(KEY).active, true);
});

test("an outage of /metrics does not restart the period", () => {
  const rig = rigOf();
  rig.tick(one(100, 0));
  rig.tick({ metrics: FAILED }, LIMIT_MS - 1);
  rig.tick(one(100, 900), 1);
  assert.equal(rig.signal(KEY).active, true);
});

test("a limit of 0 switches it off", () => {
  const rig = rigOf({ WATCHDOG_AGENT_HUNG_MIN: "0" });
  rig.tick(one(100, 0));
  rig.tick(one(100, 90_000), 100 * LIMIT_MS);
  assert.equal(rig.find(KEY), undefined);
});

test("it lasts since the last progress, not since the limit was reached", () => {
  const rig = rigOf();
  rig.tick(one(90, -30));
  rig.tick(one(100, 0));
  const progress = rig.nowMs();
  rig.tick(one(100, 900), LIMIT_MS);
  assert.equal((rig.signal(KEY).since?.monoMs ?? 0) - progress, 1_000_000);
});
