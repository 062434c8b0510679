import type { Notice } from "../../watchdog/decide/ledger.ts";
import { type Topic, topicOf } from "../../watchdog/kinds.ts";
import { type Said, saidOf } from "./detail.ts";
import { momentAt } from "./signal-rig.ts";

/** The topic of this key; a word that is no key stands for a dependency of that name. */
export function topicAt(key: string): Topic {
  return topicOf(key) ?? { kind: "dep", subject: key };
}

/** `key` is short for the topic. */
export type NoticeChanges = Omit<Partial<Notice>, "detail"> & { readonly key?: string; readonly detail?: Said };

export function noticeOf({ key = "disk:root", detail = "91% used", ...changes }: NoticeChanges = {}): Notice {
  return {
    id: "disk:root",
    topic: topicAt(key),
    kind: "alert",
    title: "Disk root",
    detail: saidOf(detail),
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
