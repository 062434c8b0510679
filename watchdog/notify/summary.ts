import type { Moment } from "../clock.ts";
import type { Notice } from "../decide/notice.ts";
import { markOf, type Summary } from "../messages/render.ts";

const MAX_LINES = 30;

export function addToSummary(summary: Summary | undefined, notice: Notice, failingSince: Moment): Summary {
  const line = `${markOf(notice)} ${new Date(notice.due.wallMs).toISOString().slice(11, 19)} UTC ${notice.title}`;
  return {
    since: summary?.since ?? failingSince,
    count: (summary?.count ?? 0) + 1,
    lines: [...(summary?.lines ?? []), line].slice(-MAX_LINES),
  };
}

/** What came in while `said` was being told; undefined: nothing. */
export function restOfSummary(summary: Summary | undefined, said: Summary): Summary | undefined {
  const count = (summary?.count ?? 0) - said.count;
  return summary && count > 0 ? { ...summary, count, lines: summary.lines.slice(-count) } : undefined;
}
