import type { Clock } from "../clock.ts";
import { SOURCE_NAMES, type SourceName } from "../collectors/index.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import type { MemorySettings } from "../config/areas/memory.ts";
import type { MessageSettings } from "../config/areas/messages.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import { isMuted, neverMuted } from "../config/mute.ts";
import type { Problem } from "../config/table.ts";
import type { Watch } from "../daemon/watch.ts";
import type { Entry } from "../decide/ledger.ts";
import { diskName, MEMORY } from "../history/history.ts";
import { KINDS, type KindName, type Topic } from "../kinds.ts";
import { detailText } from "../lang/detail.ts";
import { round1 } from "../lang/format.ts";
import type { LangCode } from "../lang/index.ts";
import { LANGS } from "../lang/index.ts";
import type { SentMessage } from "../notify/journal.ts";
import type { DeliveryView } from "../notify/outbox.ts";
import { idOf, type Signal } from "../signals/signal.ts";
import { diskUse, inodeUse, memoryUse, usableBytes } from "../usage.ts";
import { isFresh, staleAfterMs } from "./health.ts";
import { type Column, columnsOf } from "./spark.ts";
import type { Steady } from "./steady.ts";
import { diskThreshold, type SourceView, sourceView } from "./view.ts";

/** Everything the page shows, as plain data: what is rendered is this and nothing else. */
export interface PageView {
  readonly lang: LangCode;
  readonly host: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly state: PageState;
  readonly tick: { readonly ageMs: number; readonly tookMs: number; readonly count: number } | null;
  readonly staleAfterMs: number;
  readonly refreshMs: number;
  readonly bad: readonly SignalRow[];
  readonly good: readonly SignalRow[];
  readonly gauges: readonly Gauge[];
  readonly sources: readonly (SourceView & { readonly name: SourceName; readonly lastOkAtMs: number | null })[];
  readonly delivery: DeliveryView;
  readonly muted: readonly string[];
  /** The kinds that these patterns stand for and that are told all the same. */
  readonly mutedExcept: readonly string[];
  readonly problems: readonly string[];
  readonly messages: readonly SentMessage[];
}

/** In one glance; what comes first here outweighs what comes later. */
export type PageState = "off" | "stale" | "starting" | "alert" | "undelivered" | "blind" | "unwatched" | "well";
export type Tag = "told" | "untold" | "over" | "muted" | "frozen" | "flapping";

export interface SignalRow {
  /** Unlike the topic, no two rows share it. */
  readonly id: string;
  readonly topic: Topic;
  readonly title: string;
  readonly detail: string;
  readonly cause?: string;
  /** Since when it has been as it is; null: not known. */
  readonly sinceMs: number | null;
  readonly toldAtMs: number | null;
  readonly tags: readonly Tag[];
}

export interface Gauge {
  /** null: memory. */
  readonly label: string | null;
  /** null: never measured. */
  readonly usedPct: number | null;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly inodePct: number | null;
  /** The figures are those of the last measurement, not of the last tick. */
  readonly stale: boolean;
  /** null: no level of it alerts. */
  readonly thresholdPct: number | null;
  readonly isBad: boolean;
  readonly columns: readonly Column[];
}

export interface PageSources {
  readonly config: DiskSettings & LoopSettings & MemorySettings & MessageSettings & SilenceSettings;
  readonly watch: Watch;
  readonly clock: Clock;
  readonly delivery: () => DeliveryView;
  readonly recent: () => readonly SentMessage[];
  readonly steady: Steady;
  readonly problems: readonly Problem[];
  readonly version: string;
  readonly startedAt: { readonly wallMs: number; readonly monoMs: number };
}

/** A page that refreshes more often than that would be a load; one that does less often would look dead. */
const REFRESH_MS = { least: 2000, most: 30_000 };

export function pageView({
  config,
  watch,
  clock,
  delivery,
  recent,
  steady,
  problems,
  version,
  startedAt,
}: PageSources): PageView {
  const last = watch.lastTick();
  const nowMs = clock.wallMs();
  const rows = (last?.signals ?? []).map((signal) => ({
    isBad: isBad(signal, watch.ledger().get(idOf(signal))),
    row: rowOf(signal, watch, config, steady),
  }));
  const bad = rows
    .filter((each) => each.isBad)
    .map(({ row }) => row)
    .sort(byWeight);
  return {
    lang: config.lang,
    host: watch.host(),
    version,
    startedAtMs: startedAt.wallMs,
    nowMs,
    state: stateOf(
      config,
      watch,
      delivery(),
      bad,
      isFresh(last?.startedAt ?? startedAt, clock.monoMs(), config.intervalS),
    ),
    tick: last ? { ageMs: clock.monoMs() - last.startedAt.monoMs, tookMs: last.tookMs, count: watch.ticks() } : null,
    staleAfterMs: staleAfterMs(config.intervalS),
    refreshMs: Math.min(REFRESH_MS.most, Math.max(REFRESH_MS.least, config.intervalS * 1000)),
    bad,
    good: rows.filter((each) => !each.isBad).map(({ row }) => row),
    gauges: gaugesOf(config, watch, clock.monoMs(), nowMs, bad),
    sources: last
      ? SOURCE_NAMES.map((name) => ({
          name,
          ...sourceView(name, last.readings, watch.lastOkAt(name)),
          lastOkAtMs: watch.lastOkAt(name),
        }))
      : [],
    delivery: delivery(),
    muted: config.mute,
    mutedExcept: neverMuted(config.mute),
    problems: problems.map(({ text }) => text),
    messages: recent(),
  };
}

/** Bad now, or over without the operator knowing it yet. */
function isBad({ topic, active, edge }: Signal, entry: Entry | undefined): boolean {
  return edge ? !KINDS[topic.kind].info && entry?.edge !== undefined : active || (entry?.told.alerting ?? false);
}

function rowOf(signal: Signal, watch: Watch, config: MessageSettings & SilenceSettings, steady: Steady): SignalRow {
  const entry = watch.ledger().get(idOf(signal));
  const { topic, title, detail, cause, active, frozen, since } = signal;
  const told = entry?.told.alerting ?? false;
  const muted = isMuted(config.mute, topic);
  const tags: Tag[] = [];
  if (muted) tags.push("muted");
  else if (told) tags.push(active ? "told" : "over");
  else if (isBad(signal, entry)) tags.push("untold");
  if (entry?.flap) tags.push("flapping");
  if (frozen) tags.push("frozen");
  return {
    id: idOf(signal),
    topic,
    title,
    detail: detailText(detail, LANGS[config.lang]),
    tags,
    toldAtMs: entry?.told.lastAlertWallMs ?? null,
    sinceMs:
      (active ? since?.wallMs : tags.includes("over") ? entry?.episodes.at(-1)?.since.wallMs : undefined) ??
      steady.sinceMs(idOf(signal)),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Bad now, and nobody wanted not to hear of it. */
export function isWeighty({ tags }: SignalRow): boolean {
  return !tags.includes("muted") && !tags.includes("over");
}

/** What nobody muted first, what can be judged before what is frozen; then the oldest. */
function byWeight(a: SignalRow, b: SignalRow): number {
  const weight = ({ topic, tags }: SignalRow): number =>
    (tags.includes("muted") ? 4 : 0) + (topic.kind === "blind" ? 2 : 0) + (tags.includes("over") ? 1 : 0);
  return weight(a) - weight(b) || (a.sinceMs ?? 0) - (b.sinceMs ?? 0);
}

function stateOf(
  config: LoopSettings,
  watch: Watch,
  { lastError }: DeliveryView,
  bad: readonly SignalRow[],
  isFreshNow: boolean,
): PageState {
  if (!config.enabled) return "off";
  if (!isFreshNow) return "stale";
  if (!watch.lastTick()) return "starting";
  const weighty = bad.filter(isWeighty);
  if (weighty.some(({ topic }) => topic.kind !== "blind")) return "alert";
  if (lastError !== null) return "undelivered";
  if (weighty.length > 0) return "blind";
  return watchesNoContainer(watch) ? "unwatched" : "well";
}

/** The engine answers, and nothing on it is watched: hardly what the operator meant. */
function watchesNoContainer(watch: Watch): boolean {
  const docker = watch.lastTick()?.readings.docker;
  return docker?.state === "ok" && docker.value.containers.length === 0;
}

function gaugesOf(
  config: DiskSettings & MemorySettings,
  watch: Watch,
  nowMonoMs: number,
  nowMs: number,
  bad: readonly SignalRow[],
): Gauge[] {
  const readings = watch.lastTick()?.readings;
  const columns = (name: string): Column[] =>
    columnsOf(watch.history().series(name, { wallMs: nowMs, monoMs: nowMonoMs }), nowMonoMs);
  const isBad = (kinds: readonly KindName[], subject?: string): boolean =>
    bad.some(({ topic }) => kinds.includes(topic.kind) && topic.subject === subject);
  const gauges: Gauge[] = [];
  if (readings && readings.mem.state !== "off") {
    const mem = readings.mem.state === "ok" ? readings.mem.value : undefined;
    gauges.push({
      label: null,
      columns: columns(MEMORY),
      thresholdPct: config.memPct,
      inodePct: null,
      stale: false,
      isBad: isBad(["host_mem"]),
      ...(mem
        ? { usedPct: round1(memoryUse(mem)), freeBytes: mem.availableBytes, totalBytes: mem.totalBytes }
        : UNREAD),
    });
  }
  const known = watch.disks();
  const labels = new Set(known.map(({ sample }) => sample.label));
  const unread =
    readings?.disk.state === "ok"
      ? readings.disk.value.failures.map(({ label }) => label).filter((label) => !labels.has(label))
      : [];
  const thresholdPct = diskThreshold(config);
  const gauge = (
    label: string,
    values: Pick<Gauge, "usedPct" | "freeBytes" | "totalBytes" | "inodePct" | "stale">,
  ): Gauge => ({
    label,
    ...values,
    thresholdPct,
    columns: columns(diskName(label)),
    isBad: isBad(["disk", "disk_crit", "inodes", "disk_forecast"], label),
  });
  for (const { sample: disk, stale } of known) {
    const inodePct = disk.inodes ? round1(inodeUse(disk.inodes)) : null;
    gauges.push(
      gauge(disk.label, {
        usedPct: round1(diskUse(disk)),
        freeBytes: disk.availableBytes,
        totalBytes: usableBytes(disk),
        inodePct,
        stale,
      }),
    );
  }
  for (const label of new Set(unread)) gauges.push(gauge(label, { ...UNREAD, inodePct: null, stale: false }));
  return gauges;
}

const UNREAD = { usedPct: null, freeBytes: null, totalBytes: null } as const;
