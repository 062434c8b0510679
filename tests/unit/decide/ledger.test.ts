import assert from "node:assert/strict";
import test from "node:test";
import { saidOf, shown } from "../../helpers/drivers/detail.ts";
import { COOLDOWN_S, edgeOf, ledgerRig, PLAIN_RULES, signalOf } from "../../helpers/drivers/ledger-rig.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const BAD = signalOf(true);
const GOOD = signalOf(false);

test("an incident is told once, again after each cooldown, and once when it is over", () => {
  const rig = ledgerRig();
  assert.deepEqual(rig.told(0, BAD), ["alert disk:root"]);
  assert.deepEqual(rig.told(30, BAD), []);
  assert.deepEqual(rig.told(COOLDOWN_S - 1, BAD), []);
  assert.deepEqual(rig.told(COOLDOWN_S, BAD), ["realert disk:root"]);
  assert.deepEqual(rig.told(2 * COOLDOWN_S - 1, BAD), []);
  assert.deepEqual(rig.told(2 * COOLDOWN_S, BAD), ["realert disk:root"]);
  assert.deepEqual(rig.told(2 * COOLDOWN_S + 30, GOOD), ["recovery disk:root"]);
  assert.deepEqual(rig.told(2 * COOLDOWN_S + 60, GOOD), []);
  assert.equal(rig.size(), 0);
});

test("what is good takes no place in the ledger", () => {
  const rig = ledgerRig();
  assert.deepEqual(rig.tick(0, GOOD, edgeOf(0)), []);
  assert.equal(rig.size(), 0);
});

test("told does not move by judging, only by delivery", () => {
  const rig = ledgerRig();
  for (const atS of [0, 30, 60])
    assert.deepEqual(
      rig.tick(atS, BAD).map(({ kind }) => kind),
      ["alert"],
    );
  assert.equal(rig.ledger().get("disk:root")?.told.alerting, false);
  rig.deliver(rig.judge(60));
  assert.deepEqual(rig.ledger().get("disk:root")?.told, {
    alerting: true,
    lastAlertAt: momentAt(60_000).monoMs,
    lastAlertWallMs: momentAt(60_000).wallMs,
  });
  assert.deepEqual(rig.judge(90), []);
});

test("the cooldown counts from the moment the delivered message was judged", () => {
  const rig = ledgerRig();
  rig.tick(0, BAD);
  rig.deliver(rig.tick(600, BAD));
  assert.deepEqual(rig.tick(600 + COOLDOWN_S - 1, BAD), []);
  assert.equal(rig.tick(600 + COOLDOWN_S, BAD).length, 1);
});

test("a signal's own cooldown wins over the general one", () => {
  const rig = ledgerRig();
  const own = signalOf(true, { cooldownS: 60 });
  rig.told(0, own);
  assert.deepEqual(rig.told(59, own), []);
  assert.deepEqual(rig.told(60, own), ["realert disk:root"]);
});

test("a notice says since when, and until when or as of when, by both clocks", () => {
  const rig = ledgerRig();
  const since = momentAt(-60_000);
  rig.deliver(rig.tick(0, signalOf(true, { since })));
  const [realert] = rig.tick(COOLDOWN_S, signalOf(true, { since }));
  assert.deepEqual([realert?.judged, realert?.span], [momentAt(1_800_000), { since }]);
  rig.deliver(rig.tick(COOLDOWN_S, signalOf(true, { since })));
  const [recovery] = rig.tick(COOLDOWN_S + 30, GOOD);
  assert.deepEqual(recovery?.span, { since, until: momentAt(1_830_000) });
});

test("an alert carries the newest text, a recovery the text of the good reading", () => {
  const rig = ledgerRig();
  rig.tick(0, signalOf(true, { detail: "91 %" }));
  assert.deepEqual(rig.tick(30, signalOf(true, { detail: "95 %" }))[0]?.detail, saidOf("95 %"));
  rig.deliver(rig.judge(30));
  assert.deepEqual(rig.tick(60, signalOf(false, { detail: "40 %" }))[0]?.detail, saidOf("40 %"));
});

test("an alert that recovered before it could be told becomes one message that tells both", () => {
  const rig = ledgerRig();
  rig.tick(0, BAD);
  const notices = rig.tick(30, GOOD);
  assert.deepEqual(
    notices.map(({ kind, detail, span }) => [kind, shown(detail), span.until]),
    [["missed", "full", momentAt(30_000)]],
  );
  rig.deliver(notices);
  assert.equal(rig.size(), 0);
});

test("a recovery that could not be told, and an incident that is back, is still one incident to the operator", () => {
  const rig = ledgerRig();
  rig.deliver(rig.tick(0, BAD));
  assert.deepEqual(
    rig.tick(30, GOOD).map(({ kind }) => kind),
    ["recovery"],
  );
  assert.deepEqual(rig.tick(60, BAD), []);
  const [realert] = rig.tick(COOLDOWN_S, BAD);
  assert.deepEqual(
    [realert?.kind, realert?.earlier, realert?.span],
    ["realert", [{ since: momentAt(0), until: momentAt(30_000) }], { since: momentAt(60_000) }],
  );
});

test("what vanished while alerting recovers once, then is forgotten", () => {
  const rig = ledgerRig();
  rig.told(0, BAD);
  assert.deepEqual(rig.told(30, signalOf(false, { detail: "gone" })), ["recovery disk:root"]);
  assert.equal(rig.size(), 0);
  rig.told(60, BAD);
  assert.deepEqual(rig.told(90), ["recovery disk:root"]);
  assert.equal(rig.size(), 0);
});

test("what vanished and could not be told stays until it is told", () => {
  const rig = ledgerRig();
  rig.deliver(rig.tick(0, BAD));
  for (const atS of [30, 60, 9000])
    assert.deepEqual(
      rig.tick(atS).map(({ kind }) => kind),
      ["recovery"],
    );
  rig.deliver(rig.judge(9000));
  assert.equal(rig.size(), 0);
});

test("a frozen signal never alerts again, and its recovery waits until it can be read", () => {
  const rig = ledgerRig();
  rig.told(0, BAD);
  for (const times of [1, 2, 5]) assert.deepEqual(rig.told(times * COOLDOWN_S, signalOf(true, { frozen: true })), []);
  assert.deepEqual(rig.told(6 * COOLDOWN_S, BAD), ["realert disk:root"]);
  assert.deepEqual(rig.told(6 * COOLDOWN_S + 30, GOOD), ["recovery disk:root"]);
});

test("an alert that froze before it could be told is still told", () => {
  const rig = ledgerRig();
  rig.tick(0, BAD);
  assert.deepEqual(rig.told(30, signalOf(true, { frozen: true })), ["alert disk:root"]);
});

test("two entities under one key are told apart", () => {
  const rig = ledgerRig();
  const process = (entity: string, active: boolean) => signalOf(active, { key: "proc_blocking:9", entity });
  assert.deepEqual(rig.told(0, process("9:100", true)), ["alert proc_blocking:9"]);
  assert.deepEqual(rig.told(30, process("9:200", true), process("9:100", false)).sort(), [
    "alert proc_blocking:9",
    "recovery proc_blocking:9",
  ]);
  assert.deepEqual(rig.told(60, process("9:200", true)), []);
});

test("notices come oldest first", () => {
  const rig = ledgerRig();
  rig.tick(0, signalOf(true, { key: "b" }));
  rig.tick(30, signalOf(true, { key: "a" }), signalOf(true, { key: "b" }));
  assert.deepEqual(
    rig.judge(30).map(({ topic }) => topic.subject),
    ["b", "a"],
  );
});

test("a delivery of something the ledger no longer knows changes nothing", () => {
  const rig = ledgerRig();
  const notices = rig.tick(0, BAD);
  rig.deliver(notices);
  rig.deliver(rig.tick(30, GOOD));
  rig.deliver(notices);
  assert.equal(rig.size(), 0);
});

test("what follows from an orchestrator that is down is a reply to that; a job that failed before then is not", () => {
  const rig = ledgerRig({ ...PLAIN_RULES, causeIds: ["orchestrator_down"] });
  rig.tick(0, edgeOf(1), signalOf(true, { key: "queue_stalled" }));
  const down = signalOf(true, { key: "orchestrator_down" });
  rig.deliver(rig.tick(30, down).filter(({ topic }) => topic.kind === "orchestrator_down"));
  assert.deepEqual(
    rig.judge(60).map(({ topic, consequenceOf }) => [topic.kind, consequenceOf]),
    [
      ["job_failed", undefined],
      ["queue_stalled", {}],
    ],
  );
});
