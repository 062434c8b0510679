import assert from "node:assert/strict";
import { parseEnvelope, parseTimestamp } from "../../../watchdog/collectors/metrics.ts";
import { ok as reading } from "../../../watchdog/collectors/reading.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { metricsSignals, NO_METRICS } from "../../../watchdog/signals/metrics.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { judgeAnswer } from "../../helpers/drivers/judge-answer.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { fuzz, refusable, tame, within } from "./fuzz.ts";
import { mutateBytes, mutateJson, mutateText } from "./mutate.ts";

const CONFIG = configOf({ WATCHDOG_METRICS_URL: "http://orchestrator/metrics" });
const ENVELOPE = {
  schema_version: 1,
  generated_at: 1_781_234_567.8,
  queue: { counts: { queued: 2, running: 1, done: 40, failed: 3 } },
  agents: [
    { run_id: "r-17", job_id: 9, pid: 4211, stage: "review", cpu_ticks: 81_234, started_at: 1_781_230_000 },
    { run_id: 18, pid: 1, cpu_ticks: 0.5 },
  ],
};

fuzz("/metrics", (random) => {
  const text = JSON.stringify(mutateJson(random, ENVELOPE)) ?? "";
  const body = random.chance(0.3)
    ? mutateBytes(random, Buffer.from(text))
    : random.chance(0.2)
      ? mutateText(random, [text])
      : text;
  const envelope = refusable(() => parseEnvelope(body));
  if (!envelope) return;
  // Back to the year 1, which some write for never.
  within(envelope.generatedAtS, -8.64e12, Number.MAX_VALUE, "generated_at");
  for (const [name, count] of Object.entries(envelope.counts)) within(count, 0, Number.MAX_SAFE_INTEGER, name);
  assert.ok((envelope.agents?.length ?? 0) <= 500);
  for (const { runId, stage, jobId, cpuTicks, pid } of envelope.agents ?? []) {
    for (const [name, label] of Object.entries({ runId, stage, jobId })) if (label !== undefined) tame(label, 80, name);
    within(cpuTicks, 0, Number.MAX_VALUE, "cpu_ticks");
    within(pid, 0, Number.MAX_SAFE_INTEGER, "pid");
  }
  // What was understood can be judged, twice, also hours later.
  const first = metricsSignals(NO_METRICS, reading(envelope), CONFIG, LANGS.en, momentAt(0));
  const { families, occurrences } = metricsSignals(
    first.memory,
    reading(envelope),
    CONFIG,
    LANGS.ru,
    momentAt(7_200_000),
  );
  for (const { title, detail } of families.flatMap((family) => (family.state === "judged" ? family.findings : [])))
    assert.ok(title.length < 200 && shown(detail).length < 2000, "a text of sensible length");
  // Unless a name from outside is spelled like that.
  if (!/NaN|Infinity/.test(text))
    for (const { detail } of families.flatMap((family) => (family.state === "judged" ? family.findings : [])))
      assert.doesNotMatch(shown(detail), /NaN|undefined|Infinity/);
  assert.ok(
    occurrences.every(({ count }) => count === 0),
    "nothing new happened between two equal answers",
  );
});

fuzz("a time stamp", (random) => {
  const text = mutateText(random, ["2026-06-12T03:22:47.8Z", "2026-06-12 03:22:47+02:00", "1781234567"]);
  const stamp = parseTimestamp(random.chance(0.8) ? text : Number(text));
  assert.ok(stamp === undefined || Number.isFinite(stamp));
});

const ANSWERS: readonly unknown[] = [
  { ok: true, result: { message_id: 7, date: 1, chat: { id: -1001 } } },
  { ok: false, error_code: 429, description: "Too Many Requests: retry after 7", parameters: { retry_after: 7 } },
  {
    ok: false,
    error_code: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
    parameters: { migrate_to_chat_id: -1002 },
  },
  { ok: false, error_code: 400, description: "Bad Request: message thread not found" },
  { ok: false, error_code: 403, description: "Forbidden: bot was kicked from the group chat" },
];

fuzz("Telegram's answers", (random) => {
  const document = mutateJson(random, random.pick(ANSWERS));
  const text = JSON.stringify(document) ?? "";
  const body = random.chance(0.3) ? mutateBytes(random, Buffer.from(text)) : Buffer.from(text);
  const status = random.pick([0, 100, 200, 200, 204, 301, 400, 401, 403, 404, 413, 429, 500, 502, 599]);
  const verdict = judgeAnswer({
    status,
    headers: random.chance(0.5)
      ? { "retry-after": mutateText(random, ["5", "120", "Wed, 21 Oct 2026 07:28:00 GMT"]) }
      : {},
    body,
  });
  switch (verdict.kind) {
    case "delivered":
      assert.ok(
        status >= 200 && status < 300 && /"ok":true/.test(body.toString("latin1")),
        "delivered without a word of it",
      );
      assert.ok(verdict.messageId === undefined || Number.isSafeInteger(verdict.messageId));
      break;
    case "retry":
      within(verdict.afterMs, Number.MIN_VALUE, 86_400_000, "retry_after");
      tame(verdict.reason, 300, "reason");
      break;
    case "operator":
    case "rejected":
      tame(verdict.reason, 300, "reason");
      break;
    case "migrated":
      assert.match(verdict.chatId, /^-?\d{1,16}$/);
      break;
    case "threadGone":
      break;
    default:
      verdict satisfies never;
  }
});
