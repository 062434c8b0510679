import assert from "node:assert/strict";
import test from "node:test";
import { createJournal, KEPT_MESSAGES } from "../../../watchdog/notify/journal.ts";

const block = (head: string) => [{ head, body: "" }];

test("the last 50 delivered messages are kept, newest first, and nothing that was not delivered", () => {
  let now = 0;
  const journal = createJournal(["telegram"], () => (now += 1));
  for (let n = 0; n < 60; n += 1)
    journal.record({ channel: "telegram", result: "delivered", blocks: block(String(n)) });
  for (const result of ["retry", "operator", "rejected"] as const)
    journal.record({ channel: "telegram", result, blocks: block("no") });
  assert.equal(journal.recent().length, KEPT_MESSAGES);
  assert.deepEqual(
    [journal.recent()[0], journal.recent().at(-1)?.blocks[0]?.head],
    [{ id: 60, atMs: 60, channel: "telegram", blocks: block("59") }, "10"],
  );
});

test("sends are counted by channel and result, from zero", () => {
  const journal = createJournal(["telegram", "webhook"], () => 0);
  assert.equal(journal.counts().length, 8);
  assert.ok(journal.counts().every(({ count }) => count === 0));
  journal.record({ channel: "webhook", result: "retry", blocks: [] });
  journal.record({ channel: "webhook", result: "retry", blocks: [] });
  assert.deepEqual(
    journal.counts().filter(({ count }) => count > 0),
    [{ channel: "webhook", result: "retry", count: 2 }],
  );
});

test("two messages of one moment are told apart", { timeout: 10_000 }, () => {
  const journal = createJournal(["telegram"], () => 1000);
  for (const head of ["a", "b"]) journal.record({ channel: "telegram", result: "delivered", blocks: block(head) });
  assert.deepEqual(
    journal.recent().map(({ id, atMs }) => [id, atMs]),
    [
      [1001, 1000],
      [1000, 1000],
    ],
  );
});
