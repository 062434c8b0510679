import assert from "node:assert/strict";
import test from "node:test";
import { DELIVERED, idsIn, outboxRig, REJECTED, type Sent } from "../../helpers/drivers/outbox-rig.ts";

const MIN = 60_000;
const refusing = (id: string) => (sent: Sent) => (idsIn(sent).split(" ").includes(id) ? REJECTED : DELIVERED);
const shown = (sent: readonly Sent[]): string[] => sent.map((one) => `${one.form} ${idsIn(one)}`);

test("a message refused as HTML is tried once more as plain text", async () => {
  const rig = outboxRig();
  rig.answer(({ form }) => (form === "html" ? REJECTED : DELIVERED));
  await rig.offer("a");
  await rig.clock.advance(MIN);
  assert.deepEqual(shown(rig.sent), ["html a", "plain a"]);
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("a batch refused in both forms is sent one by one; the refused notice is held, the others pass", async () => {
  const rig = outboxRig();
  rig.answer(refusing("b"));
  await rig.offer("a", "b", "c");
  await rig.clock.advance(MIN);
  assert.deepEqual(shown(rig.sent), ["html a b c", "plain a b c", "plain a", "plain b", "plain c"]);
  assert.deepEqual(rig.delivered, ["a", "c"]);
  assert.equal(rig.outbox.view().pending, 1);
  await rig.stop();
});

test("a held notice is tried again every 5 minutes, alone", async () => {
  const rig = outboxRig();
  rig.answer(refusing("b"));
  await rig.offer("b");
  await rig.clock.advance(15 * MIN);
  assert.deepEqual(
    rig.sent.map(({ atS }) => atS),
    [0, 0, 300, 600, 900],
  );
  rig.answer(DELIVERED);
  await rig.clock.advance(5 * MIN);
  assert.deepEqual(rig.delivered, ["b"]);
  await rig.stop();
});

test("while one notice is held, new ones pass at once and in HTML", async () => {
  const rig = outboxRig();
  rig.answer(refusing("b"));
  await rig.offer("b");
  await rig.offer("b", "x");
  assert.deepEqual(shown(rig.sent), ["html b", "plain b", "html x"]);
  assert.deepEqual(rig.delivered, ["x"]);
  await rig.stop();
});

test("a held notice that need not be told any more is forgotten with its marks", async () => {
  const rig = outboxRig();
  rig.answer(refusing("b"));
  await rig.offer("b");
  await rig.offer();
  rig.answer(DELIVERED);
  await rig.offer("b");
  assert.deepEqual(shown(rig.sent), ["html b", "plain b", "html b"]);
  await rig.stop();
});

test("a refusal is loud: log and status say why", async () => {
  const rig = outboxRig();
  rig.answer(REJECTED);
  await rig.offer("b");
  assert.equal(rig.outbox.view().lastError, "400 Bad Request");
  assert.ok(rig.logged.some((line) => line.includes(" error ") && line.includes("400 Bad Request")));
  await rig.stop();
});

test("a notice too long for one message is sent in parts, and delivered with the last", async () => {
  const body = "word ".repeat(2000).trim();
  const rig = outboxRig({ bodies: { a: body }, perMin: 20 });
  await rig.offer("a");
  assert.deepEqual(rig.delivered, []);
  await rig.clock.advance(MIN);
  assert.equal(rig.sent.length, 3);
  assert.deepEqual(
    rig.sent.map(({ text }) => text.split("\n", 1)[0]),
    ["[a] (1/3)", "[a] (2/3)", "[a] (3/3)"],
  );
  assert.equal(rig.sent.map(({ text }) => text.split("\n").slice(1).join("\n")).join(""), body);
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("a part that fails is sent again, the parts before it are not", async () => {
  const rig = outboxRig({ bodies: { a: "x".repeat(10_000) } });
  let failures = 1;
  rig.answer(({ text }) => (text.includes("(2/3)") && failures-- > 0 ? { kind: "retry", reason: "502" } : DELIVERED));
  await rig.offer("a");
  await rig.clock.advance(MIN);
  assert.deepEqual(
    rig.sent.map(({ text }) => /\(\d\/\d\)/.exec(text)?.[0]),
    ["(1/3)", "(2/3)", "(2/3)", "(3/3)"],
  );
  assert.deepEqual(rig.delivered, ["a"]);
  await rig.stop();
});

test("a long notice among short ones does not keep them from being told", async () => {
  const rig = outboxRig({ bodies: { long: "x".repeat(10_000) } });
  await rig.offer("a", "long", "b");
  await rig.clock.advance(MIN);
  assert.deepEqual(rig.sent.map(idsIn), ["a", "long", "long", "long", "b"]);
  assert.deepEqual(rig.delivered, ["a", "long", "b"]);
  await rig.stop();
});
