import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeSoak, type Report, soak } from "./soak.ts";

const TICKS = 1500;

test(`over ${TICKS} ticks in turmoil nothing leaks and no message is lost`, async (t) => {
  const seed = Number(process.env["SEED"] ?? 7);
  const report = await soak(t, TICKS, seed, ({ ticks, heapBytes, descriptors }) =>
    t.diagnostic(`${ticks} ticks: heap ${heapBytes}, ${descriptors} descriptors`),
  );
  assert.deepEqual(judgeSoak(report), [], `SEED=${seed}`);
  assert.ok(report.incidents > 10 && report.messages > 10, "something has to happen");
});

test("a leak of either kind, and a loss, are found", () => {
  const sample = { ticks: 1, heapBytes: 2e7, rssBytes: 1e8, descriptors: 25 };
  const good: Report = {
    samples: [sample, sample, sample],
    incidents: 1,
    failures: 1,
    messages: 1,
    lost: [],
    seconds: 1,
  };
  assert.deepEqual(judgeSoak(good), []);
  for (const change of [{ heapBytes: 3e7 }, { rssBytes: 2e8 }, { descriptors: 60 }])
    assert.equal(judgeSoak({ ...good, samples: [sample, sample, { ...sample, ...change }] }).length, 1);
  assert.equal(judgeSoak({ ...good, lost: ["incidents"] }).length, 1);
  assert.equal(judgeSoak({ ...good, samples: [sample] }).length, 1);
});
