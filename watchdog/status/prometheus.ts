import { type Readings, SOURCE_NAMES } from "../collectors/index.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import type { ProcSettings } from "../config/areas/proc.ts";
import type { Watch } from "../daemon/watch.ts";
import { keyOf } from "../kinds.ts";
import type { Journal } from "../notify/journal.ts";
import type { DeliveryView } from "../notify/outbox.ts";
import { conditionOf } from "../signals/containers.ts";
import { idOf } from "../signals/signal.ts";
import { diskUse, inodeUse, memoryUse } from "../usage.ts";
import { exposition, type Family, type Histogram, type Sample } from "./exposition.ts";
import { sourceView } from "./view.ts";

export interface PrometheusSources {
  readonly config: LoopSettings & ProcSettings;
  readonly watch: Watch;
  readonly delivery: () => DeliveryView;
  readonly journal: Journal;
  readonly durations: Histogram;
  readonly version: string;
  readonly startedAtMs: number;
  readonly redact: (text: string) => string;
}

/** Of one family; a host with more of one kind has other troubles, and Prometheus must not get them too. */
export const MAX_SERIES = 500;

/** The document of GET /metrics: the last finished tick in base units. What is gone or could not be read has no series. */
export function prometheusText(sources: PrometheusSources): string {
  const { config, watch, delivery, journal, durations, version, startedAtMs, redact } = sources;
  const last = watch.lastTick();
  const { pending, lastOkAtMs } = delivery();
  let leftOut = 0;
  const bounded = (samples: readonly Sample[]): Sample[] => {
    leftOut += Math.max(0, samples.length - MAX_SERIES);
    return samples.slice(0, MAX_SERIES).map(({ labels = {}, ...sample }) => ({
      ...sample,
      labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, redact(value)])),
    }));
  };
  const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `watchdog_${name}`,
    help,
    type: "gauge",
    samples: bounded(samples),
  });
  const signals = signalSamples(watch);
  const families: Family[] = [
    gauge("build_info", "Version of the watchdog and of the runtime it runs on.", [
      { labels: { version, node: process.version }, value: 1 },
    ]),
    gauge("enabled", "0 while the kill switch is on.", [{ value: Number(config.enabled) }]),
    gauge("start_time_seconds", "When the watchdog started, in Unix time.", [{ value: startedAtMs / 1000 }]),
    gauge(
      "last_tick_timestamp_seconds",
      "When the last finished tick began, in Unix time.",
      last ? [{ value: last.startedAt.wallMs / 1000 }] : [],
    ),
    {
      name: "watchdog_tick_duration_seconds",
      help: "How long ticks took.",
      type: "histogram",
      samples: durations.samples(),
    },
    gauge(
      "last_delivery_timestamp_seconds",
      "When the channel last accepted a message, in Unix time.",
      lastOkAtMs === null ? [] : [{ value: lastOkAtMs / 1000 }],
    ),
    gauge("outbox_notices", "Notices waiting to be delivered.", [{ value: pending }]),
    {
      name: "watchdog_sends_total",
      help: "Messages tried, by channel and what became of them.",
      type: "counter",
      samples: journal.counts().map(({ channel, result, count }) => ({ labels: { channel, result }, value: count })),
    },
    gauge(
      "signal_active",
      "1 while a signal is bad, after debounce and hysteresis.",
      signals.map(({ labels, active }) => ({ labels, value: Number(active) })),
    ),
    gauge(
      "signal_alerting",
      "1 while the operator was told that a signal is bad.",
      signals.map(({ labels, alerting }) => ({ labels, value: Number(alerting) })),
    ),
    ...(last ? readingFamilies(last.readings, config, gauge) : []),
  ];
  return exposition([
    ...families,
    {
      name: "watchdog_series_left_out",
      help: "Series left out of this answer because one kind has too many.",
      type: "gauge",
      samples: [{ value: leftOut }],
    },
  ]);
}

interface SignalSample {
  readonly labels: { readonly kind: string; readonly key: string };
  readonly active: boolean;
  readonly alerting: boolean;
}

/** One a key, the bad ones first: a key can stand for several entities, and a series must not come twice. */
function signalSamples(watch: Watch): SignalSample[] {
  const byKey = new Map<string, SignalSample>();
  const ledger = watch.ledger();
  for (const signal of watch.lastTick()?.signals ?? []) {
    const { topic, active, edge } = signal;
    const key = keyOf(topic);
    const entry = ledger.get(idOf(signal));
    const known = byKey.get(key);
    byKey.set(key, {
      labels: { kind: topic.kind, key },
      // An occurrence lasts no longer than a tick: it counts as active until it was told.
      active: (known?.active ?? false) || (edge ? edge.count > 0 || entry?.edge !== undefined : active),
      alerting: (known?.alerting ?? false) || (entry?.told.alerting ?? false),
    });
  }
  const weight = ({ active, alerting }: SignalSample): number => Number(active) + Number(alerting);
  return [...byKey.values()].sort((a, b) => weight(b) - weight(a));
}

function readingFamilies(
  readings: Readings,
  config: ProcSettings,
  gauge: (name: string, help: string, samples: readonly Sample[]) => Family,
): Family[] {
  const { mem, disk, docker, deps, proc } = readings;
  const memory = mem.state === "ok" ? [mem.value] : [];
  const disks = disk.state === "ok" ? disk.value.disks : [];
  const containers = docker.state === "ok" ? docker.value.containers : [];
  const dependencies = deps.state === "ok" ? deps.value : [];
  const names = SOURCE_NAMES.map((name) => ({ name, state: sourceView(name, readings, null).state })).filter(
    ({ state }) => state !== "off",
  );
  return [
    gauge(
      "source_up",
      "1 if a source could be read in the last tick; none if it is off.",
      names.map(({ name, state }) => ({ labels: { source: name }, value: Number(state === "ok") })),
    ),
    gauge(
      "memory_used_ratio",
      "Used share of the host's memory, 0 to 1.",
      memory.map((sample) => ({ value: memoryUse(sample) / 100 })),
    ),
    gauge(
      "memory_available_bytes",
      "Available memory of the host.",
      memory.map(({ availableBytes }) => ({ value: availableBytes })),
    ),
    gauge(
      "disk_used_ratio",
      "Used share of a disk as df counts it, 0 to 1.",
      disks.map((sample) => ({ labels: { disk: sample.label }, value: diskUse(sample) / 100 })),
    ),
    gauge(
      "disk_available_bytes",
      "Space of a disk that is available to non-root.",
      disks.map(({ label, availableBytes }) => ({ labels: { disk: label }, value: availableBytes })),
    ),
    gauge(
      "disk_inodes_used_ratio",
      "Used share of a disk's inodes, 0 to 1.",
      disks.flatMap(({ label, inodes }) =>
        inodes ? [{ labels: { disk: label }, value: inodeUse(inodes) / 100 }] : [],
      ),
    ),
    gauge(
      "container_up",
      "1 if a watched container is as it should be; none if it could not be inspected.",
      containers.flatMap(({ name, named, found }) => {
        if (found !== "missing" && "unreadable" in found) return [];
        return [
          {
            labels: { container: name },
            value: Number(found !== "missing" && conditionOf(found, named, 0) === "good"),
          },
        ];
      }),
    ),
    gauge(
      "dependency_up",
      "1 if a dependency answered the last ping.",
      dependencies.map(({ name, outcome }) => ({ labels: { dependency: name }, value: Number(outcome.up) })),
    ),
    gauge(
      "dependency_latency_seconds",
      "How long the last ping of a dependency took, failed ones included.",
      dependencies.map(({ name, latencyMs }) => ({ labels: { dependency: name }, value: latencyMs / 1000 })),
    ),
    gauge(
      "orphan_processes",
      "Processes that match the patterns and are older than the limit.",
      proc.state === "ok"
        ? [{ value: proc.value.candidates.filter(({ ageS }) => ageS > config.procAgeMin * 60).length }]
        : [],
    ),
  ];
}
