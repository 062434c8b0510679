import assert from "node:assert/strict";
import test from "node:test";
import { deliverAll, judgeAll, type Ledger, observeAll } from "../../../watchdog/decide/ledger.ts";
import { isOpen, type NoticeKind } from "../../../watchdog/decide/notice.ts";
import { edgeOf, PLAIN_RULES, signalOf } from "../../helpers/drivers/ledger-rig.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";

const LIMIT = { timeout: 5000 };
const fields = (notice: object | undefined): string[] => Object.keys(notice ?? {}).sort();
const COMMON = ["detail", "due", "id", "judged", "kind", "span", "title", "topic"];

test("a notice has what its kind has, and nothing that stands for nothing", LIMIT, () => {
  let ledger: Ledger = new Map();
  const bad = signalOf(true, { cause: "the disk is full" });
  const tick = (atMs: number, ...signals: Parameters<typeof observeAll>[1]) => {
    ledger = observeAll(ledger, signals, momentAt(atMs), PLAIN_RULES);
    return judgeAll(ledger, momentAt(atMs), PLAIN_RULES);
  };
  const [happened] = tick(0, edgeOf(2));
  assert.deepEqual(fields(happened), [...COMMON, "count"].sort());
  ledger = new Map();
  const [alert] = tick(0, bad);
  assert.deepEqual(fields(alert), [...COMMON, "cause", "earlier", "skipped", "throughSeq"].sort());
  // It ended before it was told, and it ended after.
  const [missed] = tick(30_000, signalOf(false));
  assert.deepEqual(fields(missed), [...COMMON, "cause", "earlier", "skipped", "throughSeq"].sort());
  ledger = new Map();
  const told = tick(0, bad);
  ledger = deliverAll(ledger, told, 1);
  const [recovery] = tick(30_000, signalOf(false, { cause: "is no cause any more" }));
  assert.deepEqual(
    [recovery?.kind, fields(recovery)],
    ["recovery", [...COMMON, "earlier", "skipped", "throughSeq"].sort()],
  );
});

test("a notice tells of something that is bad now, or of something that is over", LIMIT, () => {
  const openOf = (kind: NoticeKind, open: boolean): boolean => isOpen(noticeOf({ kind, open }));
  for (const open of [true, false]) {
    for (const kind of ["alert", "realert"] as const) assert.equal(openOf(kind, open), true, kind);
    for (const kind of ["recovery", "missed", "edge", "info"] as const) assert.equal(openOf(kind, open), false, kind);
    for (const kind of ["flapping", "settled"] as const) assert.equal(openOf(kind, open), open, kind);
  }
});
