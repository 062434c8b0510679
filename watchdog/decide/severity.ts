import { KINDS } from "../kinds.ts";
import { isOpen, type Notice } from "./notice.ts";

/** Critical, and bad now: it is told before everything else and rings at any hour, again at each re-alert. Its recovery is like any other. */
export function isUrgent(notice: Notice): boolean {
  return KINDS[notice.topic.kind].critical === true && isOpen(notice);
}

/** The place of a notice among those that are told together; smaller is earlier. */
function rankOf(notice: Notice): number {
  if (isUrgent(notice)) return 0;
  switch (notice.kind) {
    case "alert":
    case "edge":
      return 1;
    case "flapping":
      return 2;
    case "realert":
      return 3;
    case "recovery":
    case "missed":
      return 4;
    // It has come to rest: in a bad state that is news like an alert, in a good one like a recovery.
    case "settled":
      return notice.open ? 1 : 4;
    case "info":
      return 5;
    default:
      return notice satisfies never;
  }
}

/** What is worst first; equals in the order they came in. Pure. */
export function worstFirst(notices: readonly Notice[]): Notice[] {
  return notices.toSorted((a, b) => rankOf(a) - rankOf(b));
}
