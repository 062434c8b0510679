import { deliverAll, judgeAll, type Ledger, observeAll, type Rules } from "../../../watchdog/decide/ledger.ts";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import type { Signal } from "../../../watchdog/signals/signal.ts";
import { type SeenNotice, seen, topicAt } from "../fakes/notice.ts";
import { type Said, saidOf } from "./detail.ts";
import { momentAt } from "./signal-rig.ts";

export const COOLDOWN_S = 1800;

/** Nothing flaps, nothing is muted, nothing follows from anything. */
export const PLAIN_RULES: Rules = {
  cooldownS: COOLDOWN_S,
  flap: { changes: 0, windowMs: 3_600_000, steadyMs: 900_000 },
  isMuted: () => false,
  causeIds: [],
};

export function signalOf(
  active: boolean,
  {
    key = "disk:root",
    detail = active ? "full" : "fine",
    ...changes
  }: Omit<Partial<Signal>, "detail"> & { readonly key?: string; readonly detail?: Said } = {},
): Signal {
  return { topic: topicAt(key), active, title: "Disk root", detail: saidOf(detail), ...changes };
}

export function edgeOf(count: number, detail = `failed by ${count}`): Signal {
  return {
    topic: { kind: "job_failed" },
    title: "Job failed",
    detail: saidOf(detail),
    active: count > 0,
    edge: { count },
  };
}

/** A ledger that is fed and asked in seconds since its start. */
export interface LedgerRig {
  /** One tick; returns what is to be told after it. */
  tick(atS: number, ...signals: readonly Signal[]): SeenNotice[];
  judge(atS: number): SeenNotice[];
  /** The message with these notices was accepted. */
  deliver(notices: readonly Notice[]): void;
  /** One tick, everything delivered at once; returns what was told, as `kind key`. */
  told(atS: number, ...signals: readonly Signal[]): string[];
  size(): number;
  ledger(): Ledger;
}

export function ledgerRig(rules: Rules = PLAIN_RULES): LedgerRig {
  let ledger: Ledger = new Map();
  const judge = (atS: number): SeenNotice[] => judgeAll(ledger, momentAt(atS * 1000), rules).map(seen);
  const rig: LedgerRig = {
    tick: (atS, ...signals) => {
      ledger = observeAll(ledger, signals, momentAt(atS * 1000), rules);
      return judge(atS);
    },
    judge,
    deliver: (notices) => {
      ledger = deliverAll(ledger, notices);
    },
    told: (atS, ...signals) => {
      const notices = rig.tick(atS, ...signals);
      rig.deliver(notices);
      return notices.map(({ kind, topic }) => `${kind} ${keyOf(topic)}`);
    },
    size: () => ledger.size,
    ledger: () => ledger,
  };
  return rig;
}
