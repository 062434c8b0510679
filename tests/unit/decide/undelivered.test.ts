import assert from "node:assert/strict";
import test from "node:test";
import type { Moment } from "../../../watchdog/clock.ts";
import { saidOf } from "../../helpers/drivers/detail.ts";
import { COOLDOWN_S, edgeOf, ledgerRig, signalOf } from "../../helpers/drivers/ledger-rig.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const BAD = signalOf(true);
const GOOD = signalOf(false);
const at = (atS: number): Moment => momentAt(atS * 1000);

test("everything that happened while Telegram was away is in one notice: each episode with its span", () => {
  const rig = ledgerRig();
  for (const [atS, signal] of [
    [0, BAD],
    [30, GOOD],
    [60, BAD],
    [90, GOOD],
    [120, BAD],
  ] as const)
    rig.tick(atS, signal);
  const [notice] = rig.judge(120);
  assert.equal(notice?.kind, "alert");
  assert.deepEqual(notice?.span, { since: at(120) });
  assert.deepEqual(notice?.earlier, [
    { since: at(0), until: at(30) },
    { since: at(60), until: at(90) },
  ]);
  assert.equal(notice?.skipped, 0);
});

test("of many episodes the first and the last are listed and those in the middle counted", () => {
  const rig = ledgerRig();
  for (let round = 0; round < 50; round += 1) {
    rig.tick(round * 60, BAD);
    rig.tick(round * 60 + 30, GOOD);
  }
  const [notice] = rig.judge(3000);
  assert.equal(notice?.kind, "missed");
  assert.deepEqual(notice?.earlier[0]?.since, at(0));
  assert.deepEqual(notice?.span.since, at(49 * 60));
  assert.equal((notice?.earlier.length ?? 0) + (notice?.skipped ?? 0) + 1, 50);
  assert.ok((notice?.earlier.length ?? 99) < 10);
});

test("lateness counts from the oldest thing that nobody was told", () => {
  const rig = ledgerRig();
  rig.tick(0, BAD);
  rig.tick(30, GOOD);
  assert.deepEqual(rig.tick(60, BAD)[0]?.due, momentAt(0));
  const told = ledgerRig();
  told.deliver(told.tick(0, BAD));
  told.tick(30, GOOD);
  assert.deepEqual(told.tick(600, GOOD)[0]?.due, momentAt(30_000));
});

test("after a late delivery nothing of it is told again", () => {
  const rig = ledgerRig();
  for (const [atS, signal] of [
    [0, BAD],
    [30, GOOD],
    [60, BAD],
  ] as const)
    rig.tick(atS, signal);
  rig.deliver(rig.judge(60));
  assert.deepEqual(rig.judge(60), []);
  const [recovery] = rig.tick(90, GOOD);
  assert.deepEqual([recovery?.kind, recovery?.earlier, recovery?.skipped], ["recovery", [], 0]);
});

test("a recovery while the alert is under way is due as soon as that is delivered", () => {
  const rig = ledgerRig();
  const underWay = rig.tick(0, BAD);
  rig.tick(30, GOOD);
  rig.deliver(underWay);
  const [recovery] = rig.judge(30);
  assert.deepEqual([recovery?.kind, recovery?.span], ["recovery", { since: at(0), until: at(30) }]);
  rig.deliver(rig.judge(30));
  assert.equal(rig.size(), 0);
});

test("a new incident while the recovery is under way alerts after that", () => {
  const rig = ledgerRig();
  rig.deliver(rig.tick(0, BAD));
  const underWay = rig.tick(30, GOOD);
  rig.tick(60, BAD);
  rig.deliver(underWay);
  const [alert] = rig.judge(60);
  assert.deepEqual([alert?.kind, alert?.span.since, alert?.earlier], ["alert", at(60), []]);
});

test("a new incident while a missed one is under way alerts after that", () => {
  const rig = ledgerRig();
  rig.tick(0, BAD);
  const underWay = rig.tick(30, GOOD);
  rig.tick(60, BAD);
  rig.deliver(underWay);
  assert.deepEqual(
    rig.judge(60).map(({ kind, earlier }) => [kind, earlier.length]),
    [["alert", 0]],
  );
});

test("a short recovery while the alert is under way is not lost: the next message lists it", () => {
  const rig = ledgerRig();
  const underWay = rig.tick(0, BAD);
  rig.tick(30, GOOD);
  rig.tick(60, BAD);
  rig.deliver(underWay);
  assert.deepEqual(rig.judge(60), []);
  const [recovery] = rig.tick(90, GOOD);
  assert.deepEqual(recovery?.earlier, [{ since: at(0), until: at(30) }]);
});

test("episodes left out while a message is under way are counted in the next one", () => {
  const rig = ledgerRig();
  const flap = (from: number, to: number): void => {
    for (let round = from; round < to; round += 1) {
      rig.tick(round * 60, BAD);
      rig.tick(round * 60 + 30, GOOD);
    }
  };
  flap(0, 10);
  const underWay = rig.judge(600);
  const first = underWay[0];
  flap(10, 30);
  rig.deliver(underWay);
  const [second] = rig.judge(1800);
  const told = (first?.earlier.length ?? 0) + (first?.skipped ?? 0) + 1;
  assert.equal(told, 10);
  assert.equal((second?.earlier.length ?? 0) + (second?.skipped ?? 0) + 1, 20);
});

test("edges add up until they are told, and say since when", () => {
  const rig = ledgerRig();
  rig.tick(0, edgeOf(1));
  rig.tick(30, edgeOf(0, "quiet"));
  const [notice] = rig.tick(60, edgeOf(2, "failed by 2"));
  assert.deepEqual(
    [notice?.kind, notice?.count, notice?.due, notice?.detail],
    ["edge", 3, momentAt(0), saidOf("failed by 2")],
  );
  rig.deliver(rig.judge(60));
  assert.equal(rig.size(), 0);
});

test("an edge keeps the words of the tick in which something happened", () => {
  const rig = ledgerRig();
  rig.tick(0, edgeOf(1, "failed is now 4"));
  assert.deepEqual(rig.tick(30, edgeOf(0, "no new failures"))[0]?.detail, saidOf("failed is now 4"));
  assert.deepEqual(rig.tick(60)[0]?.detail, saidOf("failed is now 4"));
});

test("an edge has no recovery and no repetition, and each new occurrence is told", () => {
  const rig = ledgerRig();
  assert.deepEqual(rig.told(0, edgeOf(1)), ["edge job_failed"]);
  assert.deepEqual(rig.told(COOLDOWN_S * 3, edgeOf(0)), []);
  assert.deepEqual(rig.told(COOLDOWN_S * 3 + 30, edgeOf(1)), ["edge job_failed"]);
});

test("occurrences while the message of earlier ones is under way are told after it, and only they", () => {
  const rig = ledgerRig();
  const underWay = rig.tick(0, edgeOf(2));
  rig.tick(30, edgeOf(3));
  rig.deliver(underWay);
  const [notice] = rig.judge(30);
  assert.equal(notice?.count, 3);
  rig.deliver(rig.judge(30));
  assert.equal(rig.size(), 0);
});
