import type { Readings } from "../collectors/index.ts";
import type { ProcCandidate } from "../collectors/proc.ts";
import type { ProcSettings } from "../config/areas/proc.ts";
import { detailOf } from "../lang/detail.ts";
import type { Lang } from "../lang/index.ts";
import { ownerFacts } from "./owner.ts";
import { type Family, type Finding, familyOf } from "./signal.ts";

/** Bad strictly above the age limit: a run that takes exactly as long as it may is not blocking. */
export function procSignals(readings: Readings, config: ProcSettings, lang: Lang): Family {
  return familyOf("proc", readings.proc, ({ candidates, unreadable }) => {
    // Where even its start is unknown, the pid alone has to do.
    const kept = new Set(
      unreadable.map(({ pid, startTicks }) => (startTicks === undefined ? String(pid) : `${pid}:${startTicks}`)),
    );
    return {
      findings: candidates.map((candidate) => findingOf(candidate, readings, config, lang)),
      gone: lang.details.processGone,
      keeps: ({ topic, entity }) => kept.has(topic.subject ?? "") || (entity !== undefined && kept.has(entity)),
    };
  });
}

function findingOf(candidate: ProcCandidate, readings: Readings, config: ProcSettings, lang: Lang): Finding {
  const { pid, startTicks, ageS, owner, ...rest } = candidate;
  const blocking = ageS > config.procAgeMin * 60;
  const facts = lang.details.process({
    pid,
    ageS,
    ...rest,
    ...ownerFacts(owner, readings),
    limitMin: config.procAgeMin,
  });
  return {
    topic: { kind: "proc_blocking", subject: String(pid) },
    entity: `${pid}:${startTicks}`,
    condition: blocking ? "bad" : "good",
    title: lang.titles.procBlocking(pid),
    detail: detailOf(facts, blocking && lang.details.processAdvice(pid, isBusy(candidate))),
    cooldownS: config.procCooldownS,
  };
}

/** It uses CPU now; before the second look, which tells its present share, what it used so far has to do. */
function isBusy({ cpuS, cpuSharePct }: ProcCandidate): boolean {
  return cpuSharePct === undefined ? cpuS >= 1 : cpuSharePct >= 1;
}
