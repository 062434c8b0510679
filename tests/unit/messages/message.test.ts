import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { worstFirst } from "../../../watchdog/decide/severity.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { nextMessage } from "../../../watchdog/messages/message.ts";
import { renderAll } from "../../../watchdog/messages/render.ts";
import { MAX_LENGTH, textOf } from "../../../watchdog/messages/text.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { type NoticeChanges, noticeOf } from "../../helpers/fakes/notice.ts";

process.env["TZ"] = "UTC";
const MIN = 60_000;

function partsOf(notices: readonly Notice[], code: "ru" | "en" = "en", lateMs = 0, awayUntilMs?: number) {
  const at = momentAt(0);
  const late = notices.map((notice) => ({ ...notice, due: momentAt(-lateMs) }));
  return nextMessage(renderAll(worstFirst(late), { host: "box", lang: LANGS[code], ...at }), {
    lang: LANGS[code],
    monoMs: at.monoMs,
    away: awayUntilMs === undefined ? undefined : { service: "Telegram", untilMs: awayUntilMs },
  });
}
const textsOf = (...args: Parameters<typeof partsOf>): string[] =>
  partsOf(...args).map(({ blocks }) => textOf(blocks).plain);

const containers = (count: number, changes: (index: number) => NoticeChanges = () => ({})): Notice[] =>
  Array.from({ length: count }, (_, index) =>
    noticeOf({
      id: `c${index}`,
      key: `container:svc-${index}`,
      title: `Container svc-${index}`,
      detail: "State: stopped.\nWhat to do: docker logs svc-0",
      ...changes(index),
    }),
  );

test("what is worst comes first: critical, alerts, flapping, re-alerts, recoveries, information; equals as they came", {
  timeout: 10_000,
}, () => {
  const of = (id: string, kind: Notice["kind"], changes: Partial<Notice> = {}): Notice =>
    noticeOf({ id, key: id, kind, open: kind === "alert" || kind === "realert", ...changes });
  const mixed = [
    of("info", "info"),
    of("recovery", "recovery"),
    of("missed", "missed"),
    of("realert", "realert"),
    of("flapping", "flapping"),
    of("edge", "edge"),
    of("alert", "alert"),
    of("settled well", "settled"),
    of("settled badly", "settled", { open: true }),
    of("orchestrator_down", "realert"),
    of("disk_crit:data", "alert"),
    of("disk_crit:root", "recovery"),
  ];
  assert.deepEqual(
    worstFirst(mixed).map(({ id }) => id),
    [
      "orchestrator_down",
      "disk_crit:data",
      "edge",
      "alert",
      "settled badly",
      "flapping",
      "realert",
      "recovery",
      "missed",
      "settled well",
      "disk_crit:root",
      "info",
    ],
  );
});

const MIXED = [
  ...containers(9, () => ({ kind: "recovery", open: false })),
  noticeOf({ id: "o", key: "orchestrator_down", title: "Orchestrator down" }),
  noticeOf(),
];

test("a message that mixes begins with the number of each mark, and how long the channel was away", {
  timeout: 10_000,
}, () => {
  assert.match(textsOf(MIXED)[0] ?? "", /^🔴 2 · 🟢 9\n\n🔴 box · Orchestrator down\n/);
  assert.match(textsOf(MIXED, "en", 13 * MIN, Infinity)[0] ?? "", /^🔴 2 · 🟢 9 · Telegram was away 13 min\n\n🔴/);
  assert.match(
    textsOf(MIXED, "ru", 13 * MIN, Infinity)[0] ?? "",
    /^🔴 2 · 🟢 9 · Telegram был недоступен 13 мин\n\n🔴/,
  );
  assert.match(textsOf(MIXED, "en", 125 * MIN, Infinity)[0] ?? "", / · Telegram was away 2 h 5 min\n/);
});

test("what waited for another reason is late, and Telegram was not away", { timeout: 10_000 }, () => {
  assert.match(textsOf(MIXED, "en", 2 * MIN)[0] ?? "", /^🔴 2 · 🟢 9 · 2 min late\n/);
  assert.match(textsOf(MIXED, "ru", 2 * MIN)[0] ?? "", /^🔴 2 · 🟢 9 · с опозданием на 2 мин\n/);
  assert.match(
    textsOf(MIXED, "en", 2 * MIN, momentAt(-5 * MIN).monoMs)[0] ?? "",
    / · 2 min late\n/,
    "it became due after the channel was back",
  );
});

test("lateness stands once in a message of one kind too, and below a minute not at all", { timeout: 10_000 }, () => {
  assert.match(
    textsOf([noticeOf()], "en", 12 * MIN)[0] ?? "",
    /^🔴 box · Disk root\n91% used\nSince 03:04:05 UTC\.\nDelivered 12 minutes late\.$/,
  );
  assert.match(textsOf([noticeOf()], "ru", 61_000)[0] ?? "", /\nДоставлено с опозданием на 1 минуту 1 секунду\.$/);
  assert.doesNotMatch(textsOf([noticeOf()], "en", 59_999)[0] ?? "", /late/);
  assert.match(
    textsOf(containers(3), "en", 12 * MIN)[0] ?? "",
    /^🔴 box · Container svc-0\n[\s\S]+\n\nDelivered up to 12 minutes late\.$/,
  );
  assert.equal((textsOf(containers(3), "en", 12 * MIN)[0] ?? "").match(/late/g)?.length, 1);
});

test("a storm of 2,000 different failures is three messages, then a number and where to see the rest", {
  timeout: 10_000,
}, () => {
  const storm = containers(2000, (index) => ({
    detail: `State: running, but unhealthy.\nHealth check: error number ${index} & more <of> it\nWhat to do: docker logs svc-0`,
  }));
  for (const [code, rest] of [
    ["en", /\n… and (\d+) more; the status page and the command `once` name them all\.\nWhat to do: /],
    ["ru", /\n… и ещё (\d+); все названы на странице статуса и в выводе команды `once`\.$/m],
  ] as const) {
    const parts = partsOf(storm, code, 2 * MIN);
    assert.equal(parts.length, 3);
    const names = parts.map(({ blocks }) => new Set(textOf(blocks).plain.match(/^• svc-\d+/gm)));
    assert.equal(
      names[0] &&
        names[1] &&
        names[2] &&
        names[0].size + names[1].size + names[2].size + Number(rest.exec(textOf(parts[2]?.blocks ?? []).plain)?.[1]),
      2000,
    );
    assert.deepEqual(
      parts.slice(0, 2).map(({ notices }) => notices.length),
      names.slice(0, 2).map(({ size }) => size),
      "each part tells what it shows",
    );
    assert.equal(new Set(parts.flatMap(({ notices }) => notices)).size, 2000, "the rest is told with the last");
    for (const { blocks } of parts) assert.ok(textOf(blocks).html.length <= MAX_LENGTH);
  }
});

test("each part of a card says how late it is at the moment it is sent, once, and is within the limit", {
  timeout: 10_000,
}, () => {
  const storm = containers(2000, (index) => ({
    detail: `State: running, but unhealthy.\nHealth check: error number ${index} & more <of> it\nWhat to do: docker logs svc-0`,
  }));
  const late = { en: /\nDelivered 3 days 4 hours late\.$/g, ru: /\nДоставлено с опозданием на 3 дня 4 часа\.$/g };
  for (const code of ["en", "ru"] as const) {
    const parts = partsOf(storm, code);
    for (const { blocks, at } of parts) {
      assert.doesNotMatch(textOf(blocks).plain, late[code]);
      const sent = textOf(at?.(momentAt(76 * 60 * MIN).monoMs) ?? assert.fail("no moment of sending"));
      assert.equal(sent.plain.match(late[code])?.length, 1);
      assert.ok(sent.html.length <= MAX_LENGTH);
    }
  }
});

test("a card of two or three messages names everybody, and those of one state stay together", {
  timeout: 10_000,
}, () => {
  const parts = partsOf(
    containers(600, (index) => ({ detail: index % 2 === 0 ? "State: stopped." : "State: paused." })),
  );
  assert.ok(parts.length === 2 || parts.length === 3);
  const text = parts.map(({ blocks }) => textOf(blocks).plain).join("\n");
  assert.equal(new Set(text.match(/svc-\d+/g)).size, 600);
  assert.doesNotMatch(text, /more/);
  assert.ok((text.match(/^•/gm) ?? []).length <= 5);
});

test("a storm of what has a longer story, or flaps, is bounded too", { timeout: 10_000 }, () => {
  const again = containers(2000, (index) => ({
    earlier: [{ since: momentAt((index - 3000) * MIN), until: momentAt((index - 2999) * MIN) }],
  }));
  const flapping = containers(2000, (index) => ({ kind: "flapping", flap: { count: 6 + index, lastedMs: MIN } }));
  for (const storm of [again, flapping]) {
    assert.equal(renderAll(storm, { host: "box", lang: LANGS.en, ...momentAt(0) }).length, 1);
    assert.equal(partsOf(storm).length, 3);
  }
});

test("one long notice is three messages at most, and says that something is left out", { timeout: 10_000 }, () => {
  const [whole, cut] = [8000, 80_000].map((length) => partsOf([noticeOf({ detail: "word ".repeat(length / 5) })]));
  assert.deepEqual([whole?.length, cut?.length], [3, 3]);
  const last = textOf(cut?.[2]?.blocks ?? []);
  assert.match(
    last.plain,
    /^🔴 box · Disk root \(3\/3\)\n[\s\S]+\n… The rest is left out here: see the status page, or run the command `once`\.$/,
  );
  assert.ok(last.html.length <= MAX_LENGTH);
  assert.deepEqual(
    cut?.map(({ notices }) => notices.length),
    [0, 0, 1],
  );
});
