import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { bootOccurrence } from "../../../watchdog/signals/boot.ts";
import type { Damped, DampState } from "../../../watchdog/signals/damping.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

const BOOTED_AT_MS = momentAt(0).wallMs;
const back = (name: string, everGood: boolean, family = "docker"): [string, Damped] => [
  name,
  {
    family,
    everGood,
    bad: 0,
    good: 0,
    signal: {
      topic: { kind: "container", subject: name },
      title: `Container ${name}`,
      detail: { facts: [] },
      active: false,
    },
  },
];
const detailOf = (state: DampState, graceOver: boolean): string | undefined =>
  bootOccurrence(BOOTED_AT_MS, state, graceOver, LANGS.en, momentAt(60_000))?.detail.facts.join("\n");
const ends = (text: string): RegExp => new RegExp(`${text}\\.$`);

test("what is missing is named, as many as fifty; of the rest their number is", { timeout: 5000 }, () => {
  const missing = (count: number): string =>
    detailOf(new Map(Array.from({ length: count }, (_, at) => back(`c${at}`, false))), true) ?? "";
  assert.match(missing(1), ends("0 of 1 back after 1 minute; missing: Container c0"));
  assert.match(missing(50), ends("Container c48, Container c49"));
  assert.match(missing(53), ends("Container c48, Container c49 and 3 more"));
});

test("it is told once all are back, or the grace is over; what is neither container nor dependency is not awaited", {
  timeout: 5000,
}, () => {
  const half = new Map([back("a", true), back("b", false), back("disk", false, "disk")]);
  assert.equal(detailOf(half, false), undefined);
  assert.match(detailOf(half, true) ?? "", ends("1 of 2 back after 1 minute; missing: Container b"));
  assert.match(
    detailOf(new Map([back("a", true), back("d", true, "deps"), back("disk", false, "disk")]), false) ?? "",
    ends("2 of 2 back after 1 minute"),
  );
  assert.equal(detailOf(new Map(), false), undefined, "nothing was seen yet");
});
