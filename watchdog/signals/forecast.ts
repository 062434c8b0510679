import type { Point } from "../history/history.ts";

/**
 * When will a disk be full? A robust slope (Theil–Sen: the median of the slopes of all pairs) of its use in percent, believed only
 * where the growth is steady and not the rising edge of a saw-tooth. Pure; all thresholds err towards silence, because
 * the level itself has its own alert.
 */
export type Forecast =
  /** Too little was seen yet to say anything. */
  | { readonly kind: "short"; readonly seenMs: number }
  | { readonly kind: "calm" }
  /** `wavering`: steady enough to go on with an alert, not to begin one. */
  | {
      readonly kind: "growing";
      readonly wavering: boolean;
      readonly pctPerH: number;
      readonly leftMs: number;
      readonly seenMs: number;
    };

/** The highest level, in percent, from which use came down by a clean-up, and when. It outlives the 24 h of the history. */
export interface Ceiling {
  readonly pct: number;
  readonly monoMs: number;
}

const HOUR_MS = 3_600_000;
/** Before so much was seen, nothing is said. */
export const NEEDED_MS = 6 * HOUR_MS;
/** Windows that are judged, longest first: the longest steady one counts. */
const WINDOWS_H = [24, 12, 6, 3];
/** What was seen for one hour is extrapolated by no more than that many. */
const REACH = 4;
/** Medians a window is reduced to: 630 pairs, however long it is. */
const BINS = 36;
/** Of the bins of a window, at least so many must hold a sample. */
const COVERED = 0.8;
/** A rise smaller than that, in points, is no trend. */
const MIN_RISE = 1;
/** A fall of so many points that also undid that share of the rise before it was a clean-up. */
const MIN_FALL = 1.5;
const UNDONE = 1 / 3;
/** Growth is believed again once it went so many points beyond where the last clean-up came. */
const BEYOND = 5;
/** A weekly rhythm is remembered too: working days and a quiet weekend, or a peak that comes every few days. */
const CEILING_MS = 8 * 24 * HOUR_MS;

interface Sample {
  /** Hours, of the monotonic clock. */
  readonly h: number;
  readonly pct: number;
}

/** `before`: the ceiling known so far. The points are those of the last 24 h, oldest first. */
export function forecastDisk(
  points: readonly Point[],
  before: Ceiling | undefined,
  nowMonoMs: number,
): { forecast: Forecast; ceiling: Ceiling | undefined } {
  const samples = points.map(({ monoMs, last }): Sample => ({ h: monoMs / HOUR_MS, pct: last }));
  const nowH = nowMonoMs / HOUR_MS;
  const known = before && nowMonoMs - before.monoMs <= CEILING_MS ? before : undefined;
  const seen = ceilingOf(medians(samples, nowH, 24, 144));
  // A peak about as high as the known one keeps that known: the rhythm goes on.
  const ceiling =
    seen && (!known || seen.pct >= known.pct - BEYOND)
      ? { pct: Math.max(seen.pct, known?.pct ?? 0), monoMs: seen.monoMs }
      : known;
  return { forecast: forecastOf(samples, ceiling, nowH), ceiling };
}

function forecastOf(samples: readonly Sample[], ceiling: Ceiling | undefined, nowH: number): Forecast {
  const [first] = samples;
  const last = samples.at(-1);
  const seenMs = first ? Math.max(0, nowH - first.h) * HOUR_MS : 0;
  if (!first || !last || seenMs < NEEDED_MS) return { kind: "short", seenMs };
  if (ceiling && last.pct < ceiling.pct + BEYOND) return { kind: "calm" };
  for (const strict of [true, false]) {
    for (const windowH of WINDOWS_H) {
      const bins = medians(samples, nowH, windowH, BINS);
      const pctPerH = bins.length >= COVERED * BINS ? steadyRise(bins, strict) : undefined;
      if (pctPerH === undefined) continue;
      const leftH = Math.max(0, 100 - last.pct) / pctPerH;
      if (leftH <= REACH * windowH)
        return { kind: "growing", wavering: !strict, pctPerH, leftMs: leftH * HOUR_MS, seenMs: windowH * HOUR_MS };
    }
  }
  return { kind: "calm" };
}

/** Points an hour if the growth is steady: each quarter rises at about the pace of the whole. */
function steadyRise(bins: readonly Sample[], strict: boolean): number | undefined {
  const [slowest, fastest] = strict ? [0.4, 2.5] : [0.2, 4];
  const slope = median(pairSlopes(bins));
  const first = bins[0];
  const last = bins.at(-1);
  if (!first || !last || slope <= 0 || slope * (last.h - first.h) < MIN_RISE) return undefined;
  const quarters = [0, 1, 2, 3].map((n) =>
    median(pairSlopes(bins.slice(Math.floor((n * bins.length) / 4), Math.floor(((n + 1) * bins.length) / 4)))),
  );
  return quarters.every((each) => each >= slowest * slope && each <= fastest * slope) ? slope : undefined;
}

/** The highest level that was followed by a clean-up. */
function ceilingOf(bins: readonly Sample[]): Ceiling | undefined {
  const lowestFrom: number[] = [];
  for (let index = bins.length - 1, lowest = Infinity; index >= 0; index -= 1)
    lowestFrom[index] = lowest = Math.min(lowest, bins[index]?.pct ?? Infinity);
  let ceiling: Ceiling | undefined;
  let base = Infinity;
  for (const [index, { h, pct }] of bins.entries()) {
    base = Math.min(base, pct);
    const fall = pct - (lowestFrom[index] ?? pct);
    if (fall >= Math.max(MIN_FALL, UNDONE * (pct - base)) && (!ceiling || pct >= ceiling.pct))
      ceiling = { pct, monoMs: h * HOUR_MS };
  }
  return ceiling;
}

/** The last `windowH` hours as at most `count` medians, empty ones left out. */
function medians(samples: readonly Sample[], nowH: number, windowH: number, count: number): Sample[] {
  const bins = Array.from({ length: count }, (): Sample[] => []);
  const startH = nowH - windowH;
  for (const sample of samples) {
    const bin = Math.min(count - 1, Math.floor(((sample.h - startH) / windowH) * count));
    if (bin >= 0) bins[bin]?.push(sample);
  }
  return bins
    .filter((bin) => bin.length > 0)
    .map((bin) => ({ h: median(bin.map(({ h }) => h)), pct: median(bin.map(({ pct }) => pct)) }));
}

function pairSlopes(samples: readonly Sample[]): number[] {
  return samples.flatMap((a, index) => samples.slice(index + 1).map((b) => (b.pct - a.pct) / (b.h - a.h)));
}

/** 0 of nothing: no pair, no slope. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
