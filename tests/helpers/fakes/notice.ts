import { isOpen, type Notice, type NoticeKind } from "../../../watchdog/decide/notice.ts";
import { type Topic, topicOf } from "../../../watchdog/kinds.ts";
import type { Span } from "../../../watchdog/lang/facts.ts";
import { type Said, saidOf } from "../drivers/detail.ts";
import { momentAt } from "../drivers/signal-rig.ts";

/** The topic of this key; a word that is no key stands for a dependency of that name. */
export function topicAt(key: string): Topic {
  return topicOf(key) ?? { kind: "dep", subject: key };
}

type Shared = Pick<Notice, "id" | "topic" | "title" | "span" | "due" | "judged" | "consequenceOf">;

/** What any kind of notice can be given; each takes what it has. `key` is short for the topic. */
export interface NoticeChanges extends Partial<Shared> {
  readonly kind?: NoticeKind;
  readonly key?: string;
  readonly detail?: Said;
  readonly cause?: string;
  readonly flap?: { readonly count: number; readonly lastedMs: number };
  readonly earlier?: readonly Span[];
  readonly skipped?: number;
  readonly count?: number;
  readonly throughSeq?: number;
  readonly open?: boolean;
}

export function noticeOf(changes: NoticeChanges = {}): Notice {
  const { kind = "alert", key = "disk:root", detail = "91% used", ...rest } = changes;
  const { cause, flap, earlier = [], skipped = 0, count = 0, throughSeq = 1, open = true, ...shared } = rest;
  const common = {
    id: "disk:root",
    topic: topicAt(key),
    title: "Disk root",
    detail: saidOf(detail),
    span: { since: momentAt(0) },
    due: momentAt(0),
    judged: momentAt(0),
    ...shared,
  };
  const why = cause === undefined ? {} : { cause };
  switch (kind) {
    case "edge":
    case "info":
      return { ...common, kind, count };
    case "flapping":
    case "settled":
      return { ...common, ...why, kind, throughSeq, open, flap: flap ?? { count: 0, lastedMs: 0 } };
    case "recovery":
      return { ...common, kind, throughSeq, earlier, skipped };
    case "alert":
    case "realert":
    case "missed":
      return { ...common, ...why, kind, throughSeq, earlier, skipped };
    default:
      return kind satisfies never;
  }
}

/** A notice as a test looks at it: what its kind does not have is nothing. */
export type SeenNotice = Notice & {
  readonly open: boolean;
  readonly earlier: readonly Span[];
  readonly skipped: number;
  readonly count: number;
  readonly throughSeq: number;
};

export function seen(notice: Notice): SeenNotice {
  return { earlier: [], skipped: 0, count: 0, throughSeq: 0, ...notice, open: isOpen(notice) } as SeenNotice;
}
