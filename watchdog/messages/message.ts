import type { Notice } from "../decide/notice.ts";
import type { Lang } from "../lang/index.ts";
import { cardParts, MAX_PARTS, type Part } from "./card.ts";
import { markOf, type Rendered } from "./render.ts";
import { type Block, cutAt, escapedLength, fitting, MAX_LENGTH, splitBlock, textOf } from "./text.ts";

/** The moment of sending, and what is known of the channel. */
export interface MessageContext {
  readonly lang: Lang;
  readonly monoMs: number;
  /** Undefined: the channel never failed. */
  readonly away: Away | undefined;
}

/** The service that took nothing, and until when (Infinity: it still does): what became due before that is late because of it. */
export interface Away {
  readonly service: string;
  readonly untilMs: number;
}

/** Below this, a delay is the ordinary rhythm of ticks and pacing. */
const LATE_MS = 60_000;
/** More than the line that says how late a message is. */
const LATE_ROOM = 200;

/**
 * The next message of what is to be told: as many blocks as it holds, or the parts of the first where that alone is too long. A
 * message that mixes marks begins with their numbers, so that its first line hides nothing. How late it is stands in it once, and once
 * in each part. Pure.
 */
export function nextMessage(rendered: readonly Rendered[], context: MessageContext): Part[] {
  for (let count = fitting(rendered.map(({ block }) => block)); count > 0; count -= 1) {
    const part = framed(rendered.slice(0, count), context);
    if (textOf(part.blocks).html.length <= MAX_LENGTH) return [part];
  }
  const [first] = rendered;
  return first ? partsOf(first, context) : [];
}

function framed(chosen: readonly Rendered[], context: MessageContext): Part {
  const { lang } = context;
  const notices = chosen.flatMap((rendered) => rendered.notices);
  const blocks = chosen.map(({ block }) => block);
  const lateMs = latenessOf(notices, context.monoMs);
  const marks = marksOf(notices);
  if (marks.length > 1) {
    const { away } = context;
    const wasAway = away !== undefined && oldestDueMs(notices) < away.untilMs;
    const late =
      lateMs === undefined ? [] : [wasAway ? lang.messages.away(lateMs, away.service) : lang.messages.behind(lateMs)];
    return { notices, blocks: [{ head: [...marks, ...late].join(" · "), body: "" }, ...blocks] };
  }
  const [only] = blocks;
  if (lateMs === undefined || !only) return { notices, blocks };
  return {
    notices,
    blocks:
      blocks.length === 1
        ? [withLine(only, lang.messages.late(lateMs))]
        : [...blocks, { head: lang.messages.lateMost(lateMs), body: "" }],
  };
}

/** `🔴 2`, in the order of the message. */
function marksOf(notices: readonly Notice[]): string[] {
  const counts = new Map<string, number>();
  for (const mark of notices.map(markOf)) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return [...counts].map(([mark, count]) => `${mark} ${count}`);
}

function partsOf(rendered: Rendered, context: MessageContext): Part[] {
  const { lang } = context;
  const parts = rendered.card
    ? cardParts(rendered.card, lang.messages.moreOfCard, LATE_ROOM)
    : blockParts(rendered, lang);
  return parts.map(({ notices, blocks }) => {
    const at = (monoMs: number): readonly Block[] => {
      const lateMs = latenessOf(notices.length > 0 ? notices : rendered.notices, monoMs);
      return lateMs === undefined ? blocks : blocks.map((block) => withLine(block, lang.messages.late(lateMs)));
    };
    return { notices, blocks: at(context.monoMs), at };
  });
}

/** One long notice, told with its last part; what a third message does not hold is said to be left out. */
function blockParts({ block, notices }: Rendered, lang: Lang): Part[] {
  const bodies = splitBlock(block, LATE_ROOM);
  const shown = bodies.slice(0, MAX_PARTS).map(({ head, body }, index) => {
    const number = {
      head: head.replace(/\(\d+\/\d+\)$/, `(${index + 1}/${Math.min(bodies.length, MAX_PARTS)})`),
      body,
    };
    if (index < MAX_PARTS - 1 || bodies.length <= MAX_PARTS) return number;
    return withLine(
      { ...number, body: cutAt(body, escapedLength(body) - escapedLength(lang.messages.cutShort)) },
      lang.messages.cutShort,
    );
  });
  return shown.map((part, index) => ({ blocks: [part], notices: index === shown.length - 1 ? notices : [] }));
}

function withLine({ head, body }: Block, line: string): Block {
  return { head, body: body === "" ? line : `${body}\n${line}` };
}

function latenessOf(notices: readonly Notice[], monoMs: number): number | undefined {
  const lateMs = monoMs - oldestDueMs(notices);
  return lateMs >= LATE_MS && Number.isFinite(lateMs) ? lateMs : undefined;
}

function oldestDueMs(notices: readonly Notice[]): number {
  return Math.min(...notices.map(({ due }) => due.monoMs));
}
