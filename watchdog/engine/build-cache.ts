import { isRecord } from "../net/exchange.ts";

/** How long its listing may take: a big host's engine takes its time. */
export const LISTING_MS = 60_000;

/** One record of the build cache, as far as we read it. */
export interface CacheRecord {
  readonly id: string;
  readonly sizeBytes: number;
  readonly inUse: boolean;
  /** Its data belongs to an image as well. */
  readonly shared: boolean;
  /** regular, source.local, exec.cachemount, frontend, internal, … */
  readonly type: string;
  readonly lastUsedMs?: number;
  readonly parents: readonly string[];
}

export interface BuildCache {
  readonly totalBytes: number;
  /** undefined: the engine gave the sum alone. */
  readonly records?: readonly CacheRecord[];
}

/** Which part of the cache a prune takes. */
export interface CacheFilter {
  /** Not used for this long; undefined: of any age. */
  readonly ageS: number | undefined;
  readonly all: boolean;
}

/**
 * GET /system/df?type=build-cache: `BuildCache` is the list of records, up to API 1.51; later the sum is in `BuildCacheUsage`, with
 * the records in its `Items` where they are given at all. Throws when it is neither.
 */
export function parseBuildCache(json: unknown): BuildCache {
  const usage = isRecord(json) && isRecord(json["BuildCacheUsage"]) ? json["BuildCacheUsage"] : undefined;
  const list = usage?.["Items"] ?? (isRecord(json) ? json["BuildCache"] : undefined);
  if (Array.isArray(list)) {
    const records = (list as unknown[]).flatMap((entry) => (isRecord(entry) ? [recordOf(entry)] : []));
    return { totalBytes: sum(records.filter(({ shared }) => !shared)), records };
  }
  if (usage) return { totalBytes: bytes(usage["TotalSize"]) };
  // An engine with nothing in its cache says null.
  if (isRecord(json) && "BuildCache" in json) return { totalBytes: 0, records: [] };
  throw new Error("engine's answer lists no build cache");
}

function recordOf(entry: Readonly<Record<string, unknown>>): CacheRecord {
  const lastUsedMs = typeof entry["LastUsedAt"] === "string" ? Date.parse(entry["LastUsedAt"]) : NaN;
  const parents: unknown[] = Array.isArray(entry["Parents"]) ? entry["Parents"] : [entry["Parent"]];
  return {
    id: String(entry["ID"]),
    sizeBytes: bytes(entry["Size"]),
    inUse: entry["InUse"] === true,
    shared: entry["Shared"] === true,
    type: typeof entry["Type"] === "string" ? entry["Type"] : "regular",
    ...(Number.isFinite(lastUsedMs) ? { lastUsedMs } : {}),
    parents: parents.filter((parent): parent is string => typeof parent === "string" && parent !== ""),
  };
}

function bytes(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

const sum = (records: readonly CacheRecord[]): number => records.reduce((total, { sizeBytes }) => total + sizeBytes, 0);

/**
 * How many bytes a prune with this filter would free now; undefined where the records are not known. As BuildKit judges
 * (buildkit cache/manager.go, prune): nothing in use, without `all` nothing shared, internal or of a frontend, nothing used
 * since the cut-off, and nothing that a record which stays is built upon. Pure.
 */
export function clearableBytes({ records }: BuildCache, { ageS, all }: CacheFilter, nowMs: number): number | undefined {
  if (!records) return undefined;
  const goes = (record: CacheRecord): boolean =>
    !record.inUse &&
    (all || !(record.shared || record.type === "internal" || record.type === "frontend")) &&
    (ageS === undefined || record.lastUsedMs === undefined || record.lastUsedMs <= nowMs - ageS * 1000);
  const byId = new Map(records.map((record) => [record.id, record]));
  const kept = new Set<string>();
  const waiting = records.filter((record) => !goes(record));
  for (let record = waiting.pop(); record; record = waiting.pop()) {
    if (kept.has(record.id)) continue;
    kept.add(record.id);
    for (const parent of record.parents) {
      const found = byId.get(parent);
      if (found) waiting.push(found);
    }
  }
  return sum(records.filter(({ id }) => !kept.has(id)));
}
