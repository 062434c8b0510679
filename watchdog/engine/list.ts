import { MAX_NAME } from "../config/value.ts";
import { isRecord } from "../net/exchange.ts";
import { fragment, identifier } from "../safe.ts";
import { isId, shortId } from "./id.ts";
import { type ContainerState, type Health, healthOf, stateOf } from "./state.ts";

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
  /** What of the host it sees, and where; undefined: nothing, or the engine does not say (Podman's list tells targets alone). Parsed when asked. */
  readonly mounts: () => readonly Mount[] | undefined;
  /** Undefined: Compose did not start it. Parsed when asked. */
  readonly compose: () => ComposeStart | undefined;
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
  if (!isId(id)) return undefined;
  const names = Array.isArray(entry["Names"])
    ? (entry["Names"] as unknown[]).filter((name) => typeof name === "string")
    : [];
  // A legacy link adds names like /other/alias; the container's own has one slash.
  const own = names.find((name) => name.lastIndexOf("/") === 0) ?? names[0] ?? shortId(id);
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
    mounts: () => mountsIn(entry["Mounts"]),
    compose: () => composeIn(labels),
  };
}

function composeIn(labels: Readonly<Record<string, unknown>>): ComposeStart | undefined {
  const [project, service, files] = ["project", "service", "project.config_files"].map(
    (name) => labels[`com.docker.compose.${name}`],
  );
  if (
    typeof project !== "string" ||
    typeof service !== "string" ||
    typeof files !== "string" ||
    files.length > MAX_PATH
  )
    return undefined;
  return {
    project,
    service,
    files: files.split(",").slice(0, MAX_FILES),
    isOneOff: labels["com.docker.compose.oneoff"] === "True",
  };
}

function mountsIn(list: unknown): Mount[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const mounts = (list as unknown[]).slice(0, MAX_MOUNTS).flatMap((mount) => {
    const [source, target] = isRecord(mount) ? [mount["Source"], mount["Destination"]] : [];
    // A tmpfs has no source.
    return isPath(source) && isPath(target)
      ? [{ source, target, ...(isRecord(mount) && mount["RW"] === false ? { isReadOnly: true as const } : {}) }]
      : [];
  });
  return mounts.length > 0 ? mounts : undefined;
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length <= MAX_PATH;
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
