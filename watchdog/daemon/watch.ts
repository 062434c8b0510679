import type { Clock, Moment } from "../clock.ts";
import type { DiskSample } from "../collectors/disk.ts";
import { type Readings, SOURCE_NAMES } from "../collectors/index.ts";
import type { AlertSettings } from "../config/areas/alerts.ts";
import type { ContainerSettings } from "../config/areas/containers.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import { hostName } from "../config/host-name.ts";
import { isMuted } from "../config/mute.ts";
import type { Config } from "../config/variables.ts";
import { deliverAll, judgeAll, type Ledger, observeAll, type Rules } from "../decide/ledger.ts";
import type { Notice } from "../decide/notice.ts";
import { createHistory, diskName, type History, MEMORY, NO_SERIES, type Series } from "../history/history.ts";
import { createIncidents } from "../history/incidents.ts";
import { keyOf } from "../kinds.ts";
import type { Lang } from "../lang/index.ts";
import { buildSignals, edgeSignal, NO_SIGNALS, type SignalState } from "../signals/index.ts";
import type { Signal } from "../signals/signal.ts";
import { diskUse, memoryUse } from "../usage.ts";
import { type DigestMemory, digest, digestDue } from "./digest.ts";
import { type Hello, helloOccurrence } from "./hello.ts";

/** What the last tick saw; the status is a view of this and nothing else. */
export interface TickView {
  readonly startedAt: Moment;
  readonly tookMs: number;
  readonly readings: Readings;
  readonly signals: readonly Signal[];
}

/** A disk as it was last measured. */
export interface KnownDisk {
  readonly sample: DiskSample;
  /** Not measured in the last tick. */
  readonly stale: boolean;
}

/** What the watchdog knows. It does nothing by itself: the pipeline hands in what happened, and asks what is to be told. */
export interface Watch {
  /** Builds the signals from these readings and takes them into the ledger. `startedAt`: when the tick began. Throws only if our own code fails. */
  observe(readings: Readings, startedAt: Moment): void;
  /** Counts the tick, once what it saw is kept. Until then the first message after a start is still to be said. */
  finish(): void;
  /** What is to be told as of the last tick. */
  judge(): Notice[];
  /** The operator was told of these, by the message of that number. */
  delivered(notices: readonly Notice[], messageId?: number): void;
  lastTick(): TickView | undefined;
  ticks(): number;
  ledger(): Ledger;
  signalState(): SignalState;
  /** Use of memory and of each disk in percent, by the names of history.ts, of the last 24 h. */
  history(): History;
  /** Every disk that is watched and was measured since the start. */
  disks(): readonly KnownDisk[];
  /** The day whose digest was the last, to outlive a restart. */
  digestDay(): string | undefined;
  /** When each source was last read, in wall time. */
  lastOkAt(source: keyof Readings): number | null;
  /** How messages name this host. */
  host(): string;
}

export interface WatchOptions {
  readonly config: Config;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly systemHostname: string;
  /** What an earlier run remembered. */
  readonly initial?:
    | { readonly ledger: Ledger; readonly signals: SignalState; readonly digestDay?: string | undefined }
    | undefined;
  /** To be said once, after the first tick. */
  readonly hello?: Hello | undefined;
}

export function createWatch({ config, lang, clock, systemHostname, initial, hello }: WatchOptions): Watch {
  const rules = rulesOf(config);
  let signalState: SignalState = initial?.signals ?? NO_SIGNALS;
  let ledger: Ledger = initial?.ledger ?? new Map();
  let last: TickView | undefined;
  let ticks = 0;
  let engineHostname: string | undefined;
  let disks: ReadonlyMap<string, KnownDisk> = new Map();
  const lastOkAt = new Map<keyof Readings, number>();
  const history = createHistory();
  const incidents = createIncidents();
  const startedMonoMs = clock.monoMs();
  let digests: DigestMemory = { day: initial?.digestDay };

  /** The day's report, in the tick that reaches its hour. */
  const digestNow = (now: Moment): Signal[] => {
    if (!config.digestAt) return [];
    const { due, memory } = digestDue(config.digestAt, digests, now);
    digests = memory;
    return due ? [edgeSignal(digest({ history, incidents, config, lang, startedMonoMs }, now))] : [];
  };

  const host = (): string => hostName(config.hostLabel, engineHostname, systemHostname);

  return {
    observe: (readings, startedAt) => {
      recordUse(history, readings, startedAt);
      disks = knownDisks(disks, readings.disk);

      const series = needsSeries(config, readings) ? diskSeries(history, disks.keys(), startedAt) : NO_SERIES;
      const { state, signals: built } = buildSignals(signalState, readings, config, lang, startedAt, series);
      signalState = state;
      incidents.observe(built, startedAt);
      engineHostname = (readings.docker.state === "ok" ? readings.docker.value.hostname : undefined) ?? engineHostname;
      const greeting = hello && ticks === 0 ? [edgeSignal(helloOccurrence(hello, host(), readings, config, lang))] : [];
      const signals = [...built, ...digestNow(startedAt), ...greeting];
      ledger = observeAll(ledger, signals, startedAt, rules);
      for (const name of SOURCE_NAMES) {
        if (readings[name].state === "ok") lastOkAt.set(name, startedAt.wallMs);
      }
      last = { startedAt, tookMs: clock.monoMs() - startedAt.monoMs, readings, signals };
    },
    finish: () => {
      ticks += 1;
    },
    judge: () => (last ? judgeAll(ledger, last.startedAt, rules) : []),
    delivered: (notices, messageId) => {
      ledger = deliverAll(ledger, notices, messageId);
    },
    lastTick: () => last,
    ticks: () => ticks,
    ledger: () => ledger,
    signalState: () => signalState,
    history: () => history,
    disks: () => [...disks.values()],
    digestDay: () => digests.day,
    lastOkAt: (source) => lastOkAt.get(source) ?? null,
    host,
  };
}

/** By label. What cannot be measured keeps its last measurement; what is no disk any more is forgotten. Pure. */
function knownDisks(before: ReadonlyMap<string, KnownDisk>, disk: Readings["disk"]): ReadonlyMap<string, KnownDisk> {
  if (disk.state === "off") return new Map();
  const measured = new Map(disk.state === "ok" ? disk.value.disks.map((sample) => [sample.label, sample]) : []);
  const unmeasured = new Set(disk.state === "ok" ? disk.value.failures.map(({ label }) => label) : before.keys());
  const labels = new Set([...before.keys(), ...measured.keys()]);
  return new Map(
    [...labels].flatMap((label): [string, KnownDisk][] => {
      const [sample, last] = [measured.get(label), before.get(label)];
      if (sample) return [[label, { sample, stale: false }]];
      return last && unmeasured.has(label) ? [[label, { ...last, stale: true }]] : [];
    }),
  );
}

function recordUse(history: History, { mem, disk }: Readings, now: Moment): void {
  if (mem.state === "ok") history.record(MEMORY, memoryUse(mem.value), now);
  if (disk.state === "ok")
    for (const sample of disk.value.disks) history.record(diskName(sample.label), diskUse(sample), now);
}

/** A forecast looks at every tick's series, a trend is shown where a disk is full. */
function needsSeries(config: DiskSettings, { disk }: Readings): boolean {
  const limitPct = Math.min(config.diskPct, config.diskCritPct);
  return (
    config.diskForecastH > 0 || (disk.state === "ok" && disk.value.disks.some((sample) => diskUse(sample) >= limitPct))
  );
}

function diskSeries(history: History, labels: Iterable<string>, now: Moment): Series {
  return new Map([...labels].map((label) => [label, history.series(diskName(label), now)]));
}

/** The judging part of the configuration, in the units that judging uses. */
export function rulesOf(config: AlertSettings & ContainerSettings & LoopSettings & SilenceSettings): Rules {
  return {
    cooldownS: config.cooldownS,
    flap: { changes: config.flapChanges, windowMs: config.flapWindowS * 1000, steadyMs: config.flapSteadyS * 1000 },
    isMuted: (topic) => isMuted(config.mute, topic),
    causeIds: [
      ...(config.orchContainer === undefined ? [] : [keyOf({ kind: "container", subject: config.orchContainer })]),
      keyOf({ kind: "orchestrator_down" }),
    ],
  };
}
