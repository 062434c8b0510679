import { MAX_NAME } from "../config/value.ts";
import { isRecord } from "../net/exchange.ts";
import { fragment, identifier } from "../safe.ts";

export const STATES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;
export type ContainerState = (typeof STATES)[number];
export type Health = "none" | "starting" | "healthy" | "unhealthy";

/** One entry of GET /containers/json, as far as we read it. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly health: Health;
  /** Whole seconds it has been up at least; undefined when it is not up or says so in words we do not know. */
  readonly uptimeS?: number;
  /** Label watchdog.watch. */
  readonly watch?: boolean;
  /** What of the host it sees, and where; undefined: nothing, or the engine does not say (Podman's list tells targets alone). */
  readonly mounts?: readonly Mount[];
  /** Undefined: Compose did not start it. */
  readonly compose?: ComposeStart;
}

/** How Compose says that it started a container. Foreign text. */
export interface ComposeStart {
  readonly project: string;
  readonly service: string;
  /** The host's paths of the files that it read, absolute. */
  readonly files: readonly string[];
  /** By `docker compose run`. */
  readonly isOneOff: boolean;
}

/** A bind mount or a volume: a path of the host, and the path in the container that shows it. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly?: true;
}

const MAX_MOUNTS = 64;
const MAX_FILES = 16;
/** PATH_MAX of Linux. */
const MAX_PATH = 4096;

/** GET /containers/{id}/json, as far as we read it. Config.Env is never kept. */
export interface Inspected {
  readonly state: ContainerState;
  readonly health: Health;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly healthOutput: string;
  readonly restartCount: number;
  /** State.StartedAt and State.FinishedAt, in the engine's wall time. */
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  /** RestartPolicy.Name: no, on-failure, always or unless-stopped. */
  readonly restartPolicy: string;
}

/** Throws when the answer is not a list; an entry that is not understood is left out. */
export function parseList(json: unknown): Listed[] {
  if (!Array.isArray(json)) throw new Error("engine's container list is not a list");
  return (json as unknown[]).flatMap((entry) => {
    const listed = isRecord(entry) ? parseListed(entry) : undefined;
    return listed ? [listed] : [];
  });
}

function parseListed(entry: Readonly<Record<string, unknown>>): Listed | undefined {
  const id = entry["Id"];
  // Validated, because it becomes part of a path.
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) return undefined;
  const names = Array.isArray(entry["Names"])
    ? (entry["Names"] as unknown[]).filter((name) => typeof name === "string")
    : [];
  // A legacy link adds names like /other/alias; the container's own has one slash.
  const own = names.find((name) => name.lastIndexOf("/") === 0) ?? names[0] ?? id.slice(0, 12);
  const status = typeof entry["Status"] === "string" ? entry["Status"] : "";
  const labels = isRecord(entry["Labels"]) ? entry["Labels"] : {};
  const uptimeS = parseUptime(status);
  const watch = labels["watchdog.watch"];
  return {
    id,
    name: identifier(own.replace(/^\//, ""), MAX_NAME),
    image: typeof entry["Image"] === "string" ? fragment(entry["Image"], 120) : "",
    state: stateOf(entry["State"]),
    health: healthOf(isRecord(entry["Health"]) ? entry["Health"]["Status"] : undefined) ?? healthInStatus(status),
    ...(uptimeS === undefined ? {} : { uptimeS }),
    ...(watch === "true" || watch === "false" ? { watch: watch === "true" } : {}),
    ...mountsIn(entry["Mounts"]),
    ...composeIn(labels),
  };
}

function composeIn(labels: Readonly<Record<string, unknown>>): { compose?: ComposeStart } {
  const [project, service, files] = ["project", "service", "project.config_files"].map(
    (name) => labels[`com.docker.compose.${name}`],
  );
  if (
    typeof project !== "string" ||
    typeof service !== "string" ||
    typeof files !== "string" ||
    files.length > MAX_PATH
  )
    return {};
  return {
    compose: {
      project,
      service,
      files: files.split(",").slice(0, MAX_FILES),
      isOneOff: labels["com.docker.compose.oneoff"] === "True",
    },
  };
}

function mountsIn(list: unknown): { mounts?: Mount[] } {
  if (!Array.isArray(list)) return {};
  const mounts = (list as unknown[]).slice(0, MAX_MOUNTS).flatMap((mount) => {
    const [source, target] = isRecord(mount) ? [mount["Source"], mount["Destination"]] : [];
    // A tmpfs has no source.
    return isPath(source) && isPath(target)
      ? [{ source, target, ...(isRecord(mount) && mount["RW"] === false ? { isReadOnly: true as const } : {}) }]
      : [];
  });
  return mounts.length > 0 ? { mounts } : {};
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length <= MAX_PATH;
}

/** Throws when the part that everything is judged by is missing. */
export function parseInspect(json: unknown): Inspected {
  const state = isRecord(json) ? json["State"] : undefined;
  if (!isRecord(json) || !isRecord(state)) throw new Error("engine's inspect answer has no State");
  const health = isRecord(state["Health"]) ? state["Health"] : {};
  const hostConfig = isRecord(json["HostConfig"]) ? json["HostConfig"] : {};
  const policy = isRecord(hostConfig["RestartPolicy"]) ? hostConfig["RestartPolicy"]["Name"] : undefined;
  return {
    state: stateOf(state["Status"]),
    health: healthOf(health["Status"]) ?? "none",
    exitCode: integer(state["ExitCode"]),
    oomKilled: state["OOMKilled"] === true,
    error: typeof state["Error"] === "string" ? fragment(state["Error"], 200) : "",
    healthOutput: lastHealthOutput(health["Log"]),
    restartCount: integer(json["RestartCount"]),
    ...timeIn(state, "StartedAt", "startedAtMs"),
    ...timeIn(state, "FinishedAt", "finishedAtMs"),
    restartPolicy: typeof policy === "string" && policy !== "" ? policy : "no",
  };
}

/** The zero time 0001-01-01 means never. */
function timeIn<K extends string>(
  state: Readonly<Record<string, unknown>>,
  field: string,
  name: K,
): { [P in K]?: number } {
  const value = state[field];
  const atMs = typeof value === "string" ? Date.parse(value) : NaN;
  return (atMs > 0 ? { [name]: atMs } : {}) as { [P in K]?: number };
}

function lastHealthOutput(log: unknown): string {
  const last: unknown = Array.isArray(log) ? log.at(-1) : undefined;
  const output = isRecord(last) ? last["Output"] : undefined;
  return typeof output === "string" ? fragment(output, 200) : "";
}

function integer(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}

/** A state we do not know is no proof of health: it counts as dead. */
function stateOf(value: unknown): ContainerState {
  return STATES.find((state) => state === value) ?? "dead";
}

function healthOf(value: unknown): Health | undefined {
  if (value === "healthy" || value === "unhealthy" || value === "starting") return value;
  return value === "none" ? "none" : undefined;
}

/** Before API 1.52 the list tells health only in its sentence: `Up 2 minutes (healthy)`, `(unhealthy)`, `(health: starting)`. */
export function healthInStatus(status: string): Health {
  if (/\(unhealthy\)/.test(status)) return "unhealthy";
  if (/\(health: starting\)/.test(status)) return "starting";
  return /\(healthy\)/.test(status) ? "healthy" : "none";
}

const UNIT_S: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** `Up 5 seconds`, `Up About a minute`, `Up 3 hours (healthy)`: the least uptime the words allow (docker/go-units HumanDuration). */
export function parseUptime(status: string): number | undefined {
  const match = /^Up (Less than a|About an?|\d+) (second|minute|hour|day|week|month|year)s?\b/.exec(status);
  const [, amount, unit] = match ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  if (amount === "Less than a") return 0;
  // HumanDuration rounds hours to the nearest, so that "About an hour" may be 30 minutes short.
  const count = /^\d+$/.test(amount) ? Number(amount) : 1;
  return unit === "hour" ? count * 3600 - 1800 : count * (UNIT_S[unit] ?? 0);
}
