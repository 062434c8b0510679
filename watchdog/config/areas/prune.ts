import { type GoDuration, goDuration } from "../duration.ts";
import { type Env, one, optional, type Parsed, type Problem } from "../table.ts";
import { flag, type HostPort, percentOrOff, period, periodOrOff, text } from "../value.ts";

/** A host of ssh's: no port means ssh's own default. Nothing that ssh could take for an option or the remote shell for a command. */
export interface SshHost {
  readonly host: HostPort["host"];
  readonly port: number | undefined;
}

const HOST = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,252})))(?::(\d{1,5}))?$/;

const sshHost = {
  allowed: "a host name or address, optionally with :port ([…] around an IPv6 address)",
  parse: (raw: string): SshHost | undefined => {
    const match = HOST.exec(raw);
    const host = match?.[1] ?? match?.[2];
    const port = match?.[3] === undefined ? undefined : Number(match[3]);
    return host === undefined || (port !== undefined && (port < 1 || port > 65_535)) ? undefined : { host, port };
  },
};

/** Characters that ssh neither expands (`%`, `~`) nor splits at. */
const PATH = /^\/[\w./+@-]{1,1000}$/;
const pathAllowed = "an absolute path of letters, digits and . _ / + @ -";

const duration = (seconds: number, shown: string): GoDuration => ({ text: shown, seconds });

/** What only the pruner reads. */
export const PRUNE_VARIABLES = {
  pruneEnabled: one(
    "WATCHDOG_PRUNE_ENABLED",
    flag,
    false,
    "kill switch of the pruner: false = it stays up, healthy and inert",
  ),
  pruneIntervalS: one("WATCHDOG_PRUNE_INTERVAL_S", period, 86_400, "seconds from one prune to the next"),
  pruneUntil: {
    ...optional(
      "WATCHDOG_PRUNE_UNTIL",
      goDuration,
      "only build cache not used for this long is cleared (a Go duration); empty = whatever its age, and only with ALL=false",
    ),
    fallback: () => duration(72 * 3600, "72h"),
    shown: "72h",
    emptyMeans: { value: undefined },
  },
  pruneAll: one(
    "WATCHDOG_PRUNE_ALL",
    flag,
    false,
    "also cache that images and frontends still refer to (-a); refused without an age",
  ),
  pruneTimeoutS: one("WATCHDOG_PRUNE_TIMEOUT_S", period, 300, "seconds one prune may take"),
  pruneNotifyMinGb: one(
    "WATCHDOG_PRUNE_NOTIFY_MIN_GB",
    periodOrOff,
    0,
    "tell the channel when at least this many GB (as docker counts: 10^9 bytes) were freed; 0 = never",
  ),
  pruneDiskPct: one(
    "WATCHDOG_PRUNE_DISK_PCT",
    percentOrOff,
    0,
    "use of the engine's disk, in percent, from which a prune comes early and takes younger cache, at most once an hour; not over ssh; 0 = off",
  ),
  pruneUntilFloor: one<GoDuration>(
    "WATCHDOG_PRUNE_UNTIL_FLOOR",
    goDuration,
    duration(6 * 3600, "6h"),
    "the age is halved at each early prune, but never below this (a Go duration)",
    { shown: "6h" },
  ),
  pruneSshHost: optional<SshHost>(
    "WATCHDOG_PRUNE_SSH_HOST",
    sshHost,
    "prune over ssh on this host; unset: over the Docker socket",
  ),
  pruneSshUser: optional(
    "WATCHDOG_PRUNE_SSH_USER",
    text("a user name", /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/),
    "user on that host",
  ),
  pruneSshKeyFile: optional(
    "WATCHDOG_PRUNE_SSH_KEY_FILE",
    text(pathAllowed, PATH),
    "private key for it, readable by the pruner alone",
  ),
  pruneSshKnownHosts: optional(
    "WATCHDOG_PRUNE_SSH_KNOWN_HOSTS",
    text(pathAllowed, PATH),
    "known_hosts file that host must match; without it nothing is pruned over ssh",
  ),
};

export type PruneSettings = Parsed<typeof PRUNE_VARIABLES>;

const EVERYTHING =
  "WATCHDOG_PRUNE_ALL=true without WATCHDOG_PRUNE_UNTIL would clear the whole cache, so nothing is pruned until it is corrected";

/** What counts of these, and why nothing may be pruned whatever else is set: where to was said, and could not be understood. */
export function resolvePrune(
  given: PruneSettings,
  env: Env,
  problems: Problem[],
): { readonly settings: PruneSettings; readonly refused?: string } {
  const everything = given.pruneAll && given.pruneUntil === undefined;
  if (everything) {
    problems.push({
      variable: "WATCHDOG_PRUNE_ALL",
      text: "WATCHDOG_PRUNE_ALL=true without an age would clear the whole cache; allowed: only together with WATCHDOG_PRUNE_UNTIL; nothing is pruned until it is corrected",
    });
  }
  const unmeasured = given.pruneSshHost !== undefined && given.pruneDiskPct > 0;
  if (unmeasured) {
    problems.push({
      variable: "WATCHDOG_PRUNE_DISK_PCT",
      text: `WATCHDOG_PRUNE_DISK_PCT=${given.pruneDiskPct} has no effect over ssh: only the disk of this machine can be measured; allowed: together with the Docker socket; using the default 0 = off`,
    });
  }
  const settings = {
    ...given,
    ...(unmeasured ? { pruneDiskPct: 0 } : {}),
    pruneAll: given.pruneAll && !everything,
  };
  return { settings, ...(everything ? { refused: EVERYTHING } : refusal(env, problems)) };
}

/** A default in place of a bad target would clear the cache of another machine than the one that was meant. */
function refusal(env: Env, problems: readonly Problem[]): { refused?: string } {
  const isOverSsh = (env["WATCHDOG_PRUNE_SSH_HOST"] ?? "").trim() !== "";
  const targets = ["WATCHDOG_PRUNE_SSH_HOST", "WATCHDOG_PRUNE_SSH_USER", "WATCHDOG_PRUNE_SSH_KEY_FILE"];
  const misread = [...targets, ...(isOverSsh ? [] : ["WATCHDOG_DOCKER_SOCK"])].filter((name) =>
    problems.some(({ variable }) => variable === name),
  );
  return misread.length > 0
    ? { refused: `${misread.join(" and ")} cannot be understood, so nothing is pruned until it is corrected` }
    : {};
}
