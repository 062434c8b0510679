import { isOpen, type Notice } from "../decide/notice.ts";
import { isUrgent } from "../decide/severity.ts";
import { keyOf } from "../kinds.ts";

/** Where the outbox stands between two messages. */
export interface Standing {
  /** What may be told now, the worst first. */
  readonly due: readonly Notice[];
  /** Ids that the next parts of something long tell. */
  readonly midway: ReadonlySet<string>;
  /** Ids among which is one that makes a message be refused. */
  readonly suspects: readonly string[];
  /** Something else is next that is no notice. */
  readonly isSummaryDue: boolean;
}

/**
 * The notices of the next message; undefined: first what is midway, or the summary. What is critical waits for neither of them. While
 * a refused notice is sought, half of the suspects are tried: of n, one is found by about log2(n) messages, and the rest stay together.
 */
export function nextBatch({ due, midway, suspects, isSummaryDue }: Standing): readonly Notice[] | undefined {
  const suspected = new Set(suspects);
  const suspectsDue = due.filter(({ id }) => suspected.has(id));
  if (midway.size > 0 || suspectsDue.length > 0 || isSummaryDue) {
    const urgent = due.filter((notice) => isUrgent(notice) && !midway.has(notice.id) && !suspected.has(notice.id));
    if (urgent.length > 0) return urgent;
  }
  if (midway.size > 0) return undefined;
  if (suspectsDue.length > 0) return suspectsDue.slice(0, Math.max(1, Math.floor(suspectsDue.length / 2)));
  if (isSummaryDue) return undefined;
  const ready = withoutSuccessors(due);
  const [first] = ready;
  return first ? ready.filter((notice) => soundOf(notice) === soundOf(first)) : [];
}

/**
 * One key can name another thing than before, such as a pid that is used again. The end of the old one is told in an earlier message
 * than the new one: below it in the same message it would read as the end of what has just begun.
 */
function withoutSuccessors(due: readonly Notice[]): readonly Notice[] {
  const ended = new Set(
    due.filter(({ kind }) => kind === "recovery" || kind === "missed").map(({ topic }) => keyOf(topic)),
  );
  return due.filter((notice) => !isOpen(notice) || !ended.has(keyOf(notice.topic)));
}

/** Notices that may share a message: audible ones, and silent ones that answer the same message. */
function soundOf({ consequenceOf }: Notice): string {
  return consequenceOf ? `reply to ${consequenceOf.messageId}` : "audible";
}
