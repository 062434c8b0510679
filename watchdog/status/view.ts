import { iso } from "../clock.ts";
import { type Readings, SOURCE_NAMES, type SourceName } from "../collectors/index.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import type { MessageSettings } from "../config/areas/messages.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import type { StateSettings } from "../config/areas/state.ts";
import { neverMuted } from "../config/mute.ts";
import type { Problem } from "../config/table.ts";
import type { Watch } from "../daemon/watch.ts";
import { keyOf } from "../kinds.ts";
import { detailText } from "../lang/detail.ts";
import { BYTES_PER_GB, round1 } from "../lang/format.ts";
import { LANGS, type Lang } from "../lang/index.ts";
import type { DeliveryView } from "../notify/outbox.ts";
import { blindReason } from "../signals/blind.ts";
import { idOf, type Signal } from "../signals/signal.ts";
import { diskUse } from "../usage.ts";

export interface SourceView {
  readonly state: "ok" | "failed" | "off";
  readonly error?: string;
  readonly lastOkAt: string | null;
}

/** A source that could be read in part is failed, with the part that could not. */
export function sourceView(name: SourceName, readings: Readings, lastOkAtMs: number | null): SourceView {
  const lastOkAt = iso(lastOkAtMs);
  if (readings[name].state === "off") return { state: "off", lastOkAt };
  const reason = blindReason(name, readings);
  return reason === undefined ? { state: "ok", lastOkAt } : { state: "failed", error: reason, lastOkAt };
}

export interface StatusOptions {
  readonly config: DiskSettings & LoopSettings & MessageSettings & SilenceSettings & StateSettings;
  readonly watch: Watch;
  readonly delivery: () => DeliveryView;
  /** Why the state file could not be written, where there is one. */
  readonly stateError?: (() => string | null) | undefined;
  readonly problems: readonly Problem[];
  readonly version: string;
  readonly startedAtMs: number;
}

/** The document of GET /status. A read-only view of the last finished tick. */
export function statusView({
  config,
  watch,
  delivery,
  stateError,
  problems,
  version,
  startedAtMs,
}: StatusOptions): object {
  const last = watch.lastTick();
  const { channel, pending, lastOkAtMs, lastError } = delivery();
  return {
    enabled: config.enabled,
    host: watch.host(),
    version,
    startedAt: iso(startedAtMs),
    lastTickAt: iso(last?.startedAt.wallMs),
    lastTickMs: last ? round1(last.tookMs) : null,
    ticks: watch.ticks(),
    sources: last
      ? Object.fromEntries(SOURCE_NAMES.map((name) => [name, sourceView(name, last.readings, watch.lastOkAt(name))]))
      : {},
    signals: (last?.signals ?? []).map((signal) => signalView(signal, watch, LANGS[config.lang])),
    delivery: { channel, pending, lastOkAt: iso(lastOkAtMs), lastError },
    intervalS: config.intervalS,
    cooldownS: config.cooldownS,
    disks: disksView(config, watch),
    ...(config.stateFile === undefined
      ? {}
      : { stateFile: { path: config.stateFile, lastError: stateError?.() ?? null } }),
    ...(config.mute.length > 0 ? { muted: config.mute, mutedExcept: neverMuted(config.mute) } : {}),
    problems: problems.map(({ text }) => text),
  };
}

function signalView(signal: Signal, watch: Watch, lang: Lang): object {
  const told = watch.ledger().get(idOf(signal))?.told;
  const { topic, entity, active, title, detail, since, frozen, edge } = signal;
  return {
    key: keyOf(topic),
    ...(entity === undefined ? {} : { entity }),
    active: edge ? edge.count > 0 : active,
    alerting: told?.alerting ?? false,
    since: active ? iso(since?.wallMs) : null,
    lastAlertAt: iso(told?.lastAlertWallMs),
    title,
    detail: detailText(detail, lang),
    ...(frozen ? { frozen: true } : {}),
  };
}

function disksView(config: DiskSettings, watch: Watch): object[] {
  const thresholdPct = diskThreshold(config);
  const kind = config.diskEnabled ? "disk" : "disk_crit";
  return watch.disks().map(({ sample: disk, stale }) => {
    const usedPct = diskUse(disk);
    const told = watch.ledger().get(keyOf({ kind, subject: disk.label }))?.told;
    return {
      label: disk.label,
      path: disk.path,
      usedPct: round1(usedPct),
      freeGb: round1(disk.availableBytes / BYTES_PER_GB),
      freePct: round1(100 - usedPct),
      thresholdPct,
      alerting: told?.alerting ?? false,
      lastAlertAt: iso(told?.lastAlertWallMs),
      stale,
    };
  });
}

/** The level of use that alerts first: with the ordinary alert off, the ceiling. null: neither is on, as with a forecast alone. */
export function diskThreshold({ diskEnabled, diskPct, diskCritEnabled, diskCritPct }: DiskSettings): number | null {
  return diskEnabled ? diskPct : diskCritEnabled ? diskCritPct : null;
}
