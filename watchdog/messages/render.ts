import type { Moment } from "../clock.ts";
import { isOpen, type Notice } from "../decide/notice.ts";
import { adviceLines, detailOf, detailText } from "../lang/detail.ts";
import { shownSpan, shownTime } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import { printable } from "../safe.ts";
import { type Card, type CardGroup, cardBlock } from "./card.ts";
import type { Block } from "./text.ts";

/** The moment of sending, and who it is about. */
export interface RenderContext extends Moment {
  readonly host: string;
  readonly lang: Lang;
}

/** One block and the notices it tells. */
export interface Rendered {
  readonly block: Block;
  readonly notices: readonly Notice[];
  /** Of a card: what it comes apart into where it is too long. */
  readonly card?: Card;
}

/** Without what must not be seen; before anything is cut. */
export function redactRendered({ block, notices, card }: Rendered, redact: (text: string) => string): Rendered {
  const hidden = card && {
    head: redact(card.head),
    intro: card.intro.map(redact),
    tail: card.tail.map(redact),
    groups: card.groups.map(({ state, names }) => ({
      state: redact(state),
      names: names.map(({ name, notice }) => ({ name: redact(name), notice })),
    })),
  };
  return { block: redactBlock(block, redact), notices, ...(hidden ? { card: hidden } : {}) };
}

export function redactBlock({ head, body }: Block, redact: (text: string) => string): Block {
  return { head: redact(head), body: redact(body) };
}

/** From so many of one kind on they are one incident: a card instead of as many blocks. */
export const STORM = 6;

/** The notices as blocks, in their order; many of one kind become one card in place of the first. Pure. */
export function renderAll(notices: readonly Notice[], context: RenderContext): Rendered[] {
  const groups = new Map<string, Notice[]>();
  for (const notice of notices) {
    const group = groupOf(notice);
    groups.set(group, [...(groups.get(group) ?? []), notice]);
  }
  const rendered = new Set<string>();
  return notices.flatMap((notice) => {
    const group = groupOf(notice);
    const members = groups.get(group) ?? [];
    if (members.length < STORM) return [{ block: renderOne(notice, context), notices: [notice] }];
    if (rendered.has(group)) return [];
    rendered.add(group);
    const card = cardOf(members, context);
    return [{ block: cardBlock(card), notices: members, card }];
  });
}

/** Alike: the same kind of news of the same kind of signal. Those with earlier episodes have a longer story, and a card of their own where they are many. */
function groupOf(notice: Notice): string {
  const { id, topic, kind } = notice;
  const alike = topic.subject !== undefined && kind !== "edge" && kind !== "info";
  return alike
    ? `${kind} ${kind === "settled" && notice.open ? "badly " : ""}${hasEarlier(notice) ? "again " : ""}${topic.kind}`
    : `only ${id}`;
}

/** One notice as the operator reads it. */
export function renderOne(notice: Notice, context: RenderContext): Block {
  const { host, lang } = context;
  const lines = [
    ...linesOf(notice, lang, context),
    ...earlierLine(notice, lang, context),
    ...causeLine([notice], lang),
  ];
  return { head: headOf(notice, notice.title, host), body: lines.join("\n") };
}

/** One card for many: how many, for how long, why, and their names, those with the same state together; of advice one example. */
function cardOf(members: readonly Notice[], context: RenderContext): Card {
  const { host, lang } = context;
  const [first] = members;
  if (!first) return { head: "", intro: [], groups: [], tail: [] };
  const timed = first.kind !== "missed" && !hasStory(first) && areApart(members, context);
  const groups = new Map<string, CardGroup["names"][number][]>();
  for (const notice of members) {
    const state = stateOf(notice, lang, context);
    const name = printable(notice.topic.subject ?? "");
    const names = groups.get(state) ?? [];
    groups.set(state, names);
    names.push({ name: timed ? timedName(name, notice, lang, context) : name, notice });
  }
  return {
    head: headOf(first, lang.titles.many(first.topic.kind, members.length), host),
    intro: [
      ...(timed && first.kind === "alert" ? [] : spanLines(members, first, lang, context)),
      ...causeLine(members, lang),
    ],
    groups: [...groups].map(([state, names]) => ({ state, names })),
    tail: isOpen(first) ? cardAdvice(members, first, printable(first.topic.subject ?? ""), lang) : [],
  };
}

/** More than this apart, each name has its own time. */
const APART_MS = 60_000;

function areApart(members: readonly Notice[], now: Moment): boolean {
  const shown = members.map((member) => shownOf(member, now));
  const spread = (moments: readonly number[]): number => Math.max(...moments) - Math.min(...moments);
  return (
    spread(shown.map(({ sinceMs }) => sinceMs)) > APART_MS || spread(shown.map(({ untilMs }) => untilMs)) > APART_MS
  );
}

function timedName(name: string, notice: Notice, lang: Lang, now: Moment): string {
  const { sinceMs, untilMs } = shownOf(notice, now);
  return notice.span.until === undefined || isOpen(notice)
    ? lang.messages.nameSince(name, sinceMs, now.wallMs)
    : `${name} (${lang.messages.span(sinceMs, untilMs, now.wallMs)})`;
}

/** Of what lasts, the length is as of when it was judged. */
function shownOf({ span: { since, until }, judged }: Notice, now: Moment): ReturnType<typeof shownSpan> {
  return shownSpan({ since, until: until ?? judged }, now);
}

/** What is to be said of one name of a card, if only that; of what is over already also when it was. */
function stateOf(notice: Notice, lang: Lang, now: Moment): string {
  const { kind, detail } = notice;
  if (hasStory(notice))
    return [
      ...linesOf(notice, lang, now).slice(0, kind === "flapping" || kind === "settled" ? 1 : 2),
      ...earlierLine(notice, lang, now),
    ]
      .join(" ")
      .replaceAll("\n", " ");
  if (kind === "recovery") return "";
  const { sinceMs, untilMs, lastedMs } = shownOf(notice, now);
  const state = detail.facts.slice(0, 2).join(" ");
  return kind === "missed"
    ? `${lang.messages.missed(lastedMs, sinceMs, untilMs)} ${lang.messages.reason}${state}`
    : state;
}

/** What cannot be said of several at once. */
function hasStory(notice: Notice): boolean {
  return notice.kind === "flapping" || notice.kind === "settled" || hasEarlier(notice);
}

function hasEarlier(notice: Notice): boolean {
  return "earlier" in notice && notice.earlier.length > 0;
}

function spanLines(members: readonly Notice[], first: Notice, lang: Lang, now: Moment): string[] {
  const { kind } = first;
  if (kind === "missed" || hasStory(first)) return [];
  const shown = members.map((member) => shownOf(member, now));
  const since = Math.min(...shown.map(({ sinceMs }) => sinceMs));
  const lasted = shown.map(({ lastedMs }) => lastedMs);
  const [min, max] = [Math.min(...lasted), Math.max(...lasted)];
  if (kind === "recovery") return [`${lang.messages.recoveredMany} ${lang.messages.lastedRange(min, max)}`];
  return kind === "realert" ? [lang.messages.lastingRange(min, max)] : [lang.messages.since(since, now.wallMs)];
}

/** What helps all of them; where it names one of them, or another one needs something else, it is said to be that one's. */
function cardAdvice(members: readonly Notice[], first: Notice, name: string, lang: Lang): string[] {
  const { advice, command } = first.detail;
  const isOfAll = members.every(({ detail }) => detail.advice === advice && detail.command === command);
  return adviceLines(first.detail, isOfAll ? lang.messages.advice : lang.messages.adviceFor(name));
}

/** What is said when the first channel is back after the second one stood in for it. */
export function renderSummary({ since, count, lines }: Summary, context: RenderContext): Block {
  const { host, lang, wallMs } = context;
  const more = count > lines.length ? [lang.messages.more(count - lines.length)] : [];
  return {
    head: `ℹ️ ${printable(host)} · ${lang.titles.fallback}`,
    body: [lang.messages.fallback(shownTime(since, context), wallMs, count), ...lines, ...more].join("\n"),
  };
}

/** What went through the second channel while the first was away: to be said once, when it is back. */
export interface Summary {
  readonly since: Moment;
  readonly count: number;
  /** The last of them, one a line. */
  readonly lines: readonly string[];
}

function headOf(notice: Notice, title: string, host: string): string {
  return `${markOf(notice)} ${printable(host)} · ${printable(title)}`;
}

/** The mark that a notice begins with. */
export function markOf(notice: Notice): string {
  switch (notice.kind) {
    case "alert":
    case "edge":
      return "🔴";
    case "realert":
      return "🔁";
    case "recovery":
    case "missed":
      return "🟢";
    case "flapping":
      return "🟠";
    case "settled":
      return notice.open ? "🔴" : "🟢";
    case "info":
      return "ℹ️";
    default:
      return notice satisfies never;
  }
}

function linesOf(notice: Notice, lang: Lang, now: Moment): string[] {
  const detail = detailText(notice.detail, lang);
  // What is over needs no advice, and a pid may be somebody else's by then.
  const reason = detailText(detailOf(notice.detail.facts), lang);
  const { sinceMs, untilMs, lastedMs } = shownOf(notice, now);
  switch (notice.kind) {
    case "alert":
      return [detail, lang.messages.since(sinceMs, now.wallMs)];
    case "realert":
      return [lang.messages.lasting(lastedMs, sinceMs, now.wallMs), detail];
    case "recovery":
      return [lang.messages.recovered(lastedMs, sinceMs, untilMs), detail];
    case "missed":
      return [lang.messages.missed(lastedMs, sinceMs, untilMs), lang.messages.reason + reason];
    case "edge":
      return [`${lang.details.jobFailedCount(notice.count)}. ${detail}`];
    case "info":
      return [detail];
    case "flapping":
      return [lang.messages.flapping(notice.flap.count, notice.flap.lastedMs, notice.open), detail];
    case "settled":
      return [
        (notice.open ? lang.messages.settledBad : lang.messages.settledGood)(notice.flap.count, notice.flap.lastedMs),
        detail,
      ];
    default:
      return notice satisfies never;
  }
}

function earlierLine(notice: Notice, lang: Lang, now: Moment): string[] {
  if (!("earlier" in notice) || notice.earlier.length === 0) return [];
  const spans = notice.earlier.map((span) => shownSpan(span, now));
  return [
    lang.messages.earlier(
      spans.map(({ sinceMs, untilMs }) => lang.messages.span(sinceMs, untilMs, now.wallMs)),
      notice.skipped,
    ),
  ];
}

function causeLine(notices: readonly Notice[], lang: Lang): string[] {
  const causes = new Set(
    notices.flatMap((notice) => ("cause" in notice && notice.cause !== undefined ? [notice.cause] : [])),
  );
  return [...causes].map((cause) => lang.messages.cause(cause));
}
