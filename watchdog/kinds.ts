/** What can be named as the probable cause of a signal. */
export type CauseName = "engine" | "disk" | "memory" | "container";

/** Everything that is true of a kind of signal, whatever its subject. What is not said is not so. */
interface Kind {
  /** There can be many of it at once, each about a subject of its own: `disk:root`. */
  readonly subject: boolean;
  /** WATCHDOG_MUTE can silence it. The master alarm and what the watchdog says of itself are always told. */
  readonly mutable: boolean;
  /** The program that tells it; both read one env file. */
  readonly by: "watchdog" | "pruner";
  /** Worth knowing, no alarm. */
  readonly info?: boolean;
  /** Nothing runs any more, or will not in a few minutes: it cannot wait for the morning. */
  readonly critical?: boolean;
  /** What changes to and fro is called flapping. Not so the master alarm, blindness and what fills slowly; an occurrence has no state to change. */
  readonly flaps?: boolean;
  /** What may be named as its cause, each only with a proven link. The order is that of one host: engine, disk, memory, container. */
  readonly causes?: readonly CauseName[];
  /** It is proven to follow from an orchestrator that is down, or whose container is. A failed job is not: it became known while the orchestrator answered. */
  readonly followsOrchestrator?: boolean;
  /** Kinds that say it already, about the same subject; `recoverySaysSo`: their recovery says that this one still stands. */
  readonly coveredBy?: readonly { readonly kind: string; readonly recoverySaysSo: boolean }[];
  /** A disk without space: what the build cache holds of it is said with it. */
  readonly fillsDisk?: boolean;
}

const about = { subject: true, mutable: true, by: "watchdog" } as const;
const plain = { subject: false, mutable: true, by: "watchdog" } as const;
const always = { subject: false, mutable: false, by: "watchdog" } as const;
const news = { ...always, info: true } as const;
const pruner = { subject: false, mutable: true, by: "pruner" } as const;
/** The orchestrator answers, so the engine runs; what it does stands still. */
const standsStill = { flaps: true, causes: ["disk", "memory", "container"], followsOrchestrator: true } as const;

/** Every kind of signal: the part of a key before its colon. Whatever is said of each kind is typed by this list, so that none is forgotten. */
const TABLE = {
  // Without its engine, its disk or memory, or with its container down, the orchestrator cannot answer.
  orchestrator_down: { ...always, critical: true, causes: ["engine", "disk", "memory", "container"] },
  metrics_stale: { ...plain, ...standsStill },
  job_failed: plain,
  agent_hung: { ...about, ...standsStill },
  queue_stalled: { ...plain, ...standsStill },
  host_mem: { ...plain, flaps: true },
  disk: { ...about, fillsDisk: true, coveredBy: [{ kind: "disk_crit", recoverySaysSo: true }] },
  disk_crit: { ...about, critical: true, fillsDisk: true },
  disk_forecast: {
    ...about,
    coveredBy: [
      { kind: "disk_crit", recoverySaysSo: false },
      { kind: "disk", recoverySaysSo: false },
    ],
  },
  inodes: about,
  // Every container writes to the disk that holds the engine's data and to those of its writable mounts; whether it can have ended by that, its state says.
  container: { ...about, flaps: true, causes: ["disk", "memory"] },
  // A dependency may be another host's: nothing that is seen here is proven to be its cause.
  dep: { ...about, flaps: true },
  cert: about,
  proc_blocking: { ...about, flaps: true },
  blind: about,
  host_boot: news,
  mutes: news,
  digest: news,
  hello: news,
  prune_failed: pruner,
  prune_useless: pruner,
  pruned: { ...pruner, info: true },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof TABLE;
export const KINDS: Readonly<Record<KindName, Kind>> = TABLE;
type Where<Facts> = { [Name in KindName]: (typeof TABLE)[Name] extends Facts ? Name : never }[KindName];
/** The kinds of which there can be many at once. */
export type SubjectKind = Where<{ subject: true }>;
/** The kinds that the status page can show. */
export type WatchdogKind = Where<{ by: "watchdog" }>;

export const KIND_NAMES = Object.keys(KINDS) as KindName[];

export function hasSubjects(name: KindName): name is SubjectKind {
  return KINDS[name].subject;
}

export function isWatchdogs(name: KindName): name is WatchdogKind {
  return KINDS[name].by === "watchdog";
}

/** What a signal is about. People, configuration, JSON and the state file know it by its key. */
export interface Topic {
  readonly kind: KindName;
  /** Of a kind that has subjects: which one of them. */
  readonly subject?: string;
}

/** `disk:root`, `host_mem`. */
export function keyOf({ kind, subject }: Topic): string {
  return subject === undefined ? kind : `${kind}:${subject}`;
}

/** undefined: the key of none of our kinds, as in a state file of another version. */
export function topicOf(key: string): Topic | undefined {
  const colon = key.indexOf(":");
  const name = colon === -1 ? key : key.slice(0, colon);
  if (!Object.hasOwn(KINDS, name)) return undefined;
  const kind = name as KindName;
  return colon === -1 ? { kind } : { kind, subject: key.slice(colon + 1) };
}
