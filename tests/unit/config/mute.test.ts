import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isMuted, neverMuted } from "../../../watchdog/config/mute.ts";
import { parsePrunerConfig } from "../../../watchdog/config/pruner.ts";
import { KIND_NAMES, KINDS, keyOf } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { buildSignals, NO_SIGNALS } from "../../../watchdog/signals/index.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { ALL_OFF, FAILED, momentAt } from "../../helpers/drivers/signal-rig.ts";
import { factsOf, parsedOf, told } from "../../helpers/fakes/config.ts";
import { topicAt } from "../../helpers/fakes/notice.ts";

const mute = (patterns: string) => parsedOf({ WATCHDOG_MUTE: patterns });
const TIMEOUT = { timeout: 10_000 };

describe("a pattern of WATCHDOG_MUTE", TIMEOUT, () => {
  for (const [pattern, suggestion] of [
    ["deps:*", "dep:*"],
    ["deps:cache", "dep:cache"],
    ["DEP:*", "dep:*"],
    ["dep", "dep:*"],
    ["dep:", "dep:*"],
    ["containers:web", "container:web"],
    ["jobs_failed", "job_failed"],
    ["host_mem:root", "host_mem"],
    ["proc:*", "proc_blocking:*"],
    ["prune", "pruned"],
    ["mem", "host_mem"],
  ] as const) {
    it(`${pattern} stands for no kind: it is dropped, and ${suggestion} is named`, () => {
      const { config, problems } = mute(`${pattern},cert:*`);
      assert.deepEqual(problems, [
        `WATCHDOG_MUTE: ${JSON.stringify(pattern)} stands for no kind of signal; did you mean ${suggestion}? the pattern is dropped, the rest counts`,
      ]);
      assert.deepEqual(config.mute, ["cert:*"]);
    });
  }

  for (const pattern of [
    "dep:*",
    "dep*",
    "d*",
    "*:web",
    "container:build-*",
    "co*b",
    "*_crit:*",
    "*:*",
    "host_*",
    "prune*",
    "pruned",
    "disk_forecast:a",
    "b*d:mem",
    "***dep***",
  ]) {
    it(`${pattern} stands for a kind`, () => {
      const { config, problems } = mute(pattern);
      assert.deepEqual([config.mute, problems], [[pattern], []]);
    });
  }

  it("every kind can be named, with its subject where it has one", () => {
    for (const name of KIND_NAMES.filter((kind) => KINDS[kind].mutable)) {
      const key = KINDS[name].subject ? `${name}:x` : name;
      assert.deepEqual(mute(key).problems, [], key);
      assert.equal(isMuted([key], topicAt(key)), true, key);
    }
  });

  it("that stands for the master alarm alone is dropped, and said to do nothing", () => {
    for (const pattern of ["o*", "orchestrator_down", "orch*"]) {
      const { config, problems } = mute(pattern);
      assert.deepEqual(config.mute, []);
      assert.deepEqual(problems, [
        `WATCHDOG_MUTE: ${JSON.stringify(pattern)} stands for orchestrator_down alone, which is never muted; allowed: patterns of other keys; the pattern is dropped, the rest counts`,
      ]);
    }
    assert.match(mute("digest").problems.join(), /stands for digest alone, which is never muted/);
  });

  it("that means a kind which is never muted is not led to another one", () => {
    for (const [pattern, kind] of [
      ["orchestrator", "orchestrator_down"],
      ["orchestrator_don", "orchestrator_down"],
      ["orchestrator:*", "orchestrator_down"],
      ["digests", "digest"],
    ] as const) {
      assert.deepEqual(mute(pattern).problems, [
        `WATCHDOG_MUTE: ${JSON.stringify(pattern)} stands for no kind of signal; the nearest, ${kind}, is never muted; the pattern is dropped, the rest counts`,
      ]);
    }
  });

  it("that also stands for the master alarm counts for the rest", () => {
    const { config, problems } = mute("*");
    assert.deepEqual(config.mute, ["*"]);
    assert.match(
      problems.join(),
      /^WATCHDOG_MUTE: "\*" also stands for orchestrator_down, the master alarm, which is never muted;.* the rest of the pattern counts$/,
    );
    assert.equal(isMuted(["*"], { kind: "orchestrator_down" }), false);
    assert.equal(isMuted(["*"], { kind: "dep", subject: "db" }), true);
    assert.deepEqual(neverMuted(["host_*", "dep:*"]), ["host_boot"]);
  });

  it("that also stands for the master alarm is not said to silence it", () => {
    const { config } = parsedOf({
      WATCHDOG_MUTE: "*",
      WATCHDOG_ORCH_DOWN_TICKS: "1",
      WATCHDOG_BLIND_TICKS: "1",
      WATCHDOG_STARTUP_GRACE_S: "0",
    });
    const { signals } = buildSignals(
      { ...NO_SIGNALS, mutesNamed: momentAt(-86_400_000) },
      { ...ALL_OFF, metrics: FAILED, disk: FAILED },
      config,
      LANGS.en,
      momentAt(0),
    );
    assert.deepEqual(
      signals.filter(({ active }) => active).map(({ topic }) => keyOf(topic)),
      ["orchestrator_down", "blind:disk", "mutes"],
    );
    assert.equal(
      signals.filter(({ topic }) => topic.kind === "mutes").map(({ detail }) => shown(detail))[0],
      "Not told: * (WATCHDOG_MUTE), except orchestrator_down, host_boot, mutes, digest, hello.\nBad at present: blind:disk.",
    );
  });

  it("is judged alike by the pruner, which reads the same file", () => {
    const { config, problems } = told(parsePrunerConfig({ WATCHDOG_MUTE: "deps:*,prune*" }, factsOf()));
    assert.deepEqual(config.mute, ["prune*"]);
    assert.match(problems.join(), /"deps:\*" stands for no kind of signal; did you mean dep:\*\?/);
  });

  it("costs little, however many stars it has", () => {
    const started = performance.now();
    mute(Array.from({ length: 500 }, (_, n) => `${"*a".repeat(95)}${n}`).join(","));
    assert.ok(performance.now() - started < 3000);
  });
});
