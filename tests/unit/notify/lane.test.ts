import assert from "node:assert/strict";
import test from "node:test";
import type { SendResult } from "../../../watchdog/notify/channel.ts";
import {
  asked,
  broken,
  type Draft,
  forget,
  formOf,
  type Lane,
  NEW_LANE,
  nextOf,
  SUMMARY_ID,
  settled,
  waitMs,
} from "../../../watchdog/notify/lane.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";

const MIN = 60_000;
const HTML_FIRST = ["html", "plain"] as const;
const at = (monoMs: number) => ({ monoMs, wallMs: monoMs });
const draftOf = (...ids: string[]): Draft => ({ ids, blocks: [], notices: [], silent: false });
const after = (lane: Lane, result: SendResult, now: number, ids = ["a"], left: readonly Draft[] = []): Lane =>
  settled(lane, HTML_FIRST, result, draftOf(...ids), left, at(now), () => 0.5);
const RETRY = { kind: "retry", reason: "503" } as const;
const REJECTED = { kind: "rejected", reason: "400" } as const;
const OPERATOR = { kind: "operator", reason: "401" } as const;
const DELIVERED = { kind: "delivered" } as const;

test("a lane with nothing to send waits for nothing, and a new one sends at once", () => {
  assert.equal(waitMs(NEW_LANE, 20, [], 0), undefined);
  assert.equal(waitMs(NEW_LANE, 20, ["a"], 0), 0);
});

test("failures in a row wait longer and longer, and one delivery ends that", () => {
  let lane = after(NEW_LANE, RETRY, 0);
  assert.equal(waitMs(lane, undefined, ["a"], 0), 1000);
  lane = after(lane, RETRY, 1000);
  assert.equal(waitMs(lane, undefined, ["a"], 1000), 2000);
  assert.deepEqual([lane.failures, lane.lastError, lane.failingSince], [2, "503", at(0)]);
  lane = after(lane, DELIVERED, 3000);
  assert.deepEqual([lane.failures, lane.lastError, lane.failingSince, lane.backAtMs], [0, null, undefined, 3000]);
  assert.equal(after(NEW_LANE, DELIVERED, 5).backAtMs, undefined, "it was never away");
});

test("a rate limit is obeyed, at least for a second; of a long one the channel is asked each hour", () => {
  const limit = (afterMs: number): Lane => after(NEW_LANE, { ...RETRY, afterMs }, 0);
  assert.equal(waitMs(limit(7000), undefined, ["a"], 0), 7000);
  assert.equal(waitMs(limit(1), undefined, ["a"], 0), 1000);
  const long = limit(5 * 60 * MIN);
  assert.equal(waitMs(long, undefined, ["a"], 0), 60 * MIN);
  assert.equal(waitMs(asked(long, DELIVERED, 60 * MIN), undefined, ["a"], 60 * MIN), 0);
  assert.equal(waitMs(asked(long, { ...RETRY, afterMs: 9000 }, 60 * MIN), undefined, ["a"], 60 * MIN), 9000);
  const silent = asked(long, RETRY, 60 * MIN);
  assert.deepEqual([silent.limitUntil, silent.askAt], [5 * 60 * MIN, 120 * MIN], "the limit stands, it is asked again");
});

test("what only the operator can mend is tried every five minutes", () => {
  assert.equal(waitMs(after(NEW_LANE, OPERATOR, 0), undefined, ["a"], 0), 5 * MIN);
});

test("a refused message is tried in the next form, then held alone while others pass", () => {
  const once = after(NEW_LANE, REJECTED, 0);
  assert.deepEqual([formOf(NEW_LANE, HTML_FIRST, ["a"]), formOf(once, HTML_FIRST, ["a"])], ["html", "plain"]);
  assert.equal(formOf(once, HTML_FIRST, ["b"]), "html");
  const twice = after(once, REJECTED, 0);
  assert.equal(waitMs(twice, undefined, ["a"], 0), 5 * MIN);
  assert.equal(waitMs(twice, undefined, ["a", "b"], 0), 0);
  assert.equal(settled(NEW_LANE, ["plain"], REJECTED, draftOf("a"), [], at(0), () => 0.5).held.get("a"), 5 * MIN);
});

test("of a refused message that tells several, each half is tried by itself", () => {
  const notices = ["a", "b", "c", "d"].map((id) => noticeOf({ id, key: `container:${id}` }));
  const lane = after(after(NEW_LANE, REJECTED, 0, ["a", "b", "c", "d"]), REJECTED, 0, ["a", "b", "c", "d"]);
  assert.deepEqual(nextOf(lane, notices, false, false, 0)?.ids, ["a", "b"]);
  assert.deepEqual(nextOf(after(lane, REJECTED, 0, ["a", "b"]), notices, false, false, 0)?.ids, ["a"]);
});

test("refusals slow the next sends down, but for a flush", () => {
  const lane = after(NEW_LANE, REJECTED, 0);
  assert.deepEqual([waitMs(lane, 20, ["a"], 0), waitMs(lane, 20, ["a"], 0, true)], [1000, 0]);
});

test("what was probably shown is held, and its other parts are not sent", () => {
  const lane = after(
    NEW_LANE,
    { ...RETRY, accepted: true, mayHaveArrived: true },
    0,
    ["a"],
    [draftOf("a"), draftOf("b")],
  );
  assert.deepEqual([lane.held.get("a"), lane.rest.map(({ ids }) => ids)], [5 * MIN, [["b"]]]);
  assert.deepEqual([lane.failures, lane.sentAt], [0, [0]]);
});

test("a fault of our own holds the one notice that makes it, and seeks it among several", () => {
  assert.equal(broken(NEW_LANE, ["a"], "x", at(0), () => 0.5).held.get("a"), 5 * MIN);
  const several = broken({ ...NEW_LANE, failures: 9, rest: [draftOf("a")] }, ["a", "b"], "x", at(0), () => 0.5);
  assert.deepEqual([several.suspects, several.rest, several.backoffUntil], [["a", "b"], [], 1000]);
  assert.equal(several.lastError, "internal fault: x");
});

test("the summary waits like a notice, and comes after what is midway", () => {
  const midway = { ...NEW_LANE, rest: [draftOf("a")] };
  assert.equal(nextOf(midway, [], true, false, 0)?.kind, "part");
  assert.equal(nextOf(NEW_LANE, [], true, false, 0)?.kind, "summary");
  const held = after(after(NEW_LANE, REJECTED, 0, [SUMMARY_ID]), REJECTED, 0, [SUMMARY_ID]);
  assert.equal(nextOf(held, [], true, false, 0), undefined);
  assert.equal(waitMs(held, undefined, [SUMMARY_ID], 0), 5 * MIN);
});

test("a channel that takes one notice a message gets the first of those that are due", () => {
  const notices = ["a", "b"].map((id) => noticeOf({ id, key: `container:${id}` }));
  assert.deepEqual(nextOf(NEW_LANE, notices, false, true, 0)?.ids, ["a"]);
});

test("what is gone leaves no mark", () => {
  const lane: Lane = {
    ...NEW_LANE,
    held: new Map([["a", 1]]),
    refusedForms: new Map([["a", 1]]),
    suspects: ["a", "b"],
    rest: [draftOf("a"), draftOf("b")],
  };
  const left = forget(lane, (id) => id === "a");
  assert.deepEqual([left.held.size, left.refusedForms.size, left.suspects, left.rest], [0, 0, ["b"], []]);
  assert.equal(forget(lane, (id) => id === "c").rest.length, 2);
});
