import type { Moment } from "../clock.ts";
import type { Agent, Envelope } from "../collectors/metrics.ts";
import { OFF, ok, type Reading } from "../collectors/reading.ts";
import type { ContainerSettings } from "../config/areas/containers.ts";
import type { MetricsSettings } from "../config/areas/metrics.ts";
import type { AgentFacts } from "../lang/facts.ts";
import type { Lang } from "../lang/index.ts";
import { type Family, type Finding, familyOf, type Occurrence } from "./signal.ts";

/** What has to be remembered from earlier samples of /metrics. */
export interface MetricsMemory {
  readonly failures: number;
  /** The last generated_at and when, by our clock, it was first seen. */
  readonly generated?: { readonly atS: number; readonly seen: Moment };
  readonly failedJobs?: number;
  readonly idleQueue?: { readonly finished: number; readonly since: Moment };
  readonly agents: ReadonlyMap<string, AgentMemory>;
}
export interface AgentMemory {
  readonly cpuTicks: number;
  readonly since: Moment;
  /** The envelope's own time at that moment, shifted along when its clock steps back. */
  readonly generatedAtS?: number;
  /** Answers in a row that did not list it, while the list was not complete. */
  readonly missed?: number;
}
export const NO_METRICS: MetricsMemory = { failures: 0, agents: new Map() };

interface Built {
  readonly memory: MetricsMemory;
  readonly families: readonly Family[];
  readonly occurrences: readonly Occurrence[];
}

/** Everything that /metrics feeds. Its failure is itself a signal, and freezes the others. Pure. */
export function metricsSignals(
  before: MetricsMemory,
  reading: Reading<Envelope>,
  config: MetricsSettings & ContainerSettings,
  lang: Lang,
  now: Moment,
): Built {
  const memory = memoryOf(before, reading, now);
  return {
    memory,
    families: [
      downFamily(reading, memory, config, lang),
      staleFamily(reading, memory, config, lang, now),
      queueFamily(reading, memory, config, lang, now),
      agentsFamily(reading, memory, config, lang, now),
    ],
    occurrences:
      reading.state === "off"
        ? []
        : [jobFailed(before.failedJobs, reading.state === "ok" ? reading.value.counts.failed : undefined, lang)],
  };
}

function memoryOf(before: MetricsMemory, reading: Reading<Envelope>, now: Moment): MetricsMemory {
  if (reading.state === "off") return before;
  if (reading.state === "failed") return { ...before, failures: before.failures + 1 };
  const envelope = reading.value;
  const generated = generatedMemory(before, envelope, now);
  const idleQueue = queueMemory(before, envelope, now);
  const failedJobs = envelope.counts.failed ?? before.failedJobs;
  return {
    failures: 0,
    agents: agentMemories(before, envelope, now),
    ...(generated ? { generated } : {}),
    ...(idleQueue ? { idleQueue } : {}),
    ...(failedJobs === undefined ? {} : { failedJobs }),
  };
}

/** A failure is what this signal is about, so it freezes nothing here. */
function downFamily(
  reading: Reading<Envelope>,
  { failures }: MetricsMemory,
  config: MetricsSettings & ContainerSettings,
  lang: Lang,
): Family {
  const fault = reading.state === "failed" ? reading : undefined;
  return familyOf<unknown>("orchestrator", fault ? ok(fault) : reading, () => ({
    findings: [
      {
        topic: { kind: "orchestrator_down" },
        condition: fault ? "bad" : "good",
        title: lang.titles.orchestratorDown,
        detail: fault
          ? lang.details.orchestratorDown(fault, failures, config.orchContainer)
          : lang.details.orchestratorUp,
        confirmTicks: config.orchDownTicks,
        clearTicks: 1,
      },
    ],
  }));
}

function generatedMemory(before: MetricsMemory, { generatedAtS }: Envelope, now: Moment): MetricsMemory["generated"] {
  if (generatedAtS === undefined) return before.generated;
  // A smaller value is a restarted or corrected clock: a new baseline, not a standstill.
  return before.generated?.atS === generatedAtS ? before.generated : { atS: generatedAtS, seen: now };
}

function staleFamily(
  reading: Reading<Envelope>,
  { generated }: MetricsMemory,
  config: MetricsSettings & ContainerSettings,
  lang: Lang,
  now: Moment,
): Family {
  const limitMs = config.metricsStaleS * 1000;
  return familyOf("stale", limitMs === 0 ? OFF : reading, ({ generatedAtS }) => {
    if (generatedAtS === undefined || !generated) return undefined;
    const ageMs = now.monoMs - generated.seen.monoMs;
    const stale = ageMs >= limitMs;
    const finding: Finding = {
      topic: { kind: "metrics_stale" },
      condition: stale ? "bad" : "good",
      title: lang.titles.metricsStale,
      detail: stale ? lang.details.metricsStale(ageMs, limitMs, config.orchContainer) : lang.details.metricsFresh,
      since: generated.seen,
    };
    return { findings: [finding] };
  });
}

/** Rises are occurrences; the first sample and a smaller number are baselines. */
function jobFailed(before: number | undefined, failed: number | undefined, lang: Lang): Occurrence {
  const count = before === undefined || failed === undefined ? 0 : Math.max(0, failed - before);
  const known = failed ?? before;
  const detail =
    count > 0
      ? lang.details.jobFailed(failed ?? 0)
      : known === undefined
        ? { facts: [] }
        : lang.details.jobsQuiet(known);
  return { topic: { kind: "job_failed" }, title: lang.titles.jobFailed, detail, count };
}

function queueMemory(before: MetricsMemory, { counts }: Envelope, now: Moment): MetricsMemory["idleQueue"] {
  const { queued, running, done, failed } = counts;
  // A part is missing: what was known stays as it was.
  if (queued === undefined || running === undefined || done === undefined || failed === undefined)
    return before.idleQueue;
  if (queued === 0 || running > 0) return undefined;
  const finished = done + failed;
  return before.idleQueue?.finished === finished ? before.idleQueue : { finished, since: now };
}

function queueFamily(
  reading: Reading<Envelope>,
  { idleQueue: idle }: MetricsMemory,
  config: MetricsSettings & ContainerSettings,
  lang: Lang,
  now: Moment,
): Family {
  const limitMs = config.queueStalledMin * 60_000;
  return familyOf("queue", limitMs === 0 ? OFF : reading, ({ counts: { queued, running, done, failed } }) => {
    if (queued === undefined || running === undefined || done === undefined || failed === undefined) return undefined;
    const idleMs = idle ? now.monoMs - idle.since.monoMs : 0;
    const stalled = idle !== undefined && idleMs >= limitMs;
    const finding: Finding = {
      topic: { kind: "queue_stalled" },
      condition: stalled ? "bad" : "good",
      title: lang.titles.queueStalled,
      detail: stalled
        ? lang.details.queueStalled(queued, idleMs, limitMs, config.orchContainer)
        : lang.details.queueMoves(queued, running),
      ...(idle ? { since: idle.since } : {}),
    };
    return { findings: [finding] };
  });
}

/** A new pid for the run starts over, so the pid is part of the identity. */
const entityOf = (agent: Agent): string => `${agent.runId}:${agent.pid ?? ""}`;

function agentMemories(before: MetricsMemory, envelope: Envelope, now: Moment): Map<string, AgentMemory> {
  if (!envelope.agents) return new Map(before.agents);
  const lastAtS = before.generated?.atS;
  const stepBackS =
    envelope.generatedAtS === undefined || lastAtS === undefined ? 0 : Math.min(0, envelope.generatedAtS - lastAtS);
  const memories = new Map(envelope.agentsComplete ? [] : stillMissed(before.agents));
  for (const agent of envelope.agents) {
    const entity = entityOf(agent);
    const { missed: _missed, ...known } = before.agents.get(entity) ?? { cpuTicks: undefined };
    if (agent.cpuTicks === undefined) {
      if (known.cpuTicks !== undefined) memories.set(entity, known);
    } else if (known.cpuTicks === agent.cpuTicks) {
      memories.set(
        entity,
        known.generatedAtS === undefined ? known : { ...known, generatedAtS: known.generatedAtS + stepBackS },
      );
    } else {
      memories.set(entity, {
        cpuTicks: agent.cpuTicks,
        since: now,
        ...(envelope.generatedAtS === undefined ? {} : { generatedAtS: envelope.generatedAtS }),
      });
    }
  }
  return memories;
}

/** So many incomplete lists without it prove that an agent is gone after all: one bad entry must not keep every agent for good. */
const MAX_MISSED = 10;

function stillMissed(agents: ReadonlyMap<string, AgentMemory>): [string, AgentMemory][] {
  return [...agents]
    .map(([entity, memory]): [string, AgentMemory] => [entity, { ...memory, missed: (memory.missed ?? 0) + 1 }])
    .filter(([, { missed = 0 }]) => missed < MAX_MISSED);
}

function agentsFamily(
  reading: Reading<Envelope>,
  { agents: memories }: MetricsMemory,
  config: MetricsSettings,
  lang: Lang,
  now: Moment,
): Family {
  const limitMs = config.agentHungMin * 60_000;
  return familyOf(
    "agents",
    limitMs === 0 ? OFF : reading,
    (envelope) =>
      envelope.agents && {
        findings: envelope.agents.map((agent) => {
          const memory = memories.get(entityOf(agent));
          return agentFinding(agent, memory, memory ? idleOf(memory, envelope, now) : 0, limitMs, lang);
        }),
        gone: lang.details.agentGone,
        keeps: ({ active, entity }) => active && !envelope.agentsComplete && memories.has(entity ?? ""),
      },
  );
}

function agentFinding(
  agent: Agent,
  memory: AgentMemory | undefined,
  idleMs: number,
  limitMs: number,
  lang: Lang,
): Finding {
  const hung = idleMs >= limitMs;
  const { pid, stage, jobId } = agent;
  const facts: AgentFacts = {
    idleMs,
    ...(pid === undefined ? {} : { pid }),
    ...(stage === undefined ? {} : { stage }),
    ...(jobId === undefined ? {} : { jobId }),
  };
  return {
    topic: { kind: "agent_hung", subject: agent.runId },
    entity: entityOf(agent),
    title: lang.titles.agentHung(agent.runId),
    condition: agent.cpuTicks === undefined ? "unknown" : hung ? "bad" : "good",
    detail: hung ? lang.details.agentHung(facts, limitMs) : lang.details.agentBusy(facts),
    ...(memory ? { since: memory.since } : {}),
  };
}

/** The smaller of the envelope's own time and ours: neither a stalled exporter nor a sleeping watchdog makes an agent look hung. */
function idleOf(memory: AgentMemory, envelope: Envelope, now: Moment): number {
  const ours = now.monoMs - memory.since.monoMs;
  if (memory.generatedAtS === undefined || envelope.generatedAtS === undefined) return ours;
  return Math.max(0, Math.min(ours, (envelope.generatedAtS - memory.generatedAtS) * 1000));
}
