import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf } from "../../watchdog/kinds.ts";
import { decodeState, encodeState } from "../../watchdog/state/codec.ts";
import { momentAt } from "../helpers/signal-rig.ts";

const LIMIT = { timeout: 5000 };
const NOW = momentAt(0);
const SINCE = NOW.wallMs - 60_000;
const entry = (key: string, more: object = {}): object => ({
  key,
  title: key,
  detail: "bad",
  active: true,
  frozen: false,
  told: { alerting: true, lastAlertWallMs: SINCE },
  episodes: [{ seq: 1, since: SINCE, flagged: SINCE, detail: "bad" }],
  skipped: 0,
  nextSeq: 2,
  changes: [],
  ...more,
});
const damped = (key: string): object => ({
  family: "disk",
  everGood: true,
  signal: { key, title: key, detail: "bad", active: true, since: SINCE },
});
const documentOf = (...keys: readonly string[]): string =>
  JSON.stringify({
    format: "watchdog-state",
    version: 1,
    telegram: {},
    counted: { agents: [], restarts: [] },
    ledger: keys.map((key) => entry(key)),
    damping: keys.map(damped),
  });

test("what the document calls by its key is a topic here, and is written by its key again", LIMIT, () => {
  const keys = ["disk:root", "host_mem", "container:a:b"];
  const saved = decodeState(documentOf(...keys), NOW);
  assert.deepEqual(
    [...saved.ledger.values()].map(({ topic }) => keyOf(topic)),
    keys,
  );
  const written = JSON.parse(encodeState(saved)) as Record<"ledger" | "damping", readonly Record<string, unknown>[]>;
  assert.deepEqual(
    written.ledger.map(({ key }) => key),
    keys,
  );
  assert.deepEqual(
    written.damping.map(({ signal }) => (signal as { key: string }).key),
    keys,
  );
  assert.ok(written.ledger.every((one) => !("topic" in one)));
});

test("a kind that only a later version knows is left out, and costs nothing else", LIMIT, () => {
  const { ledger, damping } = decodeState(documentOf("disk:root", "solar_flare:sun", "host_mem"), NOW);
  assert.deepEqual(
    [[...ledger.keys()], [...damping.keys()]],
    [
      ["disk:root", "host_mem"],
      ["disk:root", "host_mem"],
    ],
  );
});

test("an information that was pending is one still, whether or not the document says so", LIMIT, () => {
  for (const tone of [{ tone: "info" }, {}]) {
    const edge = { edge: { count: 1, first: SINCE, ...tone } };
    const text = documentOf().replace('"ledger":[]', `"ledger":[${JSON.stringify(entry("mutes", edge))}]`);
    const [saved] = decodeState(text, NOW).ledger.values();
    assert.deepEqual([saved?.topic.kind, saved?.edge?.count], ["mutes", 1]);
  }
});
