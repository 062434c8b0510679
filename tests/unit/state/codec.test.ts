import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeAll } from "../../../watchdog/decide/ledger.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import type { Detail } from "../../../watchdog/lang/detail.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { renderAll } from "../../../watchdog/messages/render.ts";
import { decodeState, encodeState, stateSignature } from "../../../watchdog/state/codec.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { PLAIN_RULES } from "../../helpers/drivers/ledger-rig.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";

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

const OLD = {
  en: "State: stopped (exited).\nExit code: 1.\nWhat to do: docker logs --tail 50 web",
  ru: "Состояние: остановлен.\nКод выхода: 1.\nЧто делать: docker logs --tail 50 web",
};
const ended = (detail: string): object =>
  entry("container:web", {
    detail,
    active: false,
    told: { alerting: false },
    episodes: [{ seq: 1, since: SINCE, flagged: SINCE, until: NOW.wallMs, cleared: NOW.wallMs, detail }],
  });
const withEntries = (...entries: readonly object[]): string =>
  documentOf().replace('"ledger":[]', () => `"ledger":${JSON.stringify(entries)}`);

test("a text of the first versions is read as what it says, and shown as it was", LIMIT, () => {
  for (const code of ["en", "ru"] as const) {
    const [saved] = decodeState(withEntries(ended(OLD[code])), NOW).ledger.values();
    assert.deepEqual(saved?.detail, {
      facts: OLD[code].split("\n").slice(0, 2),
      advice: "docker logs --tail 50 web",
    });
    assert.equal(shown(saved.detail, LANGS[code]), OLD[code]);
    // What is over needs no advice.
    const notices = judgeAll(new Map([["container:web", saved]]), NOW, PLAIN_RULES);
    const [block] = renderAll(notices, { host: "box", lang: LANGS[code], ...NOW });
    assert.match(block?.block.body ?? "", /(Exit code|Код выхода): 1\.$/);
  }
});

test("a text keeps its parts over a restart, and stands in the document as the first versions read it", LIMIT, () => {
  const details: readonly Detail[] = [
    { facts: [] },
    { facts: ["one", "two"] },
    { facts: ["one"], advice: "look at it" },
    { facts: ["one"], command: "docker start web" },
    { facts: ["one", "two"], advice: "look", command: "docker logs web" },
  ];
  const [known] = decodeState(documentOf("disk:root"), NOW).ledger.values();
  const [damping] = decodeState(documentOf("disk:root"), NOW).damping.values();
  assert.ok(known && damping);
  for (const detail of details) {
    const episodes = known.episodes.map((episode) => ({ ...episode, detail }));
    const text = encodeState({
      ...decodeState(documentOf(), NOW),
      ledger: new Map([["disk:root", { ...known, detail, episodes }]]),
      damping: new Map([["disk:root", { ...damping, reason: detail, signal: { ...damping.signal, detail } }]]),
    });
    const again = decodeState(text, NOW);
    assert.deepEqual(
      [again.ledger, again.damping]
        .map((map) => map.get("disk:root"))
        .map((one) => one && ("signal" in one ? one.signal : one).detail),
      [detail, detail],
    );
    assert.deepEqual(again.ledger.get("disk:root")?.episodes[0]?.detail, detail);
    const { ledger } = JSON.parse(text) as { readonly ledger: readonly Readonly<Record<string, unknown>>[] };
    assert.equal(ledger[0]?.["detail"], detail.facts.join("\n"));
  }
});

test("words that change from tick to tick are no reason to write the document anew", LIMIT, () => {
  const saved = decodeState(documentOf("disk:root"), NOW);
  const [known] = saved.ledger.values();
  assert.ok(known);
  const signature = (detail: Detail): string =>
    stateSignature(encodeState({ ...saved, ledger: new Map([["disk:root", { ...known, detail }]]) }));
  assert.equal(
    signature({ facts: ["91 %"], advice: "see /a", command: "du /a" }),
    signature({ facts: ["92 %"], advice: "see /b", command: "du /b" }),
  );
});
