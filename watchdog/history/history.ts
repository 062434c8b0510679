import type { Moment } from "../clock.ts";

/** One slot of a series: what was measured within its time. */
export interface Point {
  /** Wall time of the slot's last sample. */
  readonly wallMs: number;
  readonly monoMs: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

/** Readings of the last 24 h, in memory of fixed size: the source of sparklines, forecasts and the daily digest. */
export interface History {
  /** Takes in a value; several within one slot become its minimum, maximum and last. */
  record(name: string, value: number, now: Moment): void;
  /** The points of the last 24 h, oldest first; slots without a sample are left out. */
  series(name: string, now: Moment): readonly Point[];
  names(): readonly string[];
}

/** The name under which the use of memory is recorded. */
export const MEMORY = "mem";
const DISK = "disk ";

/** The name under which the use of a disk is recorded. */
export function diskName(label: string): string {
  return DISK + label;
}

/** The disk whose use is recorded under this name; undefined: it is the memory's. */
export function diskOfName(name: string): string | undefined {
  return name.startsWith(DISK) ? name.slice(DISK.length) : undefined;
}

/** The points of each disk, by its label. */
export type Series = ReadonlyMap<string, readonly Point[]>;
export const NO_SERIES: Series = new Map();

export const SLOT_MS = 2 * 60_000;
export const SLOTS = 720;
/** More disks than that on one host are not kept; the first ones are. */
const MAX_SERIES = 64;

const FIELDS = 5;
const SLOT = 0,
  WALL = 1,
  MIN = 2,
  MAX = 3,
  LAST = 4;

/** 720 slots of 2 min: 29 kB a series. */
export function createHistory(): History {
  const rings = new Map<string, Float64Array>();

  const ringOf = (name: string): Float64Array | undefined => {
    const known = rings.get(name);
    if (known || rings.size >= MAX_SERIES) return known;
    const ring = new Float64Array(SLOTS * FIELDS).fill(NaN);
    rings.set(name, ring);
    return ring;
  };

  return {
    record: (name, value, { wallMs, monoMs }) => {
      const ring = ringOf(name);
      if (!ring || !Number.isFinite(value)) return;
      const slot = Math.floor(monoMs / SLOT_MS);
      const at = (slot % SLOTS) * FIELDS;
      const isNew = ring[at + SLOT] !== slot;
      ring[at + SLOT] = slot;
      ring[at + WALL] = wallMs;
      ring[at + MIN] = isNew ? value : Math.min(ring[at + MIN] ?? value, value);
      ring[at + MAX] = isNew ? value : Math.max(ring[at + MAX] ?? value, value);
      ring[at + LAST] = value;
    },
    series: (name, { monoMs }) => {
      const ring = rings.get(name);
      const points: Point[] = [];
      const newest = Math.floor(monoMs / SLOT_MS);
      for (let slot = newest - SLOTS + 1; ring && slot <= newest; slot += 1) {
        const at = (((slot % SLOTS) + SLOTS) % SLOTS) * FIELDS;
        if (ring[at + SLOT] !== slot) continue;
        points.push({
          wallMs: ring[at + WALL] ?? 0,
          monoMs: slot * SLOT_MS,
          min: ring[at + MIN] ?? 0,
          max: ring[at + MAX] ?? 0,
          last: ring[at + LAST] ?? 0,
        });
      }
      return points;
    },
    names: () => [...rings.keys()],
  };
}

const BARS = "▁▂▃▄▅▆▇█";

/** A series as a line of Unicode bars of at most `width` characters, each the maximum of its share of the time; scaled between the series' own extremes, but at least `spread` apart so that noise stays flat. */
export function sparkline(points: readonly Point[], width: number, spread: number): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return "";
  const low = Math.min(...points.map(({ min }) => min));
  const high = Math.max(low + spread, ...points.map(({ max }) => max));
  const span = Math.max(SLOT_MS, last.monoMs - first.monoMs + SLOT_MS);
  const columns = Math.min(width, Math.ceil(span / SLOT_MS));
  const tops = new Array<number>(columns).fill(NaN);
  for (const { monoMs, max } of points) {
    const column = Math.min(columns - 1, Math.floor(((monoMs - first.monoMs) / span) * columns));
    tops[column] = Math.max(Number.isNaN(tops[column]) ? -Infinity : (tops[column] ?? -Infinity), max);
  }
  return tops
    .map((top) =>
      Number.isNaN(top)
        ? " "
        : (BARS[Math.min(BARS.length - 1, Math.floor(((top - low) / (high - low)) * BARS.length))] ?? " "),
    )
    .join("");
}
