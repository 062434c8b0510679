import assert from "node:assert/strict";
import test from "node:test";
import type { Topic } from "../../../watchdog/kinds.ts";
import { LANGS, PRUNE_TEXTS } from "../../../watchdog/lang/index.ts";
import { renderAll } from "../../../watchdog/messages/render.ts";
import { textOf } from "../../../watchdog/messages/text.ts";
import { LARGE_BYTES, type Outcome, wasUseless } from "../../../watchdog/pruner/attempt.ts";
import { createReport, type Report } from "../../../watchdog/pruner/report.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const GB = 1e9;
const PLAN = { until: { text: "72h", seconds: 259_200 }, all: false };
const FREED: Outcome = {
  plan: PLAN,
  freedBytes: 9.8 * GB,
  clearableBytes: 9.8 * GB,
  cacheBeforeBytes: 11.2 * GB,
  cacheAfterBytes: 1.4 * GB,
  diskBeforePct: 91.3,
  diskAfterPct: 78,
};
const IDLE: Outcome = { ...FREED, freedBytes: 0, cacheAfterBytes: 11.2 * GB, diskAfterPct: 91.3 };
const BROKEN: Outcome = { plan: PLAN, error: "engine answered 500 to the prune: broken" };
const DAY_MS = 86_400_000;

interface Rig {
  /** The messages after this run, `ms` after the first moment; all of them are delivered. */
  run(outcome: Outcome, ms?: number, early?: number): string[];
  /** What is due without any run. */
  due(ms: number): string[];
}

function rig(
  minGb = 1,
  code: "ru" | "en" = "en",
  isMuted: (topic: Topic) => boolean = () => false,
  overSsh = false,
): Rig {
  const report: Report = createReport(PRUNE_TEXTS[code], minGb, overSsh, isMuted);
  const due = (ms: number): string[] => {
    const notices = report.judge(momentAt(ms));
    const texts = renderAll(notices, { host: "box", lang: LANGS[code], ...momentAt(ms) }).map(
      ({ block }) => textOf([block]).plain,
    );
    report.delivered(notices, 1);
    return texts;
  };
  return {
    due,
    run: (outcome, ms = 0, early) => {
      report.observe(outcome, early, momentAt(ms));
      return due(ms);
    },
  };
}

test("what was freed is told with cache and disk before and after", () => {
  assert.deepEqual(rig().run(FREED), [
    "ℹ️ box · Build cache cleared\nFreed 9.8 GB of Docker's build cache older than 72 h.\nBuild cache: 11.2 GB before, 1.4 GB after.\nDocker's disk: 91.3% used before, 78% after.",
  ]);
  assert.deepEqual(rig(1, "ru").run(FREED), [
    "ℹ️ box · Кэш сборки очищен\nОсвобождено 9.8 ГБ кэша сборки Docker старше 72 ч.\nКэш сборки: было 11.2 ГБ, стало 1.4 ГБ.\nДиск Docker: было занято 91.3%, стало 78%.",
  ]);
});

test("an early prune says why it was early", () =>
  assert.match(rig().run(FREED, 0, 85).join(), /before its time, because the disk was 85% full or more/));

test("nothing is told below the limit, and nothing at all where the limit is 0", () => {
  assert.deepEqual(rig(10).run(FREED), []);
  assert.equal(rig(9.8).run(FREED).length, 1, "the limit itself counts");
  assert.deepEqual(rig(0).run(FREED), []);
});

test("a prune of unknown size is a success: no alarm, no claim, and it ends an alarm", { timeout: 10_000 }, () => {
  const unknown: Outcome = { plan: PLAN };
  assert.deepEqual(rig().run(unknown), []);
  const broken = rig();
  broken.run(BROKEN);
  assert.match(
    broken.run(unknown, DAY_MS).join(),
    /^🟢 box · .*Clearing works again: docker did not say how much was freed\.$/s,
  );
  assert.match(rig(1, "ru").run(BROKEN).join(), /^🔴/);
});

test("a failure over ssh names the service that prunes over ssh", { timeout: 10_000 }, () => {
  assert.match(rig().run(BROKEN).join(), /docker compose --profile prune logs --tail 50 watchdog-pruner, then/);
  for (const code of ["ru", "en"] as const)
    assert.match(
      rig(1, code, undefined, true).run(BROKEN).join(),
      /docker compose --profile prune-ssh logs --tail 50 watchdog-pruner-ssh, /,
    );
});

test("what could not be measured is left out", () => {
  assert.deepEqual(rig().run({ plan: { until: undefined, all: false }, freedBytes: 2 * GB }), [
    "ℹ️ box · Build cache cleared\nFreed 2 GB of Docker's build cache.",
  ]);
});

test("two runs that could not be told yet are two notices, not one", () => {
  const report = createReport(PRUNE_TEXTS.en, 1, false, () => false);
  report.observe(FREED, undefined, momentAt(0));
  report.observe({ ...FREED, freedBytes: 3 * GB }, undefined, momentAt(DAY_MS));
  const notices = report.judge(momentAt(DAY_MS));
  assert.deepEqual(
    notices.map(({ detail }) => shown(detail).split(" of ")[0]),
    ["Freed 9.8 GB", "Freed 3 GB"],
  );
  report.delivered(notices.slice(0, 1), 1);
  assert.equal(report.judge(momentAt(DAY_MS)).length, 1);
});

test("a prune that freed nothing of an old and large cache is told, also where freed bytes are not", () => {
  const [text = ""] = rig(0).run(IDLE);
  assert.match(
    text,
    /^🔴 box · Clearing the build cache frees nothing\n.*should have cleared 9\.8 GB of cache older than 72 h/,
  );
  assert.match(
    rig(0, "ru").run(IDLE).join(),
    /^🔴 box · Очистка кэша сборки ничего не даёт\n.*9\.8 ГБ кэша старше 72 ч/,
  );
});

test("nothing freed is no news where the cache is young, small, or not known", () => {
  assert.equal(wasUseless(IDLE), true);
  assert.equal(wasUseless({ ...IDLE, clearableBytes: LARGE_BYTES - 1 }), false);
  assert.equal(wasUseless({ ...IDLE, clearableBytes: LARGE_BYTES }), true);
  assert.equal(wasUseless({ ...IDLE, clearableBytes: 0 }), false);
  assert.equal(wasUseless({ plan: PLAN, freedBytes: 0 }), false);
  assert.equal(wasUseless({ ...IDLE, freedBytes: 1 }), false);
  assert.equal(wasUseless(BROKEN), false);
});

test("a failure is told once, repeated once a day while it lasts, and its end told", () => {
  const { run, due } = rig(0);
  assert.match(
    run(BROKEN).join(),
    /^🔴 box · Build cache is not being cleared\nThe prune failed: engine answered 500 to the prune: broken\./,
  );
  for (let hour = 1; hour < 24; hour += 1) assert.deepEqual(run(BROKEN, hour * 3_600_000), []);
  assert.match(run(BROKEN, DAY_MS).join(), /^🔁 box/);
  assert.deepEqual(due(DAY_MS + 60_000), []);
  assert.match(
    run(FREED, DAY_MS + 120_000).join(),
    /^🟢 box · Build cache is not being cleared\nrecovered: .*\nClearing works again: 9\.8 GB freed\./,
  );
  assert.deepEqual(run(FREED, 2 * DAY_MS), []);
});

test("a failure in between neither ends nor begins uselessness", () => {
  const { run } = rig(0);
  assert.equal(run(IDLE).length, 1);
  assert.deepEqual(
    run(BROKEN, 1000).map((text) => text.slice(0, 2)),
    ["🔴"],
    "the failure alone",
  );
  const texts = run(FREED, 2000).map((text) => text.split("\n")[0]);
  assert.deepEqual(texts.sort(), [
    "🟢 box · Build cache is not being cleared",
    "🟢 box · Clearing the build cache frees nothing",
  ]);
});

test("what is muted is not told", () => {
  assert.deepEqual(rig(1, "en", ({ kind }) => kind.startsWith("prune")).run(FREED), []);
});

test("what an engine does not say it freed is judged by what its listing still holds", { timeout: 10_000 }, () => {
  const left = 5e9;
  assert.equal(wasUseless({ plan: IDLE.plan, clearableBytes: left, leftBytes: left }), true);
  assert.equal(wasUseless({ plan: IDLE.plan, clearableBytes: left, leftBytes: 0 }), false);
  assert.equal(wasUseless({ plan: IDLE.plan, clearableBytes: left }), false);
});
