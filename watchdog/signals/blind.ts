import type { Moment } from "../clock.ts";
import type { Readings } from "../collectors/index.ts";
import type { ProcReading } from "../collectors/proc.ts";
import { proxyHost } from "../config/value.ts";
import type { Config } from "../config/variables.ts";
import type { Lang } from "../lang/index.ts";
import type { Fault } from "../net/fault.ts";
import type { Family, Finding } from "./signal.ts";

export const BLIND_SOURCES = ["mem", "disk", "docker", "proc"] as const;
export type BlindSource = (typeof BLIND_SOURCES)[number];

/** Failing readings in a row, by source and by its part: a path, a container, or the whole of it. */
export type BlindMemory = Readonly<Partial<Record<BlindSource, ReadonlyMap<string, Run>>>>;
interface Run {
  readonly ticks: number;
  readonly since: Moment;
}

/** Why one part of a source could not be read. */
interface PartFault extends Pick<Fault, "reason"> {
  /** Which part could not be read; empty: all of it. */
  readonly part: string;
  /** How it is named, where its name alone says too little. */
  readonly shown?: string;
}

/** Whether some part of the source could be read. */
function isPartlyRead(source: BlindSource, readings: Readings, faults: readonly PartFault[]): boolean {
  if (readings[source].state !== "ok") return false;
  if (source === "disk" && readings.disk.state === "ok") return readings.disk.value.disks.length > 0;
  if (source === "docker" && readings.docker.state === "ok")
    return readings.docker.value.containers.length > faults.length;
  // Where no process hangs, there is none that could be named.
  if (source === "proc" && readings.proc.state === "ok")
    return readings.proc.value.unreadable.some(({ why }) => why === "hangs");
  return true;
}

function faultsOf(source: BlindSource, readings: Readings): PartFault[] {
  const reading = readings[source];
  if (reading.state === "failed") return [{ ...reading, part: "" }];
  if (source === "disk" && readings.disk.state === "ok")
    return readings.disk.value.failures.map((failure) => ({ ...failure, part: failure.path }));
  if (source === "docker" && readings.docker.state === "ok") {
    return readings.docker.value.containers.flatMap(({ name, found }) =>
      found !== "missing" && "unreadable" in found ? [{ ...found.unreadable, part: name }] : [],
    );
  }
  if (source === "proc" && readings.proc.state === "ok") return processFaults(readings.proc.value);
  return [];
}

/** A part per process that hangs; those that were not asked because of them are others in each tick, so they are one part. */
function processFaults({ unreadable }: ProcReading): PartFault[] {
  const untried = unreadable.filter(({ why }) => why === "untried").length;
  return [
    ...unreadable
      .filter(({ why }) => why === "hangs")
      .map(({ pid }) => ({ part: String(pid), shown: `pid ${pid}`, reason: "its command line does not answer" })),
    ...(untried > 0 ? [{ part: "others", shown: "other processes", reason: `${untried} not read in time` }] : []),
  ];
}

/** Why a source could not be read, wholly or in part; undefined: it could. */
export function blindReason(source: BlindSource, readings: Readings): string | undefined {
  const faults = faultsOf(source, readings);
  return faults.length === 0 ? undefined : joined(faults);
}

const SHOWN = 5;

function joined(faults: readonly PartFault[]): string {
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
  config: Config,
  lang: Lang,
  now: Moment,
): { memory: BlindMemory; family: Family } {
  const memory: Partial<Record<BlindSource, ReadonlyMap<string, Run>>> = {};
  const findings: Finding[] = [];
  for (const source of BLIND_SOURCES) {
    if (readings[source].state === "off") continue;
    const faults = faultsOf(source, readings);
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
              ...(isPartlyRead(source, readings, faults) ? { part: first.part } : {}),
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
        BLIND_SOURCES.some((source) => topic.subject === source && readings[source].state === "off"),
    },
  };
}
