import type { Moment } from "../clock.ts";
import { deliverAll, judgeAll, type Ledger, observeAll, type Rules } from "../decide/ledger.ts";
import type { Notice } from "../decide/notice.ts";
import type { PruneFacts } from "../lang/facts.ts";
import type { PruneTexts } from "../lang/index.ts";
import type { Signal } from "../signals/signal.ts";
import { type Outcome, wasUseless } from "./attempt.ts";

/** What the operator is told of the runs: the same ledger as the watchdog's, so that nothing is told twice and nothing lost. */
export interface Report {
  /** Takes in one finished run. */
  observe(outcome: Outcome, early: number | undefined, now: Moment): void;
  delivered(notices: readonly Notice[], messageId: number | undefined): void;
  /** What is to be told as of now. */
  judge(now: Moment): Notice[];
}

/** What goes on being wrong is repeated once a day. */
const REPEAT_S = 86_400;
/** The docker client counts in powers of 1000, and so does every size that the pruner tells. */
const DOCKERS_GB = 1e9;

export function createReport(
  lang: PruneTexts,
  notifyMinGb: number,
  overSsh: boolean,
  isMuted: Rules["isMuted"],
): Report {
  const rules: Rules = { cooldownS: REPEAT_S, flap: { changes: 0, windowMs: 0, steadyMs: 0 }, isMuted, causeIds: [] };
  let ledger: Ledger = new Map();
  let runs = 0;
  let useless = false;
  return {
    observe: (outcome, early, now) => {
      runs += 1;
      // Whether it would have freed anything is not known of a run that failed.
      if (outcome.error === undefined) useless = wasUseless(outcome);
      ledger = observeAll(ledger, signalsOf(outcome, early, { lang, notifyMinGb, overSsh, runs, useless }), now, rules);
    },
    delivered: (notices, messageId) => {
      ledger = deliverAll(ledger, notices, messageId);
    },
    judge: (now) => judgeAll(ledger, now, rules),
  };
}

interface About {
  readonly lang: PruneTexts;
  readonly notifyMinGb: number;
  readonly overSsh: boolean;
  readonly runs: number;
  readonly useless: boolean;
}

/** Pure. */
function signalsOf(
  outcome: Outcome,
  early: number | undefined,
  { lang: { titles, details }, notifyMinGb, overSsh, runs, useless }: About,
): Signal[] {
  const { error, freedBytes } = outcome;
  const facts = factsOf(outcome, early);
  const failed: Signal = {
    topic: { kind: "prune_failed" },
    active: error !== undefined,
    title: titles.failed,
    detail: error === undefined ? details.works(facts) : details.failed(error, overSsh),
  };
  const idle: Signal = {
    topic: { kind: "prune_useless" },
    active: useless,
    title: titles.useless,
    detail: useless ? details.useless(facts) : details.useful(facts),
    frozen: error !== undefined,
  };
  // Each run that is worth telling stands for itself: two of them do not become one.
  const worthIt =
    error === undefined && notifyMinGb > 0 && freedBytes !== undefined && freedBytes >= notifyMinGb * DOCKERS_GB;
  const freed: Signal = {
    topic: { kind: "pruned" },
    entity: `run ${runs}`,
    active: true,
    title: titles.pruned,
    detail: details.pruned(facts),
    edge: { count: 1 },
  };
  return [failed, idle, ...(worthIt ? [freed] : [])];
}

function factsOf(
  { plan, freedBytes, cacheBeforeBytes, cacheAfterBytes, clearableBytes, diskBeforePct, diskAfterPct }: Outcome,
  earlyAtPct: number | undefined,
): PruneFacts {
  return {
    freedBytes,
    ageS: plan.until?.seconds,
    cacheBeforeBytes,
    cacheAfterBytes,
    clearableBytes,
    diskBeforePct,
    diskAfterPct,
    earlyAtPct,
  };
}
