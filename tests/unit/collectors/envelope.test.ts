import assert from "node:assert/strict";
import test from "node:test";
import { parseEnvelope, parseTimestamp } from "../../../watchdog/collectors/metrics.ts";

const parse = (value: unknown) => parseEnvelope(JSON.stringify(value));

test("a whole envelope is read, unknown fields ignored", () => {
  assert.deepEqual(
    parse({
      schema_version: 7,
      generated_at: 1781234567.8,
      extra: [1],
      queue: { counts: { queued: 2, running: 1, done: 40, failed: 3, other: 9 }, more: true },
      agents: [{ run_id: "r-17", job_id: 9, pid: 4211, stage: "review", cpu_ticks: 81234, started_at: 1781230000 }],
    }),
    {
      generatedAtS: 1781234567.8,
      counts: { queued: 2, running: 1, done: 40, failed: 3 },
      agents: [{ runId: "r-17", jobId: "9", pid: 4211, stage: "review", cpuTicks: 81234 }],
      agentsComplete: true,
    },
  );
});

test("{} is a good answer in which everything is unknown", () => {
  assert.deepEqual(parseEnvelope("{}"), { counts: {}, agentsComplete: false });
});

test("what is not a JSON object is a fault", () => {
  for (const body of ["", "null", "[]", "1", '"x"', "<html></html>", "{", '{"a":1} trailing', "\ufeff"])
    assert.throws(() => parseEnvelope(body), { code: "NOT_JSON", message: /not a JSON object/ }, body);
});

test("a malformed part is unknown, the others count", () => {
  assert.deepEqual(parse({ queue: { counts: { queued: "2", running: -1, done: 1.5, failed: 3 } } }).counts, {
    failed: 3,
  });
  assert.deepEqual(parse({ queue: [], agents: [] }), { counts: {}, agents: [], agentsComplete: true });
  assert.deepEqual(parse({ queue: { counts: null }, agents: {} }), { counts: {}, agentsComplete: false });
  assert.equal(parse({ generated_at: "yesterday" }).generatedAtS, undefined);
});

test("an agent without its run is left out, and the list is then not complete", () => {
  const { agents, agentsComplete } = parse({
    agents: [{ run_id: "a", cpu_ticks: 1 }, { pid: 5 }, null, "x", { run_id: "" }, { run_id: {} }],
  });
  assert.deepEqual(agents, [{ runId: "a", cpuTicks: 1 }]);
  assert.equal(agentsComplete, false);
});

test("an agent's malformed fields are unknown, the agent stays", () => {
  assert.deepEqual(parse({ agents: [{ run_id: 5, pid: "x", cpu_ticks: "1", stage: null }] }).agents, [{ runId: "5" }]);
  assert.deepEqual(parse({ agents: [{ run_id: "a", cpu_ticks: 12.5 }] }).agents, [{ runId: "a", cpuTicks: 12.5 }]);
});

test("two entries of one run with one pid are one agent, with two pids two", () => {
  assert.equal(
    parse({
      agents: [
        { run_id: "a", pid: 1 },
        { run_id: "a", pid: 1 },
      ],
    }).agents?.length,
    1,
  );
  assert.equal(
    parse({
      agents: [
        { run_id: "a", pid: 1 },
        { run_id: "a", pid: 2 },
      ],
    }).agents?.length,
    2,
  );
});

test("names from outside are bounded and printable", () => {
  const agent = parse({ agents: [{ run_id: `\u001b[31m${"x".repeat(500)}`, stage: "a\nb" }] }).agents?.[0];
  assert.equal(agent?.runId.length, 80);
  assert.doesNotMatch(agent?.runId ?? "", /\u001b/);
  assert.equal(agent?.stage, "a b");
});

test("a list of thousands of agents is cut and said to be incomplete", () => {
  const { agents, agentsComplete } = parse({
    agents: Array.from({ length: 5000 }, (_, index) => ({ run_id: `r${index}` })),
  });
  assert.ok((agents?.length ?? 0) <= 1000);
  assert.equal(agentsComplete, false);
});

test("a prototype in the JSON is only a name", () => {
  assert.deepEqual(parseEnvelope('{"__proto__":{"queue":{"counts":{"failed":1}}},"constructor":1}').counts, {});
});

test("generated_at is seconds since the epoch or ISO 8601, which without a zone is UTC", () => {
  assert.equal(parseTimestamp(1781234567.8), 1781234567.8);
  assert.equal(parseTimestamp("2026-01-02T03:04:05Z"), Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
  assert.equal(parseTimestamp("2026-01-02T03:04:05.250+00:00"), Date.UTC(2026, 0, 2, 3, 4, 5, 250) / 1000);
  assert.equal(parseTimestamp("2026-01-02T06:04:05+0300"), Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
  assert.equal(parseTimestamp("2026-01-02 03:04:05"), Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
  assert.equal(parseTimestamp("2026-01-02T03:04:05.123456"), Date.UTC(2026, 0, 2, 3, 4, 5, 123) / 1000);
  for (const value of [
    "",
    "now",
    "2026-01-02",
    "2026-99-02T03:04:05Z",
    "1781234567",
    0,
    -5,
    null,
    true,
    {},
    NaN,
    Infinity,
  ])
    assert.equal(parseTimestamp(value), undefined, String(value));
});

test("runs whose names differ after 80 characters, or only in what cannot be printed, are different agents", {
  timeout: 5000,
}, () => {
  const runs = [`${"r".repeat(90)}1`, `${"r".repeat(90)}2`, "a\u0001", "a\u0002"];
  const { agents = [] } = parseEnvelope(
    JSON.stringify({ agents: runs.map((run_id) => ({ run_id, pid: 1, cpu_ticks: 1 })) }),
  );
  assert.equal(new Set(agents.map(({ runId }) => runId)).size, 4);
});
