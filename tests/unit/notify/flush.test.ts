import assert from "node:assert/strict";
import test from "node:test";
import {
  DELIVERED,
  idsIn,
  OPERATOR,
  type OutboxRig,
  outboxRig,
  REJECTED,
  RETRY,
} from "../../helpers/drivers/outbox-rig.ts";

/** Stops the loop, then flushes; says how many milliseconds that took. */
async function flush(rig: OutboxRig, withinMs = 5000): Promise<number> {
  await rig.stop();
  const startedAt = rig.clock.monoMs();
  let endedAt: number | undefined;
  void rig.outbox.flush(withinMs).then(() => {
    endedAt = rig.clock.monoMs();
  });
  await rig.clock.advance(60_000);
  assert.notEqual(endedAt, undefined, "the flush does not end");
  return (endedAt ?? Infinity) - startedAt;
}

test("with nothing pending a flush ends at once", async () => {
  const rig = outboxRig();
  assert.equal(await flush(rig), 0);
});

test("what waits for its backoff is tried at once", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  await rig.clock.advance(100_000);
  rig.answer(DELIVERED);
  assert.equal(await flush(rig), 0);
  assert.deepEqual(rig.delivered, ["a"]);
});

test("what waits for the operator is tried once more", async () => {
  const rig = outboxRig();
  rig.answer(OPERATOR);
  await rig.offer("a");
  rig.answer(DELIVERED);
  await flush(rig);
  assert.deepEqual(rig.delivered, ["a"]);
});

test("a channel that still fails is not tried over and over", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  const before = rig.sent.length;
  assert.ok((await flush(rig)) <= 5000);
  assert.equal(rig.sent.length, before + 1);
});

test("a rate limit that ends within the time is waited for, one that does not is not", async () => {
  const short = outboxRig();
  short.answer({ kind: "retry", reason: "429", afterMs: 3000 });
  await short.offer("a");
  short.answer(DELIVERED);
  assert.equal(await flush(short), 3000);
  assert.deepEqual(short.delivered, ["a"]);
  const long = outboxRig();
  long.answer({ kind: "retry", reason: "429", afterMs: 6000 });
  await long.offer("a");
  assert.equal(await flush(long), 0);
  assert.equal(long.sent.length, 1);
});

test("a rate limit met during the flush is waited for too", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  let refusals = 1;
  rig.answer(() => (refusals-- > 0 ? { kind: "retry", reason: "429", afterMs: 2000 } : DELIVERED));
  assert.equal(await flush(rig), 2000);
  assert.deepEqual(rig.delivered, ["a"]);
});

test("several messages go out at their pace as long as the time lasts", async () => {
  const bodies = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g", "h"].map((id) => [id, "x".repeat(3000)]));
  const rig = outboxRig({ perMin: 20, bodies });
  rig.answer(RETRY);
  await rig.offer(...Object.keys(bodies));
  rig.answer(DELIVERED);
  assert.ok((await flush(rig)) <= 5000);
  assert.deepEqual(rig.delivered, ["a", "b", "c", "d", "e"]);
});

test("a notice that is refused does not keep the others from being flushed", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a", "b", "c");
  rig.answer((sent) => (idsIn(sent).includes("b") ? REJECTED : DELIVERED));
  await flush(rig);
  assert.deepEqual(rig.delivered, ["a", "c"]);
});

test("neither what was refused before the flush nor what is during it takes time from it", async () => {
  const rig = outboxRig({ perMin: 20 });
  rig.answer(REJECTED);
  await rig.offer(...Array.from({ length: 30 }, (_, index) => `n${index}`));
  await rig.clock.advance(20_000);
  rig.answer((sent) => (/n\d/.test(idsIn(sent)) ? REJECTED : DELIVERED));
  await rig.offer("a", "n1", "b", "c");
  assert.ok((await flush(rig, 3500)) <= 3500);
  assert.deepEqual(rig.delivered, ["a", "b", "c"]);
});

test("a channel that refuses everything gets no more of a flush than messages of a minute", async () => {
  const rig = outboxRig({ perMin: 20 });
  rig.answer(RETRY);
  await rig.offer(...Array.from({ length: 62 }, (_, index) => `n${index}`));
  const before = rig.sent.length;
  rig.answer(REJECTED);
  assert.ok((await flush(rig, 3500)) <= 3500);
  assert.equal(rig.sent.length - before, 20);
});

test("a send that hangs is given up when the time is over, and aborted", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  let aborted = false;
  rig.answer(
    (_, signal) =>
      new Promise(() =>
        signal.addEventListener("abort", () => {
          aborted = true;
        }),
      ),
  );
  assert.equal(await flush(rig), 5000);
  assert.equal(aborted, true);
});

test("a send under way when the flush begins is waited for, within the same time", async () => {
  const rig = outboxRig();
  rig.answer(() => new Promise((resolve) => void rig.clock.sleep(2000).then(() => resolve(DELIVERED))));
  await rig.offer("a");
  const stopping = rig.stop();
  const flushing = rig.outbox.flush(5000);
  await rig.clock.advance(2000);
  await Promise.all([stopping, flushing]);
  assert.deepEqual(rig.delivered, ["a"]);
  assert.equal(rig.sent.length, 1);
});

test("what the second channel may have by then goes through it", async () => {
  const through: string[] = [];
  const rig = outboxRig({
    fallback: {
      afterMs: 10_000,
      send: ({ id }) => {
        through.push(id);
        return Promise.resolve(DELIVERED);
      },
    },
  });
  rig.answer(RETRY);
  await rig.offer("a", "b");
  await rig.stop();
  await rig.clock.advance(9000);
  assert.equal(await flush(rig, 500), 0);
  assert.deepEqual(through, [], "it is not its turn yet");
  await flush(rig);
  assert.deepEqual(through, ["a", "b"]);
});
