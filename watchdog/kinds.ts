/** What can be named as the probable cause of a signal. */
export type CauseName = "engine" | "disk" | "memory" | "container";

/** Everything that is true of a kind of signal, whatever its subject. A fact that is left out is false. `Name`: how it may name other kinds. */
interface Kind<Name = string> {
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
  /** It is called flapping when it changes to and fro. The master alarm, blindness, what fills slowly and the pruner's results never are; an occurrence has no state to change. */
  readonly flaps?: boolean;
  /** What may be named as its cause, each only with a proven link. The order is that of one host: engine, disk, memory, container. */
  readonly causes?: readonly CauseName[];
  /** It is proven to follow from an orchestrator that is down, or whose container is. A failed job is not: it became known while the orchestrator answered. */
  readonly followsOrchestrator?: boolean;
  /** One subject, one alert: while one of these kinds stands, this one says nothing new about the same subject, and its signal stays as it is. `recoverySaysSo`: the recovery of that kind says that this one still stands. */
  readonly coveredBy?: readonly { readonly kind: Name; readonly recoverySaysSo: boolean }[];
  /** A disk without space: what the build cache holds of it is said with it. */
  readonly fillsDisk?: boolean;
}

const about = { subject: true, mutable: true, by: "watchdog" } as const;
const plain = { subject: false, mutable: true, by: "watchdog" } as const;
const always = { subject: false, mutable: false, by: "watchdog" } as const;
const news = { ...always, info: true } as const;
const pruner = { subject: false, mutable: true, by: "pruner" } as const;
/** What the orchestrator does stands still. The engine is no cause of that: while /metrics answers, the engine runs. */
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
  // Every container writes to the disk with the engine's data and to those of its writable mounts. Whether such a disk can have ended it, `isUnexplained` of signals/cause.ts says.
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
export const KINDS: Readonly<Record<KindName, Kind<KindName>>> = TABLE;
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

/** What a signal is about: its kind, and which subject where the kind has subjects. People, configuration, JSON and the state file know it by its key. */
export type Topic =
  | { readonly kind: SubjectKind; readonly subject: string }
  | { readonly kind: Exclude<KindName, SubjectKind>; readonly subject?: undefined };

/** `disk:root`, `host_mem`. */
export function keyOf({ kind, subject }: Topic): string {
  return subject === undefined ? kind : `${kind}:${subject}`;
}

/** undefined: it is the key of no kind that this version knows. */
export function topicOf(key: string): Topic | undefined {
  const colon = key.indexOf(":");
  const name = colon === -1 ? key : key.slice(0, colon);
  if (!Object.hasOwn(KINDS, name)) return undefined;
  const kind = name as KindName;
  if (hasSubjects(kind)) return colon === -1 ? undefined : { kind, subject: key.slice(colon + 1) };
  return colon === -1 ? ({ kind } as Topic) : undefined;
}
