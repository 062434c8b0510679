import assert from "node:assert/strict";
import test from "node:test";
import type { SendResult } from "../../../watchdog/notify/channel.ts";
import { DELIVERED, idsIn, OPERATOR, type OutboxRig, outboxRig, RETRY } from "../../helpers/drivers/outbox-rig.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const UNREADABLE: SendResult = {
  kind: "retry",
  reason: "HTTP 204 without the Bot API's JSON",
  mayHaveArrived: true,
  accepted: true,
};

test("what is offered is sent at once, and its delivery is reported once", async () => {
  const rig = outboxRig();
  await rig.offer("a");
  await rig.clock.advance(10 * MIN);
  assert.deepEqual(
    rig.sent.map(({ atS, text, form }) => [atS, text, form]),
    [[0, "[a]", "html"]],
  );
  assert.deepEqual(rig.delivered, ["a"]);
  assert.deepEqual([rig.outbox.view().pending, rig.outbox.view().lastError], [0, null]);
  await rig.stop();
});

test("several notices become one message", async () => {
  const rig = outboxRig();
  await rig.offer("a", "b", "c");
  assert.deepEqual(
    rig.sent.map(({ text }) => text),
    ["[a]\n\n[b]\n\n[c]"],
  );
  assert.deepEqual(rig.delivered, ["a", "b", "c"]);
  await rig.stop();
});

test("notices that do not fit one message go into the next, each whole", async () => {
  const rig = outboxRig({ bodies: { a: "x".repeat(3000), b: "y".repeat(3000), c: "z" } });
  await rig.offer("a", "b", "c");
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.sent.map(idsIn), ["a", "b c"]);
  await rig.stop();
});

test("a failed send is kept and tried again after 1, 2, 4, … seconds, up to every 5 minutes", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  await rig.clock.advance(40 * MIN);
  const gaps = rig.sent.map(({ atS }, index) => atS - (rig.sent[index - 1]?.atS ?? 0)).slice(1);
  assert.deepEqual(gaps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300]);
  assert.deepEqual(rig.delivered, []);
  rig.answer(DELIVERED);
  await rig.clock.advance(5 * MIN);
  assert.deepEqual(rig.delivered, ["a"]);
  assert.equal(rig.outbox.view().lastError, null);
  await rig.stop();
});

test("a delivery ends the backoff: the next failure begins at one second", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  await rig.clock.advance(20_000);
  rig.answer(DELIVERED);
  await rig.clock.advance(MIN);
  rig.answer(RETRY);
  const before = rig.sent.length;
  await rig.offer("b");
  await rig.clock.advance(1000);
  assert.equal(rig.sent.length, before + 2);
  await rig.stop();
});

test("the jitter of the random source is used, so that many watchdogs do not come at once", async () => {
  const rig = outboxRig({ random: () => 1 });
  rig.answer(RETRY);
  await rig.offer("a");
  await rig.clock.advance(4000);
  assert.deepEqual(
    rig.sent.map(({ atS }) => atS),
    [0, 1.25, 3.75],
  );
  await rig.stop();
});

test("offers during the backoff do not cut it short", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a");
  for (let tick = 0; tick < 50; tick += 1) {
    await rig.offer("a", "b");
    await rig.clock.advance(10);
  }
  assert.equal(rig.sent.length, 1);
  await rig.stop();
});

test("retry_after is obeyed to the second, up to an hour without a question", async () => {
  const rig = outboxRig();
  rig.answer({ kind: "retry", reason: "429", afterMs: HOUR });
  await rig.offer("a");
  rig.answer(DELIVERED);
  await rig.clock.advance(HOUR - 1);
  assert.deepEqual([rig.sent.length, rig.probes()], [1, 0]);
  await rig.clock.advance(1);
  assert.deepEqual([rig.delivered, rig.probes()], [["a"], 0]);
  await rig.stop();
});

test("a longer wait is asked anew each hour: a getMe that is refused sends nothing, one that is accepted lets one send be tried", async () => {
  const rig = outboxRig();
  rig.answer({ kind: "retry", reason: "429", afterMs: 5 * HOUR });
  rig.answerProbe({ kind: "retry", reason: "429", afterMs: 4 * HOUR });
  await rig.offer("a");
  await rig.clock.advance(HOUR);
  assert.deepEqual([rig.sent.length, rig.probes()], [1, 1]);
  rig.answerProbe(RETRY);
  await rig.clock.advance(HOUR);
  assert.deepEqual([rig.sent.length, rig.probes()], [1, 2]);
  rig.answerProbe(DELIVERED);
  await rig.clock.advance(HOUR);
  assert.deepEqual([rig.sent.length, rig.probes()], [2, 3]);
  // The send was refused again: five hours from then, and again a question after one.
  rig.answer(DELIVERED);
  await rig.clock.advance(HOUR - 1);
  assert.deepEqual([rig.sent.length, rig.probes()], [2, 3]);
  await rig.clock.advance(1);
  assert.deepEqual([rig.delivered, rig.probes()], [["a"], 4]);
  await rig.stop();
});

test("the end of a long wait that getMe does not shorten is obeyed to the second", async () => {
  const rig = outboxRig();
  rig.answer({ kind: "retry", reason: "429", afterMs: 2.5 * HOUR });
  rig.answerProbe(RETRY);
  await rig.offer("a");
  rig.answer(DELIVERED);
  await rig.clock.advance(2.5 * HOUR - 1);
  assert.deepEqual([rig.sent.length, rig.probes()], [1, 2]);
  await rig.clock.advance(1);
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("what was accepted with an answer that cannot be read is repeated after 5 minutes, and is part of no other message meanwhile", async () => {
  const rig = outboxRig();
  rig.answer((sent) => (idsIn(sent).includes("a") ? UNREADABLE : DELIVERED));
  await rig.offer("a");
  await rig.clock.advance(MIN);
  await rig.offer("a", "b");
  await rig.clock.advance(MIN);
  await rig.offer("a", "c");
  assert.deepEqual(
    rig.sent.map((sent) => [idsIn(sent), sent.atS]),
    [
      ["a", 0],
      ["b", 60],
      ["c", 120],
    ],
  );
  assert.deepEqual(rig.delivered, ["b", "c"]);
  assert.equal(rig.outbox.view().pending, 1);
  await rig.clock.advance(12 * MIN);
  assert.deepEqual(
    rig.sent.slice(3).map((sent) => [idsIn(sent), sent.atS]),
    [
      ["a", 300],
      ["a", 600],
    ],
  );
  rig.answer(DELIVERED);
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.delivered, ["b", "c", "a"]);
  await rig.stop();
});

test("a channel none of whose answers can be read shows each notice once in 5 minutes, and delays none", async () => {
  const rig = outboxRig();
  rig.answer(UNREADABLE);
  await rig.offer("a");
  await rig.clock.advance(10_000);
  await rig.offer("a", "b");
  await rig.clock.advance(10_000);
  await rig.offer("a", "b", "c");
  await rig.clock.advance(260_000);
  assert.deepEqual(
    rig.sent.map((sent) => [idsIn(sent), sent.atS]),
    [
      ["a", 0],
      ["b", 10],
      ["c", 20],
    ],
  );
  assert.equal(rig.outbox.isFailing(), true, "nobody has confirmed anything");
  await rig.stop();
});

test("what recovers or joins while nothing can be sent is told as it stands when it can", async () => {
  const rig = outboxRig();
  rig.answer(RETRY);
  await rig.offer("a", "b");
  await rig.offer("b", "c");
  rig.answer(DELIVERED);
  await rig.clock.advance(1000);
  assert.deepEqual(rig.sent.map(idsIn), ["a b", "b c"]);
  assert.deepEqual(rig.delivered, ["b", "c"]);
  await rig.stop();
});

test("a late message is rendered at the moment of sending and knows how late it is", async () => {
  const rig = outboxRig();
  rig.answer({ kind: "retry", reason: "429", afterMs: 120_000 });
  await rig.offer("a");
  rig.answer(DELIVERED);
  await rig.clock.advance(120_000);
  assert.match(rig.sent[1]?.text ?? "", /\nDelivered 2 minutes late\.$/);
  await rig.stop();
});

test("at most one message a second", async () => {
  const rig = outboxRig({ perMin: 20 });
  await rig.offer("a");
  await rig.offer("b");
  await rig.clock.advance(999);
  assert.equal(rig.sent.length, 1);
  await rig.clock.advance(1);
  assert.deepEqual(rig.sent.map(idsIn), ["a", "b"]);
  await rig.stop();
});

test("at most N messages in any minute, and nothing is lost by waiting", async () => {
  const rig = outboxRig({ perMin: 3 });
  for (let index = 0; index < 10; index += 1) {
    await rig.offer(...(rig.sent.length === 0 ? ["n0"] : [`n${index}`]));
    await rig.clock.advance(1000);
  }
  await rig.clock.advance(5 * MIN);
  const times = rig.sent.map(({ atS }) => atS);
  for (const [index, atS] of times.entries())
    assert.ok(index < 3 || atS - (times[index - 3] ?? 0) >= 60, times.join(" "));
  assert.equal(rig.outbox.view().pending, 0);
  await rig.stop();
});

test("what the operator has to mend is loud and tried again every 5 minutes", async () => {
  const rig = outboxRig();
  rig.answer(OPERATOR);
  await rig.offer("a");
  await rig.clock.advance(15 * MIN);
  assert.deepEqual(
    rig.sent.map(({ atS }) => atS),
    [0, 300, 600, 900],
  );
  assert.equal(rig.outbox.view().lastError, "401 Unauthorized");
  assert.equal(rig.logged.filter((line) => line.includes(" error ") && line.includes("401")).length, 4);
  rig.answer(DELIVERED);
  await rig.clock.advance(5 * MIN);
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("new notices do not hurry what the operator has to mend", async () => {
  const rig = outboxRig();
  rig.answer(OPERATOR);
  await rig.offer("a");
  await rig.offer("a", "b");
  await rig.clock.advance(299_999);
  assert.equal(rig.sent.length, 1);
  await rig.stop();
});

test("nothing is sent while one send is under way", async () => {
  const rig = outboxRig();
  let finish: () => void = () => {};
  rig.answer(
    () =>
      new Promise((resolve) => {
        finish = () => resolve(DELIVERED);
      }),
  );
  await rig.offer("a");
  await rig.offer("a", "b");
  await rig.clock.advance(MIN);
  assert.equal(rig.sent.length, 1);
  rig.answer(DELIVERED);
  finish();
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.sent.map(idsIn), ["a", "b"]);
  await rig.stop();
});

test("a stop finishes the send under way", async () => {
  const rig = outboxRig();
  let finish: () => void = () => {};
  let aborted = false;
  rig.answer(
    (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        finish = () => resolve(DELIVERED);
      }),
  );
  await rig.offer("a");
  const stopping = rig.stop();
  await rig.clock.advance(1000);
  assert.equal(aborted, false);
  finish();
  await stopping;
  assert.deepEqual(rig.delivered, ["a"]);
});

test("nothing to send means no timer at all", async () => {
  const rig = outboxRig();
  await rig.clock.advance(MIN);
  await rig.stop();
  assert.equal(rig.clock.sleepers(), 0);
});

test("quiet hours take the sound, not the message", async () => {
  const rig = outboxRig();
  rig.quiet(true);
  await rig.offer("a");
  rig.quiet(false);
  await rig.offer("b");
  assert.deepEqual(
    rig.sent.map(({ silent }) => silent),
    [true, false],
  );
  await rig.stop();
});

test("what is critical rings in quiet hours too, again at its re-alert and with whatever else the message holds; its recovery does not", async () => {
  const critical = (rig: OutboxRig, changes: Parameters<typeof noticeOf>[0]) =>
    noticeOf({
      id: "o",
      key: "orchestrator_down",
      due: { wallMs: rig.clock.wallMs(), monoMs: rig.clock.monoMs() },
      ...changes,
    });
  const play = async (critically: boolean): Promise<boolean[]> => {
    const rig = outboxRig();
    rig.quiet(true, critically);
    await rig.offer(critical(rig, {}), "a");
    await rig.offer(critical(rig, { kind: "realert" }));
    await rig.offer(critical(rig, { kind: "recovery", open: false }));
    await rig.offer(critical(rig, { id: "c", key: "disk_crit:data" }));
    await rig.offer(critical(rig, { id: "d", key: "disk:data" }));
    await rig.stop();
    return rig.sent.map(({ silent }) => silent);
  };
  assert.deepEqual(await play(false), [false, false, true, false, true]);
  assert.deepEqual(await play(true), [true, true, true, true, true], "the operator said otherwise");
});

test("a consequence goes without sound, as a reply to the message of its cause, apart from audible ones", async () => {
  const rig = outboxRig();
  const due = { wallMs: rig.clock.wallMs(), monoMs: rig.clock.monoMs() };
  const consequence = (id: string) => noticeOf({ id, due, consequenceOf: { messageId: 7 } });
  await rig.offer(consequence("b"), noticeOf({ id: "a", due }), consequence("c"));
  assert.deepEqual(
    rig.sent.map((sent) => [idsIn(sent), sent.silent, sent.replyTo]),
    [
      ["b c", true, 7],
      ["a", false, undefined],
    ],
  );
  await rig.stop();
});

test("what is critical does not wait for the parts of something long; those go on after it", {
  timeout: 10_000,
}, async () => {
  const rig = outboxRig({ perMin: 20, bodies: { long: "x".repeat(10_000) } });
  await rig.offer("long");
  const critical = noticeOf({
    id: "o",
    key: "orchestrator_down",
    due: { wallMs: rig.clock.wallMs(), monoMs: rig.clock.monoMs() },
  });
  await rig.offer("long", "b", critical);
  await rig.clock.advance(MIN);
  assert.deepEqual(
    rig.sent.map((sent) => [idsIn(sent), sent.atS]),
    [
      ["long", 0],
      ["o", 1],
      ["long", 2],
      ["long", 3],
      ["b", 4],
    ],
  );
  assert.deepEqual(rig.delivered, ["o", "long", "b"]);
  await rig.stop();
});

test("what is critical does not wait for the search for a refused notice", { timeout: 10_000 }, async () => {
  const rig = outboxRig({ perMin: 20 });
  rig.answer((sent) => (idsIn(sent).split(" ").includes("d") ? { kind: "rejected", reason: "400" } : DELIVERED));
  await rig.offer("a", "b", "c", "d");
  await rig.clock.advance(3000);
  const critical = noticeOf({
    id: "o",
    key: "disk_crit:data",
    due: { wallMs: rig.clock.wallMs(), monoMs: rig.clock.monoMs() },
  });
  await rig.offer("d", critical);
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.sent.map(idsIn), ["a b c d", "a b c d", "a b", "c", "o", "d"]);
  assert.deepEqual(rig.delivered, ["a", "b", "c", "o"]);
  await rig.stop();
});

test("a channel that refuses everything is asked at the pace of messages", { timeout: 10_000 }, async () => {
  const rig = outboxRig({ perMin: 20 });
  rig.answer({ kind: "rejected", reason: "400" });
  await rig.offer(...Array.from({ length: 62 }, (_, index) => `n${index}`));
  await rig.clock.advance(20 * MIN);
  const times = rig.sent.map(({ atS }) => atS);
  assert.ok(
    times.every((atS, index) => atS - (times[index - 1] ?? -Infinity) >= 1),
    "two within a second",
  );
  assert.ok(
    times.every((atS, index) => atS - (times[index - 20] ?? -Infinity) >= 60),
    "more than 20 within a minute",
  );
  assert.ok(times.length > 62, "it is tried on and on");
  await rig.stop();
});

test("what was never tried goes before what was refused, however many that are", { timeout: 10_000 }, async () => {
  const rig = outboxRig({ perMin: 20 });
  rig.answer((sent) => (idsIn(sent).includes("n") ? { kind: "rejected", reason: "400" } : DELIVERED));
  const refused = Array.from({ length: 62 }, (_, index) => `n${index}`);
  await rig.offer(...refused);
  await rig.clock.advance(20 * MIN);
  await rig.offer(...refused, "x");
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.delivered, ["x"]);
  await rig.stop();
});

test("a key that names something else by now: the end of the old one is told in an earlier message", {
  timeout: 10_000,
}, async () => {
  const rig = outboxRig();
  const key = "proc_blocking:9";
  await rig.offer(noticeOf({ id: "new", key }), noticeOf({ id: "old", key, kind: "recovery", open: false }), "a");
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.sent.map(idsIn), ["a old", "new"]);
  await rig.stop();
});

test("a rate limit of a fraction of a second is obeyed as one of a second", { timeout: 10_000 }, async () => {
  const rig = outboxRig();
  rig.answer({ kind: "retry", reason: "429", afterMs: 100 });
  await rig.offer("a");
  await rig.clock.advance(10_500);
  assert.deepEqual(
    rig.sent.map(({ atS }) => atS),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  await rig.stop();
});

test("a part that is held back says how late it is when it is sent, once, within what a message may hold", {
  timeout: 10_000,
}, async () => {
  const rig = outboxRig({ bodies: { long: "word & ".repeat(3000) } });
  // The second part meets a rate limit of 20 minutes, the third a server that fails for more than an hour.
  rig.answer(({ text, atS }) => {
    if (text.includes("(2/3)") && atS === 0) return { kind: "retry", reason: "429", afterMs: 20 * MIN };
    return text.includes("(3/3)") && atS < 90 * 60 ? RETRY : DELIVERED;
  });
  await rig.offer("long");
  await rig.clock.advance(2 * HOUR);
  const said = rig.sent.map(({ text }) =>
    `${/\(\d\/3\)/.exec(text)?.[0]} ${(text.match(/Delivered .+ late\./g) ?? []).join(" ")}`.trim(),
  );
  assert.deepEqual(said.slice(0, 4), [
    "(1/3)",
    "(2/3)",
    "(2/3) Delivered 20 minutes late.",
    "(3/3) Delivered 20 minutes late.",
  ]);
  assert.match(said.at(-1) ?? "", /^\(3\/3\) Delivered 1 hour 3\d minutes late\.$/);
  assert.deepEqual(rig.delivered, ["long"]);
  for (const { text } of rig.sent) assert.ok(text.length <= 4096, `${text.length} characters`);
  await rig.stop();
});
