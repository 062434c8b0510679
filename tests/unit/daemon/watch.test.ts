import assert from "node:assert/strict";
import test from "node:test";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { ok } from "../../../watchdog/collectors/reading.ts";
import { createPipeline } from "../../../watchdog/daemon/pipeline.ts";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import { ALL_OFF, FAILED } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { envelope, memoryAt } from "../../helpers/fakes/samples.ts";
import { virtualClock } from "../../helpers/fakes/virtual-clock.ts";

function rig(env: Readonly<Record<string, string>> = {}) {
  const clock = virtualClock();
  let readings: Readings = ALL_OFF;
  let offered: readonly Notice[] = [];
  let during: () => void = () => {};
  const { watch, tick, told } = createPipeline({
    config: configOf(env),
    lang: LANGS.en,
    clock,
    log: SILENT_LOG,
    redact: (text) => text,
    systemHostname: "system",
    collectAll: async () => {
      during();
      return readings;
    },
    // Nothing is sent: the test says what was told.
    channels: {
      first: {
        name: "console",
        forms: ["plain"],
        send: () => assert.fail("nothing is sent"),
        probe: () => assert.fail("nothing is asked"),
      },
    },
    annotate: () => ({
      offer: (notices) => {
        offered = notices;
      },
      release: () => {},
    }),
  });
  return {
    watch,
    clock,
    told,
    tick: async (changes: Partial<Readings>, stop = new AbortController().signal): Promise<string[]> => {
      readings = { ...ALL_OFF, ...changes };
      await tick(stop);
      await clock.advance(30_000);
      return offered.map(({ kind, topic }) => `${kind} ${keyOf(topic)}`);
    },
    deliver: (): void => told(offered),
    notices: (): readonly Notice[] => offered,
    offered: (): string[] => offered.map(({ kind, topic }) => `${kind} ${keyOf(topic)}`),
    while: (act: () => void): void => {
      during = act;
    },
  };
}
const BAD = { mem: memoryAt(95) };
const GOOD = { mem: memoryAt(10) };

test("what is not delivered is offered again at every tick, as it stands then", async () => {
  const { tick } = rig();
  assert.deepEqual(await tick(BAD), ["alert host_mem"]);
  assert.deepEqual(await tick(BAD), ["alert host_mem"]);
  assert.deepEqual(await tick(GOOD), ["alert host_mem"]);
  assert.deepEqual(await tick(GOOD), ["missed host_mem"]);
});

test("what is delivered is offered no more, until its recovery", async () => {
  const { tick, deliver, offered } = rig();
  await tick(BAD);
  deliver();
  assert.deepEqual(offered(), []);
  assert.deepEqual(await tick(BAD), []);
  await tick(GOOD);
  assert.deepEqual(await tick(GOOD), ["recovery host_mem"]);
});

test("what changed while a message was under way is due as soon as that is delivered, not a tick later", async () => {
  const { tick, told, notices, offered } = rig({ WATCHDOG_CLEAR_TICKS: "1" });
  await tick(BAD);
  const underWay = notices();
  await tick(GOOD);
  told(underWay);
  assert.deepEqual(offered(), ["recovery host_mem"]);
});

test("a tick that is stopped midway judges nothing by what it did not read", async () => {
  const { tick, watch, offered, while: during } = rig();
  const stop = new AbortController();
  during(() => stop.abort());
  await tick({ mem: FAILED }, stop.signal);
  assert.deepEqual([watch.ticks(), watch.lastTick(), offered()], [0, undefined, []]);
});

test("the whole incident runs on the monotonic clock: a wall clock that steps neither floods nor silences", async () => {
  const { tick, deliver, clock } = rig({ WATCHDOG_COOLDOWN_S: "60" });
  await tick(BAD);
  deliver();
  clock.stepWall(10 * 3_600_000);
  assert.deepEqual(await tick(BAD), []);
  clock.stepWall(-20 * 3_600_000);
  assert.deepEqual(await tick(BAD), ["realert host_mem"]);
});

test("failures counted while nothing could be delivered are added up", async () => {
  const { tick, watch } = rig();
  for (const failed of [1, 2, 4]) await tick({ metrics: envelope({ counts: { failed } }) });
  assert.equal(watch.ledger().get("job_failed")?.edge?.count, 3);
});

test("messages name the label, else the engine's host name once it is known, else the system's", async () => {
  const named = rig({ WATCHDOG_HOST_LABEL: "my box" });
  assert.equal(named.watch.host(), "my box");
  const { tick, watch } = rig();
  assert.equal(watch.host(), "system");
  await tick({ docker: ok({ hostname: "engine", containers: [] }) });
  assert.equal(watch.host(), "engine");
  await tick({ docker: FAILED });
  assert.equal(watch.host(), "engine");
});

test("each source's last good reading is remembered, in wall time", async () => {
  const { tick, watch, clock } = rig();
  const first = clock.wallMs();
  await tick(GOOD);
  await tick({ mem: FAILED });
  assert.equal(watch.lastOkAt("mem"), first);
  assert.equal(watch.lastOkAt("disk"), null);
});

test("the last tick is described by its start, its length, its readings and its signals", async () => {
  const { tick, watch, clock } = rig();
  const startedAt = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  await tick(BAD);
  const last = watch.lastTick();
  assert.deepEqual([last?.startedAt, last?.tookMs], [startedAt, 0]);
  assert.equal(last?.readings.mem.state, "ok");
  assert.deepEqual(
    last?.signals.map(({ topic }) => keyOf(topic)),
    ["host_mem", "blind:mem"],
  );
});
