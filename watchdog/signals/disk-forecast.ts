import type { Moment } from "../clock.ts";
import type { DiskReading, DiskSample } from "../collectors/disk.ts";
import { OFF, type Reading } from "../collectors/reading.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import type { Series } from "../history/history.ts";
import { detailOf } from "../lang/detail.ts";
import { BYTES_PER_GB, round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import { diskUse, usableBytes } from "../usage.ts";
import { type Ceiling, type Forecast, forecastDisk, NEEDED_MS } from "./forecast.ts";
import { type Condition, type Family, type Finding, familyOf } from "./signal.ts";

/** By label: the level from which each disk was last cleaned up. */
export type CeilingMemory = ReadonlyMap<string, Ceiling>;

/** An alert goes on until the disk would last a quarter longer than the limit. */
const SLACK = 1.25;
/** What is hours away is not repeated every half hour: four times within the limit at most. */
const REPEATS = 4;
/** The trend has to be seen in so many ticks in a row. */
const CONFIRM_TICKS = 2;

/** disk_forecast: of every disk; off unless a number of hours is configured. */
export function diskForecastSignals(
  before: CeilingMemory,
  reading: Reading<DiskReading>,
  history: Series,
  config: DiskSettings & LoopSettings,
  lang: Lang,
  now: Moment,
): { memory: CeilingMemory; family: Family } {
  const limitMs = config.diskForecastH * 3_600_000;
  let memory = before;
  const family = familyOf("disk_forecast", limitMs === 0 ? OFF : reading, ({ disks, failures }) => {
    const ceilings = new Map(before);
    memory = ceilings;
    const findings = disks.map((disk) => {
      const { forecast, ceiling } = forecastDisk(history.get(disk.label) ?? [], before.get(disk.label), now.monoMs);
      if (ceiling) ceilings.set(disk.label, ceiling);
      else ceilings.delete(disk.label);
      return findingOf(forecast, disk, limitMs, config, lang);
    });
    const unmeasured = new Set(failures.map(({ label }) => label));
    return {
      findings,
      gone: lang.details.diskGone,
      keeps: ({ topic }) => unmeasured.has(topic.subject ?? ""),
    };
  });
  return { memory, family };
}

function findingOf(
  forecast: Forecast,
  disk: DiskSample,
  limitMs: number,
  config: DiskSettings & LoopSettings,
  lang: Lang,
): Finding {
  const condition = conditionOf(forecast, limitMs);
  return {
    topic: { kind: "disk_forecast", subject: disk.label },
    title: lang.titles.diskForecast(disk.label),
    condition,
    confirmTicks: CONFIRM_TICKS,
    cooldownS: Math.max(config.cooldownS, limitMs / 1000 / REPEATS),
    detail: detailOf(factOf(forecast, disk, limitMs, lang), condition === "bad" && lang.details.diskAdvice(disk)),
  };
}

function conditionOf(forecast: Forecast, limitMs: number): Condition {
  if (forecast.kind === "short") return "unknown";
  if (forecast.kind === "calm" || forecast.leftMs > limitMs * SLACK) return "good";
  return forecast.wavering || forecast.leftMs > limitMs ? "between" : "bad";
}

function factOf(forecast: Forecast, disk: DiskSample, limitMs: number, lang: Lang): string {
  if (forecast.kind === "short") return lang.details.forecastShort(forecast.seenMs, NEEDED_MS);
  if (forecast.kind === "calm") return lang.details.forecastCalm(limitMs);
  return lang.details.forecast({
    leftMs: roughly(forecast.leftMs),
    gbPerH: rate(((forecast.pctPerH / 100) * usableBytes(disk)) / BYTES_PER_GB),
    seenMs: forecast.seenMs,
    limitMs,
    usedPct: round1(diskUse(disk)),
    freeBytes: disk.availableBytes,
  });
}

/** No more exact than it can be known: to 5 minutes below one hour, to 30 below six, else to the hour. */
function roughly(ms: number): number {
  const stepMs = (ms < 3_600_000 ? 5 : ms < 6 * 3_600_000 ? 30 : 60) * 60_000;
  return Math.max(stepMs, Math.round(ms / stepMs) * stepMs);
}

/** One decimal, two where one would say little. */
function rate(gbPerH: number): number {
  return gbPerH >= 1 ? round1(gbPerH) : Math.round(gbPerH * 100) / 100;
}
