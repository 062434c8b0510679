import assert from "node:assert/strict";
import test from "node:test";
import { type Device, lineWriter } from "../../../../watchdog/line-writer.ts";
import { createLog } from "../../../../watchdog/log.ts";
import type { Channel, SendResult } from "../../../../watchdog/notify/channel.ts";
import { consoleChannel } from "../../../../watchdog/notify/channels/console/console.ts";
import { settled, type VirtualClock, virtualClock } from "../../../helpers/fakes/virtual-clock.ts";

const LIMIT = { timeout: 10_000 };
const TIMEOUT_MS = 5000;

interface Rig {
  readonly clock: VirtualClock;
  readonly channel: Channel;
  readonly other: (event: string) => void;
  readonly taken: string[];
  /** What the device does from now on: takes lines, refuses them, or does not answer. */
  state: "takes" | "ENOSPC" | "hangs";
  /** It answers what it did not answer. */
  release(): void;
}

function rigOf(): Rig {
  const clock = virtualClock();
  const held: (() => void)[] = [];
  const device: Device = (bytes, done) => {
    const act = (): void => {
      if (rig.state === "ENOSPC")
        return done(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }), 0);
      rig.taken.push(bytes.toString().replace(/^\S+ /, "").trim());
      done(null, bytes.length);
    };
    if (rig.state === "hangs") held.push(act);
    else queueMicrotask(act);
  };
  const writer = lineWriter(device, (lines) => `0 lost ${lines}\n`);
  const log = createLog({
    level: "info",
    format: "text",
    redact: (text) => text,
    wallMs: clock.wallMs,
    write: writer.write,
  });
  const rig: Rig = {
    clock,
    taken: [],
    state: "takes",
    channel: consoleChannel(log, clock, TIMEOUT_MS),
    other: (event) => log.info(event),
    release: () => {
      rig.state = "takes";
      for (const act of held.splice(0)) act();
    },
  };
  return rig;
}

async function send({ channel, clock }: Rig, text: string, passMs = 0): Promise<SendResult> {
  const result = channel.send(
    { text: { html: text, plain: text }, host: "box", notices: [], form: "html", silent: false },
    new AbortController().signal,
  );
  await clock.advance(passMs);
  await settled();
  return result;
}

test("a message is delivered once its line is written, without a limit", LIMIT, async () => {
  const rig = rigOf();
  assert.deepEqual(await send(rig, "🔴 box · Disk\n91% used"), { kind: "delivered" });
  assert.deepEqual(rig.taken, ["info  message: 🔴 box · Disk | 91% used"]);
  assert.equal(rig.channel.perMin, undefined);
  assert.equal(rig.clock.sleepers(), 0);
});

test("a message that a full disk refuses is not delivered, and says so", LIMIT, async () => {
  const rig = rigOf();
  rig.state = "ENOSPC";
  assert.deepEqual(await send(rig, "a"), {
    kind: "retry",
    reason: "the log cannot be written: ENOSPC: no space left on device, write",
  });
  rig.state = "takes";
  assert.deepEqual(await send(rig, "a"), { kind: "delivered" });
  assert.deepEqual(rig.taken, ["lost 1", "info  message: a"]);
});

test("a message that waits behind a log that takes nothing is taken back, so that it comes once", LIMIT, async () => {
  const rig = rigOf();
  rig.state = "hangs";
  rig.other("before");
  assert.deepEqual(await send(rig, "a", TIMEOUT_MS), {
    kind: "retry",
    reason: "the log cannot be written: the output takes nothing",
  });
  rig.release();
  await settled();
  assert.deepEqual(rig.taken, ["info  before"]);
});

test("a message whose writing began may have arrived; until that is known, no other is written", LIMIT, async () => {
  const rig = rigOf();
  rig.state = "hangs";
  assert.deepEqual(await send(rig, "a", TIMEOUT_MS), {
    kind: "retry",
    reason: "the log takes nothing: not written within 5 s",
    mayHaveArrived: true,
  });
  assert.deepEqual(await send(rig, "a", TIMEOUT_MS), {
    kind: "retry",
    reason: "the log takes nothing: not written within 5 s",
  });
  rig.release();
  await settled();
  assert.deepEqual(await send(rig, "b"), { kind: "delivered" });
  assert.deepEqual(rig.taken, ["info  message: a", "info  message: b"]);
});
