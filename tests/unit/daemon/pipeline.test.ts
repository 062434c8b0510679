import assert from "node:assert/strict";
import { test } from "node:test";
import { createPipeline } from "../../../watchdog/daemon/pipeline.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import { ALL_OFF } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { memoryAt } from "../../helpers/fakes/samples.ts";
import { settled, virtualClock } from "../../helpers/fakes/virtual-clock.ts";

const LIMIT = { timeout: 5000 };

/** Memory is short. What happens is written down in its order; the state file takes as long as `written` does. */
function rig(written: Promise<void>) {
  const clock = virtualClock();
  const happened: string[] = [];
  const pipeline = createPipeline({
    config: configOf({ WATCHDOG_STARTUP_GRACE_S: "0" }),
    lang: LANGS.en,
    clock,
    log: SILENT_LOG,
    redact: (text) => text,
    systemHostname: "box",
    collectAll: () => Promise.resolve({ ...ALL_OFF, mem: memoryAt(95) }),
    channels: {
      first: {
        name: "console",
        forms: ["plain"],
        send: () => Promise.resolve({ kind: "delivered" }),
        probe: () => Promise.resolve({ kind: "delivered" }),
      },
    },
    store: {
      save: ({ ledger }) => void happened.push(`kept: ${[...ledger.keys()].join(" ")}`),
      settled: () => written,
    },
    annotate: () => ({
      offer: (notices) => void happened.push(`offered: ${notices.map(({ id }) => id).join(" ")}`),
      release: () => {},
    }),
  });
  return { pipeline, clock, happened };
}

test("what a tick saw is kept before it is offered, and the tick counts once it is", LIMIT, async () => {
  let write = (): void => {};
  const { pipeline, happened } = rig(new Promise((resolve) => (write = resolve)));
  const tick = pipeline.tick(new AbortController().signal);
  await settled();
  assert.deepEqual([happened, pipeline.watch.ticks()], [["kept: host_mem"], 0]);
  write();
  await tick;
  assert.deepEqual([happened, pipeline.watch.ticks()], [["kept: host_mem", "offered: host_mem"], 1]);
});

test("a device that never answers holds a tick up for a second, and no longer", LIMIT, async () => {
  const { pipeline, clock, happened } = rig(new Promise(() => {}));
  const tick = pipeline.tick(new AbortController().signal);
  await clock.advance(999);
  assert.equal(happened.length, 1);
  await clock.advance(1);
  await tick;
  assert.deepEqual(happened, ["kept: host_mem", "offered: host_mem"]);
});

test(
  "what is told before the first tick, such as a summary of the run before, is kept, and nothing is due",
  LIMIT,
  () => {
    const { pipeline, happened } = rig(Promise.resolve());
    pipeline.told([]);
    assert.deepEqual(happened, ["kept: ", "offered: "]);
  },
);
