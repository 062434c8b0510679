import assert from "node:assert/strict";
import test from "node:test";
import type { Moment } from "../../../watchdog/clock.ts";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { KIND_NAMES, KINDS } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { type RenderContext, renderAll, renderOne, renderSummary, STORM } from "../../../watchdog/messages/render.ts";
import { saidOf } from "../../helpers/drivers/detail.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { type NoticeChanges, noticeOf } from "../../helpers/fakes/notice.ts";

process.env["TZ"] = "UTC";

const moment = (minutes: number): Moment => momentAt(minutes * 60_000);
const at = (minutes: number): number => moment(minutes).wallMs;
const ENDED = { span: { since: moment(0), until: moment(12) }, open: false } as const;

const contextOf = (code: "ru" | "en" = "en", wallMs = at(12), host = "box"): RenderContext => ({
  host,
  lang: LANGS[code],
  ...momentAt(wallMs - at(0)),
});

function shown(code: "ru" | "en", changes: NoticeChanges, nowMs = at(12)): string {
  const { head, body } = renderOne(noticeOf(changes), contextOf(code, nowMs));
  return `${head}\n${body}`;
}

test("an alert has the red mark, host, title, detail and since when, with the zone", () => {
  assert.equal(shown("en", {}), "🔴 box · Disk root\n91% used\nSince 03:04:05 UTC.");
  assert.equal(shown("ru", { title: "Диск root" }), "🔴 box · Диск root\n91% used\nС 03:04:05 UTC.");
});

test("a re-alert says how long it has lasted", () => {
  assert.equal(
    shown("en", { kind: "realert", judged: momentAt(1_860_000) }),
    "🔁 box · Disk root\nLasting 31 minutes, since 03:04:05 UTC.\n91% used",
  );
  assert.equal(
    shown("ru", { kind: "realert", judged: momentAt(1_860_000) }),
    "🔁 box · Disk root\nДлится 31 минуту, с 03:04:05 UTC.\n91% used",
  );
});

test("a recovery says so in so many words, and how long it lasted", () => {
  assert.equal(
    shown("en", { kind: "recovery", detail: "40% used", ...ENDED }),
    "🟢 box · Disk root\nrecovered: it lasted 12 minutes (03:04:05 UTC – 03:16:05 UTC).\n40% used",
  );
  assert.equal(
    shown("ru", { kind: "recovery", detail: "40% used", ...ENDED }),
    "🟢 box · Disk root\nвосстановление: длилось 12 минут (03:04:05 UTC – 03:16:05 UTC).\n40% used",
  );
});

test("how long it lasted and the two times agree to the second", { timeout: 5000 }, () => {
  const recovered = (sinceMs: number, untilMs: number, lastedMs: number): string => {
    const now = { wallMs: untilMs, monoMs: moment(0).monoMs + lastedMs };
    const { body } = renderOne(
      noticeOf({
        kind: "recovery",
        span: { since: { wallMs: sinceMs, monoMs: moment(0).monoMs }, until: now },
        open: false,
      }),
      { ...contextOf(), ...now },
    );
    return body.split("\n")[0] ?? "";
  };
  // 59.98 s by the monotonic clock; the wall clock was slewed a little meanwhile.
  assert.equal(
    recovered(at(0) + 10, at(1) + 5, 59_980),
    "recovered: it lasted 1 minute (03:04:05 UTC – 03:05:05 UTC).",
  );
  assert.equal(
    recovered(at(0) + 990, at(1) + 10, 59_020),
    "recovered: it lasted 1 minute (03:04:05 UTC – 03:05:05 UTC).",
  );
  assert.equal(
    recovered(at(0) + 10, at(1) - 10, 59_980),
    "recovered: it lasted 59 seconds (03:04:05 UTC – 03:05:04 UTC).",
  );
  // The wall clock was set by an hour meanwhile: the length is true, the beginning is told by the clock that is right now.
  for (const step of [-60, 60])
    assert.equal(
      recovered(at(0), at(1 + step), 60_000),
      `recovered: it lasted 1 minute (0${3 + step / 60}:04:05 UTC – 0${3 + step / 60}:05:05 UTC).`,
    );
});

test("a card tells each name's own time where they are more than a minute apart", { timeout: 5000 }, () => {
  const card = (apartMs: number, changes: NoticeChanges = {}, code: "ru" | "en" = "en"): string => {
    const members = many(STORM, changes).map((notice, index) => {
      const until = changes.kind === "recovery" ? { until: moment(12) } : {};
      return { ...notice, span: { since: momentAt(index === 0 ? apartMs : 0), ...until }, judged: moment(12) };
    });
    return renderAll(members, contextOf(code))[0]?.block.body ?? "";
  };
  assert.equal(card(60_000), "Since 03:04:05 UTC.\n• c0, c1, c2, c3, c4, c5: State: stopped. more");
  assert.equal(
    card(61_000),
    `• c0 (since 03:05:06 UTC), ${[1, 2, 3, 4, 5].map((n) => `c${n} (since 03:04:05 UTC)`).join(", ")}: State: stopped. more`,
  );
  assert.match(card(61_000, {}, "ru"), /^• c0 \(с 03:05:06 UTC\), c1 \(с 03:04:05 UTC\)/);
  assert.match(
    card(61_000, { kind: "recovery", open: false }),
    /^recovered\. It lasted between 10 minutes and 12 minutes\.\nc0 \(03:05:06 UTC – 03:16:05 UTC\), c1 \(03:04:05 UTC – 03:16:05 UTC\)/,
  );
});

test("an incident that was missed is one message: from when to when, recovered, and the reason", () => {
  assert.equal(
    shown("en", { kind: "missed", ...ENDED }),
    "🟢 box · Disk root\nWas down 12 minutes (03:04:05 UTC – 03:16:05 UTC), recovered.\nThe reason was: 91% used",
  );
  assert.match(
    shown("ru", { kind: "missed", ...ENDED }),
    /^🟢 box · Disk root\nБыло плохо 12 минут \(.*\), восстановление.*\nПричина была: 91% used$/,
  );
});

test("an edge says how many, with the right plural", () => {
  assert.match(shown("en", { kind: "edge", count: 1 }), /^🔴 box · Disk root\n1 new failure\. 91% used$/);
  assert.match(shown("en", { kind: "edge", count: 3 }), /3 new failures\./);
  for (const [count, words] of [
    [1, "1 новое падение"],
    [3, "3 новых падения"],
    [5, "5 новых падений"],
    [21, "21 новое падение"],
    [11, "11 новых падений"],
  ] as const) {
    assert.ok(shown("ru", { kind: "edge", count }).includes(`\n${words}.`), words);
  }
});

test("earlier episodes are listed, and those left out counted", () => {
  const earlier = [
    { since: moment(-30), until: moment(-20) },
    { since: moment(-10), until: moment(-5) },
  ];
  assert.match(
    shown("en", { earlier, skipped: 3 }),
    /\nBefore that: 02:34:05 UTC – 02:44:05 UTC; 02:54:05 UTC – 02:59:05 UTC; and 3 times more\.$/,
  );
  assert.match(
    shown("ru", { earlier, skipped: 0 }),
    /\nДо этого: 02:34:05 UTC – 02:44:05 UTC; 02:54:05 UTC – 02:59:05 UTC\.$/,
  );
});

test("another day shows its date", () => {
  assert.match(shown("en", {}, at(60 * 24)), /Since 02 Jan 03:04:05 UTC\./);
});

test("a host or title with line ends cannot fake a second line", () => {
  const { head } = renderOne(noticeOf({ title: "a\nb\u202e" }), contextOf("en", at(0), "bo\nx"));
  assert.equal(head, "🔴 bo x · a b\ufffd");
});

const many = (count: number, changes: NoticeChanges = {}): Notice[] =>
  Array.from({ length: count }, (_, index) =>
    noticeOf({
      id: `container:c${index}`,
      key: `container:c${index}`,
      title: `Container c${index}`,
      detail: "State: stopped.\nmore",
      ...changes,
    }),
  );

test("fewer than six of one kind stay blocks of their own, six become one card that names them all", () => {
  assert.equal(renderAll(many(STORM - 1), contextOf()).length, 5);
  const rendered = renderAll(many(STORM), contextOf());
  assert.equal(rendered.length, 1);
  assert.equal(rendered[0]?.notices.length, 6);
  assert.equal(rendered[0]?.block.head, "🔴 box · Containers: 6");
  assert.match(rendered[0]?.block.body ?? "", /\n• c0, c1, c2, c3, c4, c5: State: stopped\. more$/);
});

test("a card of every kind of which there can be many has a heading in words", { timeout: 10_000 }, () => {
  const kinds = KIND_NAMES.filter((kind) => KINDS[kind].subject);
  for (const lang of [LANGS.ru, LANGS.en]) {
    for (const kind of kinds) {
      const notices = Array.from({ length: STORM }, (_, index) =>
        noticeOf({ id: `${kind}:${index}`, key: `${kind}:${index}` }),
      );
      const [card] = renderAll(notices, { ...contextOf(), lang });
      assert.match(card?.block.head ?? "", /^🔴 box · \p{Lu}[\p{L} ]+: 6$/u, `${kind} ${card?.block.head}`);
    }
  }
});

test("a card groups its names by reason, and cards never mix alerts with recoveries", () => {
  const alerts = many(3).concat(
    many(3, { detail: "State: paused." }).map((notice, index) => ({
      ...notice,
      id: `p${index}`,
      topic: { kind: "container", subject: `p${index}` } as const,
    })),
  );
  assert.match(
    renderAll(alerts, contextOf())[0]?.block.body ?? "",
    /\n• c0, c1, c2: State: stopped\. more\n• p0, p1, p2: State: paused\.$/,
  );
  const mixed = [...many(STORM), ...many(STORM, { kind: "recovery" })];
  const heads = renderAll(mixed, contextOf()).map(({ block }) => block.head.startsWith("🔴"));
  assert.deepEqual(heads, [true, false]);
});

test("a card's advice says whose it is, unless it is that of all", { timeout: 5000 }, () => {
  const lastLine = (code: "ru" | "en", adviceOf: (index: number) => string): string => {
    const members = many(STORM).map((notice, index) => ({
      ...notice,
      detail: saidOf(`State: stopped.\n${LANGS[code].messages.advice} ${adviceOf(index)}`),
    }));
    return renderAll(members, contextOf(code))[0]?.block.body.split("\n").at(-1) ?? "";
  };
  assert.equal(
    lastLine("en", (index) => `docker logs c${index}`),
    "What to do, for c0: docker logs c0",
  );
  assert.equal(
    lastLine("ru", (index) => `docker logs c${index}`),
    "Что делать с c0: docker logs c0",
  );
  assert.equal(
    lastLine("en", () => "look"),
    "What to do: look",
  );
});

test("no notice is lost in a card, and what has a story of its own stays by itself", () => {
  const notices = [
    ...many(STORM),
    noticeOf(),
    ...many(1, { id: "x", earlier: [{ since: moment(-2), until: moment(-1) }] }),
  ];
  const told = renderAll(notices, contextOf()).flatMap((rendered) => rendered.notices);
  assert.deepEqual(new Set(told), new Set(notices));
  assert.equal(told.length, notices.length);
  assert.equal(renderAll(notices, contextOf()).length, 3);
});

test("the summary of the second channel says since when, how many, and lists them", () => {
  const { head, body } = renderSummary({ since: moment(0), count: 3, lines: ["a", "b"] }, contextOf());
  assert.equal(head, "ℹ️ box · Telegram is back");
  assert.match(body, /since 03:04:05 UTC \(12 minutes\); 3 notices .*\na\nb\n… and 1 more$/);
});
