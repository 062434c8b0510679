import type { Readings } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import type { Lang } from "../lang/index.ts";
import type { Family, Finding } from "./signal.ts";

export const BLIND_SOURCES = ["mem", "disk", "docker", "proc"] as const;
export type BlindSource = (typeof BLIND_SOURCES)[number];

/** Failing readings in a row, by source. */
export type BlindMemory = Readonly<Partial<Record<BlindSource, number>>>;

/** Why a source could not be read, wholly or in part; undefined: it could. */
export function blindReason(source: BlindSource, readings: Readings): string | undefined {
  const reading = readings[source];
  if (reading.state === "failed") return reading.reason;
  if (source === "disk" && readings.disk.state === "ok") {
    return joined(readings.disk.value.failures.map(({ path, reason }) => `${path}: ${reason}`));
  }
  if (source === "docker" && readings.docker.state === "ok") {
    return joined(readings.docker.value.containers.flatMap(({ name, found }) => (found !== "missing" && "unreadable" in found ? [`${name}: ${found.unreadable}`] : [])));
  }
  return undefined;
}

const SHOWN = 5;

function joined(reasons: readonly string[]): string | undefined {
  if (reasons.length === 0) return undefined;
  const more = reasons.length - SHOWN;
  return reasons.slice(0, SHOWN).join("; ") + (more > 0 ? `; +${more}` : "");
}

/** Blind is not healthy: a source that fails K times in a row says so. */
export function blindSignals(before: BlindMemory, readings: Readings, config: Config, lang: Lang): { memory: BlindMemory; family: Family } {
  const memory: Partial<Record<BlindSource, number>> = {};
  const findings: Finding[] = [];
  for (const source of BLIND_SOURCES) {
    if (readings[source].state === "off") continue;
    const reason = blindReason(source, readings);
    const ticks = reason === undefined ? 0 : (before[source] ?? 0) + 1;
    memory[source] = ticks;
    findings.push({
      key: `blind:${source}`,
      condition: reason === undefined ? "good" : "bad",
      title: lang.titles.blind(source),
      detail: reason === undefined ? lang.details.sighted : lang.details.blind(source, reason, ticks),
      confirmTicks: config.blindTicks,
    });
  }
  return { memory, family: { name: "blind", frozen: false, findings, goneDetail: "" } };
}
