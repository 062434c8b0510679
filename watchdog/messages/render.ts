import type { Notice, NoticeKind } from "../decide/ledger.ts";
import type { Lang } from "../lang/index.ts";
import { printable } from "../safe.ts";
import type { Block } from "./text.ts";

const MARKS: Readonly<Record<NoticeKind, string>> = { alert: "🔴", realert: "🔁", recovery: "🟢", missed: "🟢", edge: "🔴" };

/** Below this, a delay is the ordinary rhythm of ticks and pacing. */
const LATE_MS = 60_000;

/** One notice as the operator reads it. `nowMs`: wall time of the sending; `lateMs`: how long it has been due. Pure. */
export function render(notice: Notice, host: string, lang: Lang, nowMs: number, lateMs: number): Block {
  const late = lateMs >= LATE_MS ? [lang.messages.late(lateMs)] : [];
  return {
    head: `${MARKS[notice.kind]} ${printable(host)} · ${printable(notice.title)}`,
    body: [...linesOf(notice, lang, nowMs), ...earlierLine(notice, lang, nowMs), ...late].join("\n"),
  };
}

function linesOf({ kind, detail, span, lastedMs, count }: Notice, lang: Lang, nowMs: number): string[] {
  const { sinceMs, untilMs = nowMs } = span;
  switch (kind) {
    case "alert": return [detail, lang.messages.since(sinceMs, nowMs)];
    case "realert": return [lang.messages.lasting(lastedMs, sinceMs, nowMs), detail];
    case "recovery": return [lang.messages.recovered(lastedMs, sinceMs, untilMs), detail];
    case "missed": return [lang.messages.missed(lastedMs, sinceMs, untilMs), lang.messages.reason + detail];
    case "edge": return [`${lang.details.jobFailedCount(count)}. ${detail}`];
    default: return kind satisfies never;
  }
}

function earlierLine({ earlier, skipped }: Notice, lang: Lang, nowMs: number): string[] {
  if (earlier.length === 0) return [];
  return [lang.messages.earlier(earlier.map(({ sinceMs, untilMs = nowMs }) => lang.messages.span(sinceMs, untilMs, nowMs)), skipped)];
}
