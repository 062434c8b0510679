import type { Moment } from "../clock.ts";
import {
  type BlindSource,
  canBeBlind,
  type Readings,
  SOURCE_NAMES,
  type SourceName,
  unreadOf,
} from "../collectors/index.ts";
import type { UnreadPart } from "../collectors/reading.ts";
import type { BlindSettings } from "../config/areas/blind.ts";
import type { EngineSettings } from "../config/areas/engine.ts";
import { proxyHost } from "../config/value.ts";
import type { Lang } from "../lang/index.ts";
import type { Family, Finding } from "./signal.ts";

/** Failing readings in a row, by source and by its part: a path, a container, or the whole of it. */
export type BlindMemory = Readonly<Partial<Record<BlindSource, ReadonlyMap<string, Run>>>>;
interface Run {
  readonly ticks: number;
  readonly since: Moment;
}

/** Why a source could not be read, wholly or in part; undefined: it could. */
export function blindReason(source: SourceName, readings: Readings): string | undefined {
  const { parts } = unreadOf(source, readings);
  return parts.length === 0 ? undefined : joined(parts);
}

const SHOWN = 5;

function joined(faults: readonly UnreadPart[]): string {
  const more = faults.length - SHOWN;
  return (
    faults
      .slice(0, SHOWN)
      .map(({ part, shown = part, reason }) => (part === "" ? reason : `${shown}: ${reason}`))
      .join("; ") + (more > 0 ? `; +${more}` : "")
  );
}

/** Blind is not healthy: a source of which the whole, or one and the same part, fails K times in a row says so. */
export function blindSignals(
  before: BlindMemory,
  readings: Readings,
  config: BlindSettings & EngineSettings,
  lang: Lang,
  now: Moment,
): { memory: BlindMemory; family: Family } {
  const memory: Partial<Record<BlindSource, ReadonlyMap<string, Run>>> = {};
  const findings: Finding[] = [];
  for (const source of SOURCE_NAMES.filter(canBeBlind)) {
    if (readings[source].state === "off") continue;
    const { parts: faults, isPartly } = unreadOf(source, readings);
    const runs = new Map(
      faults.map(({ part }): [string, Run] => {
        const run = before[source]?.get(part);
        return [part, run ? { ...run, ticks: run.ticks + 1 } : { ticks: 1, since: now }];
      }),
    );
    memory[source] = runs;
    const [longest] = [...runs.values()].sort((a, b) => b.ticks - a.ticks);
    const lasting = faults.filter(({ part }) => (runs.get(part)?.ticks ?? 0) >= config.blindTicks);
    const told = lasting.length > 0 ? lasting : faults;
    const [first] = told;
    findings.push({
      topic: { kind: "blind", subject: source },
      // While it already alerts, any fault keeps it; a fault too short to alert changes nothing.
      condition: lasting.length > 0 ? "bad" : faults.length > 0 ? "between" : "good",
      title: lang.titles.blind(source),
      detail:
        first === undefined
          ? lang.details.sighted
          : lang.details.blind({
              source,
              reason: joined(told),
              ticks: longest?.ticks ?? 0,
              proxy: proxyHost(config.dockerTarget),
              ...(isPartly ? { part: first.part } : {}),
            }),
      ...(longest ? { since: longest.since } : {}),
    });
  }
  return {
    memory,
    family: {
      name: "blind",
      state: "judged",
      findings,
      retires: ({ topic }) =>
        SOURCE_NAMES.some((source) => topic.subject === source && readings[source].state === "off"),
    },
  };
}
