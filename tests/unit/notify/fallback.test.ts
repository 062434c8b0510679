import assert from "node:assert/strict";
import test from "node:test";
import type { Channel, Outgoing, SendResult } from "../../../watchdog/notify/channel.ts";
import { DELIVERED, idsIn, type OutboxRig, outboxRig, REJECTED, RETRY } from "../../helpers/drivers/outbox-rig.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";

const MIN = 60_000;

/** An outbox whose first channel fails, with a second one after ten minutes. */
function withFallback(second: (id: string) => SendResult = () => DELIVERED): {
  rig: OutboxRig;
  through: { id: string; atS: number }[];
} {
  const through: { id: string; atS: number }[] = [];
  const rig = outboxRig({
    fallback: {
      afterMs: 10 * MIN,
      send: async ({ id }) => {
        through.push({ id, atS: (rig.clock.monoMs() - begin) / 1000 });
        return second(id);
      },
    },
  });
  const begin = rig.clock.monoMs();
  rig.answer(RETRY);
  return { rig, through };
}

test("the second channel is not used before the first has failed for its time, then at once", async () => {
  const { rig, through } = withFallback();
  await rig.offer("a", "b");
  await rig.clock.advance(10 * MIN - 1);
  assert.deepEqual(through, []);
  await rig.clock.advance(1);
  assert.deepEqual(through, [
    { id: "a", atS: 600 },
    { id: "b", atS: 600 },
  ]);
  assert.deepEqual(rig.delivered, ["a", "b"]);
  await rig.stop();
});

test("when the first channel is back it tells once, in sum, what went through the second", async () => {
  const { rig } = withFallback();
  await rig.offer("a", "b");
  await rig.clock.advance(10 * MIN);
  rig.answer(DELIVERED);
  await rig.clock.advance(10 * MIN);
  await rig.offer("c");
  const told = rig.sent.map((sent) => (sent.text.startsWith("summary") ? sent.text : idsIn(sent)));
  assert.deepEqual(told.slice(-2), ["summary of 2", "c"]);
  assert.equal(rig.outbox.summary(), undefined);
  await rig.clock.advance(60 * MIN);
  assert.equal(told.filter((text) => text.startsWith("summary")).length, 1);
  await rig.stop();
});

test("a second channel that fails too is tried with the same backoff, and nothing is lost", async () => {
  let result: SendResult = RETRY;
  const { rig, through } = withFallback(() => result);
  await rig.offer("a");
  await rig.clock.advance(10 * MIN + 7000);
  assert.deepEqual(
    through.map(({ atS }) => atS),
    [600, 601, 603, 607],
  );
  assert.deepEqual(rig.delivered, []);
  result = DELIVERED;
  await rig.clock.advance(8000);
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("a first channel that answers in between starts the time anew", async () => {
  const { rig, through } = withFallback();
  await rig.offer("a");
  await rig.clock.advance(8 * MIN);
  rig.answer(DELIVERED);
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.delivered, ["a"]);
  rig.answer(RETRY);
  await rig.offer("b");
  await rig.clock.advance(10 * MIN - 1);
  assert.deepEqual(through, []);
  await rig.stop();
});

test("a storm goes to the second channel at most 100 a minute, what is critical first", {
  timeout: 10_000,
}, async () => {
  const { rig, through } = withFallback();
  const due = { wallMs: rig.clock.wallMs(), monoMs: rig.clock.monoMs() };
  const names = Array.from({ length: 250 }, (_, index) => `n${index}`);
  await rig.offer(...names, noticeOf({ id: "o", key: "orchestrator_down", due }));
  await rig.clock.advance(10 * MIN);
  assert.deepEqual([through[0]?.id, through.length], ["o", 100]);
  await rig.clock.advance(2 * MIN);
  assert.equal(through.length, 251);
  await rig.stop();
});

test("a notice that the second channel refuses keeps nothing else back, and is tried again every 5 min", {
  timeout: 10_000,
}, async () => {
  const { rig, through } = withFallback((id) => (id === "a" ? REJECTED : DELIVERED));
  await rig.offer("a", "b", "c");
  await rig.clock.advance(10 * MIN);
  assert.deepEqual(rig.delivered, ["b", "c"]);
  await rig.clock.advance(10 * MIN);
  assert.deepEqual(
    through.filter(({ id }) => id === "a").map(({ atS }) => atS),
    [600, 900, 1200],
  );
  await rig.stop();
});

test("a second channel that takes many at once has no summary to tell, and no message of it is replied to", async () => {
  const through: Outgoing[] = [];
  const told: (number | undefined)[] = [];
  const second: Channel = {
    name: "other",
    forms: ["plain"],
    send: (message) => {
      assert.ok(through.push(message) < 10, "it is sent to without end");
      return Promise.resolve({ kind: "delivered", messageId: 7 });
    },
    probe: () => Promise.resolve(DELIVERED),
  };
  const rig = outboxRig({ second, onTold: (messageId) => told.push(messageId) });
  rig.answer(RETRY);
  const consequence = noticeOf({ id: "c", key: "c", due: { wallMs: 0, monoMs: rig.clock.monoMs() } });
  await rig.offer("a", "b", { ...consequence, consequenceOf: { messageId: 3 } });
  await rig.clock.advance(60 * MIN);
  assert.deepEqual(
    through.map(({ notices, replyTo }) => [notices.map(({ id }) => id).join(" "), replyTo]),
    [
      ["a b", undefined],
      ["c", undefined],
    ],
  );
  assert.deepEqual(told, [undefined, undefined]);
  assert.equal(rig.outbox.summary()?.count, 3);
  await rig.stop();
});
