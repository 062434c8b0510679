import assert from "node:assert/strict";
import test from "node:test";
import { keyOf } from "../../../watchdog/kinds.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { envelope } from "../../helpers/fakes/samples.ts";

const counts = (queued: number, running: number, done = 0, failed = 0) =>
  envelope({ counts: { queued, running, done, failed } });
const failedJobs = (failed: number) => counts(0, 0, 0, failed);

test("the orchestrator is down at the third failing tick, and up at the first good answer", () => {
  const rig = rigOf();
  const active = [FAILED, FAILED, envelope(), FAILED, FAILED, FAILED, FAILED, envelope()].map((metrics) => {
    rig.tick({ metrics });
    return rig.signal("orchestrator_down").active;
  });
  assert.deepEqual(active, [false, false, false, false, false, true, true, false]);
});

test("the orchestrator's text says the kind of failure and how often in a row", () => {
  const rig = rigOf({ WATCHDOG_ORCH_DOWN_TICKS: "1" });
  rig.tick({ metrics: { state: "failed", kind: "refused", reason: "connect ECONNREFUSED 10.0.0.1:80" } });
  rig.tick({ metrics: { state: "failed", kind: "refused", reason: "connect ECONNREFUSED 10.0.0.1:80" } });
  assert.match(
    rig.signal("orchestrator_down").detail,
    /connection refused \(connect ECONNREFUSED 10\.0\.0\.1:80\); failed checks in a row: 2/,
  );
});

test("an empty object is a good answer", () => {
  const rig = rigOf({ WATCHDOG_ORCH_DOWN_TICKS: "1" });
  rig.tick({ metrics: { state: "ok", value: { counts: {}, agentsComplete: false } } });
  assert.equal(rig.signal("orchestrator_down").active, false);
});

test("without a URL nothing is said of the orchestrator", () => {
  assert.deepEqual(
    rigOf()
      .tick({})
      .map(({ topic }) => keyOf(topic)),
    [],
  );
});

test("metrics are stale once generated_at has stood still exactly as long as the limit", () => {
  const rig = rigOf();
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) });
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) }, 299_999);
  assert.equal(rig.signal("metrics_stale").active, false);
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) }, 1);
  assert.equal(rig.signal("metrics_stale").active, true);
  assert.match(rig.signal("metrics_stale").detail, /not advanced for 5 minutes \(limit 5 minutes\)/);
});

test("a generated_at that moves, even backwards, is not stale", () => {
  const rig = rigOf();
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) });
  rig.tick({ metrics: envelope({ generatedAtS: 900 }) }, 600_000);
  rig.tick({ metrics: envelope({ generatedAtS: 900 }) }, 200_000);
  assert.equal(rig.signal("metrics_stale").active, false);
});

test("an answer without generated_at freezes the judgement; 0 switches it off", () => {
  const rig = rigOf();
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) });
  rig.tick({ metrics: envelope() }, 600_000);
  assert.deepEqual([rig.signal("metrics_stale").active, rig.signal("metrics_stale").frozen], [false, true]);
  const off = rigOf({ WATCHDOG_METRICS_STALE_S: "0" });
  off.tick({ metrics: envelope({ generatedAtS: 1000 }) });
  assert.equal(off.find("metrics_stale"), undefined);
});

test("while /metrics fails, what it feeds is frozen", () => {
  const rig = rigOf();
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) });
  rig.tick({ metrics: envelope({ generatedAtS: 1000 }) }, 300_000);
  rig.tick({ metrics: FAILED });
  assert.deepEqual([rig.signal("metrics_stale").active, rig.signal("metrics_stale").frozen], [true, true]);
});

/** What job_failed counted, tick by tick. */
function occurrences(samples: readonly (number | "fails" | "malformed")[]): number[] {
  const rig = rigOf();
  return samples.map((sample) => {
    const metrics =
      sample === "fails" ? FAILED : sample === "malformed" ? envelope({ counts: {} }) : failedJobs(sample);
    rig.tick({ metrics });
    return rig.signal("job_failed").edge?.count ?? NaN;
  });
}

test("the first failed counter is the baseline, every rise says by how many", () => {
  assert.deepEqual(occurrences([3, 3, 4, 7, 7]), [0, 0, 1, 3, 0]);
});

test("a smaller failed counter is a new baseline", () => {
  assert.deepEqual(occurrences([7, 2, 3, 0, 1]), [0, 0, 1, 0, 1]);
});

test("failures that happened while /metrics was away or malformed are counted when it is back", () => {
  assert.deepEqual(occurrences([3, "fails", "malformed", 5]), [0, 0, 0, 2]);
  assert.deepEqual(occurrences(["fails", "malformed", 5, 6]), [0, 0, 0, 1]);
});

test("a failed job is an edge: active in its tick alone", () => {
  const rig = rigOf();
  rig.tick({ metrics: failedJobs(1) });
  rig.tick({ metrics: failedJobs(2) });
  assert.deepEqual(
    [rig.signal("job_failed").active, rig.signal("job_failed").detail.split("\n")[0]],
    [true, "The failed counter is now 2."],
  );
  rig.tick({ metrics: failedJobs(2) });
  assert.equal(rig.signal("job_failed").active, false);
});

const HALF_HOUR_MS = 30 * 60_000;

test("the queue stalls once work has waited exactly as long as the limit with nothing running or finishing", () => {
  const rig = rigOf();
  rig.tick({ metrics: counts(2, 0, 40, 3) });
  rig.tick({ metrics: counts(2, 0, 40, 3) }, HALF_HOUR_MS - 1);
  assert.equal(rig.signal("queue_stalled").active, false);
  rig.tick({ metrics: counts(5, 0, 40, 3) }, 1);
  assert.equal(rig.signal("queue_stalled").active, true);
  assert.match(rig.signal("queue_stalled").detail, /^5 jobs queued, none running and none finishing for 30 minutes/);
});

test("something that runs, finishes or empties the queue starts the period anew", () => {
  for (const between of [counts(2, 1, 40, 3), counts(2, 0, 41, 3), counts(2, 0, 40, 4), counts(0, 0, 40, 3)]) {
    const rig = rigOf();
    rig.tick({ metrics: counts(2, 0, 40, 3) });
    rig.tick({ metrics: between }, HALF_HOUR_MS - 1);
    rig.tick({ metrics: counts(2, 0, 40, 3) }, 1000);
    rig.tick({ metrics: counts(2, 0, 40, 3) }, HALF_HOUR_MS - 1);
    assert.equal(rig.signal("queue_stalled").active, false);
    rig.tick({ metrics: counts(2, 0, 40, 3) }, 1);
    assert.equal(rig.signal("queue_stalled").active, true);
  }
});

test("counts that are missing freeze the queue, and the period goes on", () => {
  const rig = rigOf();
  rig.tick({ metrics: counts(2, 0) });
  rig.tick({ metrics: envelope({ counts: { queued: 2 } }) }, HALF_HOUR_MS);
  assert.deepEqual([rig.signal("queue_stalled").active, rig.signal("queue_stalled").frozen], [false, true]);
  rig.tick({ metrics: counts(2, 0) });
  assert.equal(rig.signal("queue_stalled").active, true);
});

test("a limit of 0 switches the queue off", () => {
  const rig = rigOf({ WATCHDOG_QUEUE_STALLED_MIN: "0" });
  rig.tick({ metrics: counts(2, 0) });
  rig.tick({ metrics: counts(2, 0) }, 10 * HALF_HOUR_MS);
  assert.equal(rig.find("queue_stalled"), undefined);
});
