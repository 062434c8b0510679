/** What is true of a kind of signal, whatever its subject. */
interface Kind {
  /** Whether its keys go on after the kind: `disk:root`. */
  readonly subject: boolean;
  /** Whether WATCHDOG_MUTE can silence it. The master alarm and what the watchdog says of itself are always told. */
  readonly mutable: boolean;
  /** The program that tells it; both read one env file. */
  readonly by: "watchdog" | "pruner";
}

const about = { subject: true, mutable: true, by: "watchdog" } as const;
const plain = { subject: false, mutable: true, by: "watchdog" } as const;
const always = { subject: false, mutable: false, by: "watchdog" } as const;
const pruner = { subject: false, mutable: true, by: "pruner" } as const;

/** Every kind of signal: the part of a key before its colon. Whatever is said of each kind is typed by this list, so that none is forgotten. */
export const KINDS = {
  orchestrator_down: always,
  metrics_stale: plain,
  job_failed: plain,
  agent_hung: about,
  queue_stalled: plain,
  host_mem: plain,
  disk: about,
  disk_crit: about,
  disk_forecast: about,
  inodes: about,
  container: about,
  dep: about,
  cert: about,
  proc_blocking: about,
  blind: about,
  host_boot: always,
  mutes: always,
  digest: always,
  hello: always,
  prune_failed: pruner,
  prune_useless: pruner,
  pruned: pruner,
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
type Where<Facts> = { [Name in KindName]: (typeof KINDS)[Name] extends Facts ? Name : never }[KindName];
/** The kinds of which there can be many at once. */
export type SubjectKind = Where<{ subject: true }>;
/** The kinds that the status page can show. */
export type WatchdogKind = Where<{ by: "watchdog" }>;

export const KIND_NAMES = Object.keys(KINDS) as KindName[];

/** The kind of a key; undefined: none of ours, as in a state file of another version. */
export function kindOf(key: string): KindName | undefined {
  const name = key.split(":", 1)[0] ?? "";
  return Object.hasOwn(KINDS, name) ? (name as KindName) : undefined;
}
