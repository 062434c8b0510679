import type { DiskReading, DiskSample } from "../collectors/disk.ts";
import type { Readings } from "../collectors/index.ts";
import type { MemorySample } from "../collectors/memory.ts";
import type { Reading } from "../collectors/reading.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { LevelSettings } from "../config/areas/levels.ts";
import type { MemorySettings } from "../config/areas/memory.ts";
import { type Point, type Series, sparkline } from "../history/history.ts";
import type { KindName } from "../kinds.ts";
import { detailOf } from "../lang/detail.ts";
import type { UsageFacts } from "../lang/facts.ts";
import { BYTES_PER_GB, round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import { diskUse, inodeUse, memoryUse, usableBytes } from "../usage.ts";
import { percentCondition } from "./damping.ts";
import { ownerFacts } from "./owner.ts";
import { type Family, type Finding, familyOf } from "./signal.ts";

export function memorySignals(readings: Readings, config: MemorySettings & LevelSettings, lang: Lang): Family {
  return familyOf("mem", readings.mem, (sample) => ({ findings: [memoryFinding(sample, readings, config, lang)] }));
}

function memoryFinding(
  sample: MemorySample,
  readings: Readings,
  config: MemorySettings & LevelSettings,
  lang: Lang,
): Finding {
  const { totalBytes, availableBytes, biggest = [] } = sample;
  const culprits = biggest.map(({ pid, name: process, residentBytes, owner }) => ({
    pid,
    name: process,
    residentGb: round1(residentBytes / BYTES_PER_GB),
    ...ownerFacts(owner, readings),
  }));
  const facts = usageFacts(memoryUse(sample), config.memPct, availableBytes, totalBytes);
  const condition = percentCondition(facts.usedPct, config.memPct, config.hysteresisPct);
  return {
    topic: { kind: "host_mem" },
    condition,
    title: lang.titles.hostMem,
    detail: detailOf(
      [
        lang.details.memory(facts),
        ...(condition === "bad" && culprits.length > 0 ? [lang.details.biggest(culprits)] : []),
      ],
      condition === "bad" && lang.details.memoryAdvice,
    ),
  };
}

/** disk:, inodes: and disk_crit: of every disk; a path that failed freezes its disk unless another path measured it. */
export function diskSignals(
  reading: Reading<DiskReading>,
  series: Series,
  config: DiskSettings & LevelSettings,
  lang: Lang,
): Family {
  return familyOf("disk", reading, ({ disks, failures }) => {
    const unmeasured = new Set(failures.map(({ label }) => label));
    return {
      gone: lang.details.diskGone,
      findings: disks.flatMap((disk) => findingsOf(disk, series.get(disk.label) ?? [], config, lang)),
      keeps: ({ topic }) => unmeasured.has(topic.subject ?? ""),
      retires: ({ topic }) => !isOn(topic.kind, config),
    };
  });
}

/** Whether this kind is watched at all: what was switched off says nothing about the disk. */
function isOn(kind: KindName, { diskEnabled, diskCritEnabled, diskInodePct }: DiskSettings): boolean {
  if (kind === "disk_crit") return diskCritEnabled;
  return diskEnabled && (kind !== "inodes" || diskInodePct > 0);
}

const TREND_WIDTH = 24;
/** Less than a quarter of an hour is no trend. */
const TREND_POINTS = 8;

/** How it came to this, as a line of bars; undefined while too little was seen. */
function trendOf(points: readonly Point[], lang: Lang): string[] {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || points.length < TREND_POINTS) return [];
  return [
    lang.details.trend(
      sparkline(points, TREND_WIDTH, 5),
      round1(first.last),
      round1(last.last),
      last.monoMs - first.monoMs,
    ),
  ];
}

function findingsOf(
  disk: DiskSample,
  points: readonly Point[],
  config: DiskSettings & LevelSettings,
  lang: Lang,
): Finding[] {
  const findings: Finding[] = [];
  const usedPct = diskUse(disk);
  const level = (kind: "disk" | "disk_crit", title: string, thresholdPct: number): Finding => {
    const condition = percentCondition(usedPct, thresholdPct, config.hysteresisPct);
    const facts = usageFacts(usedPct, thresholdPct, disk.availableBytes, usableBytes(disk));
    const stands =
      kind === "disk_crit" &&
      condition !== "bad" &&
      config.diskEnabled &&
      percentCondition(usedPct, config.diskPct, config.hysteresisPct) !== "good";
    const text = stands
      ? `${lang.details.disk(facts)} ${lang.details.diskAlertStands(config.diskPct)}`
      : lang.details.disk(facts);
    return {
      topic: { kind, subject: disk.label },
      title,
      condition,
      detail: detailOf(
        [text, ...(condition === "bad" ? trendOf(points, lang) : [])],
        condition === "bad" && lang.details.diskAdvice(disk),
      ),
    };
  };
  if (config.diskEnabled) findings.push(level("disk", lang.titles.disk(disk.label), config.diskPct));
  if (config.diskCritEnabled) findings.push(level("disk_crit", lang.titles.diskCrit(disk.label), config.diskCritPct));
  if (config.diskEnabled && config.diskInodePct > 0 && disk.inodes) {
    const inodePct = inodeUse(disk.inodes);
    const condition = percentCondition(inodePct, config.diskInodePct, config.hysteresisPct);
    const facts = { usedPct: round1(inodePct), thresholdPct: config.diskInodePct, free: disk.inodes.free };
    findings.push({
      topic: { kind: "inodes", subject: disk.label },
      title: lang.titles.inodes(disk.label),
      condition,
      detail: detailOf(lang.details.inodes(facts), condition === "bad" && lang.details.inodesAdvice(disk)),
    });
  }
  return findings;
}

function usageFacts(usedPct: number, thresholdPct: number, freeBytes: number, totalBytes: number): UsageFacts {
  return { usedPct: round1(usedPct), thresholdPct, freePct: round1(100 - usedPct), freeBytes, totalBytes };
}
