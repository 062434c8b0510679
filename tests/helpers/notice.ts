import type { Notice } from "../../watchdog/decide/ledger.ts";
import { momentAt } from "./signal-rig.ts";

export function noticeOf(changes: Partial<Notice> = {}): Notice {
  return {
    id: "disk:root",
    key: "disk:root",
    kind: "alert",
    title: "Disk root",
    detail: "91% used",
    span: { since: momentAt(0) },
    earlier: [],
    skipped: 0,
    count: 0,
    due: momentAt(0),
    judged: momentAt(0),
    throughSeq: 1,
    open: true,
    ...changes,
  };
}
