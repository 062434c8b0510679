import type { ContainerSettings } from "../config/areas/containers.ts";
import type { EngineSettings } from "../config/areas/engine.ts";
import type { DockerTarget } from "../config/value.ts";
import { type DockerClient, dockerClient } from "../engine/client.ts";
import { shortId } from "../engine/id.ts";
import type { Inspected } from "../engine/inspect.ts";
import type { Listed, Mount } from "../engine/list.ts";
import { type Fault, faultOf } from "../net/fault.ts";
import type { Collector, Source } from "./reading.ts";

/** One watched container; the detail fields are those of the last inspect. */
export interface ContainerSample {
  readonly name: string;
  /** Named in the configuration, rather than found by `*`. */
  readonly named: boolean;
  readonly found: FoundContainer | "missing" | { readonly unreadable: Fault };
}

export interface FoundContainer extends Inspected {
  readonly id: string;
  readonly image: string;
  /** They stay as they are for as long as it has its id, so they are read when it is inspected. */
  readonly mounts?: readonly Mount[] | undefined;
}
type InspectedHere = Omit<FoundContainer, "id" | "image">;

export interface DockerReading {
  /** The engine's host name, once it said so. */
  readonly hostname?: string;
  readonly containers: readonly ContainerSample[];
  /** Name by id of every container there is, watched or not: whose a process is. */
  readonly names?: ReadonlyMap<string, string>;
  /** What of the host the watchdog's own container sees, where it runs in one that this engine knows. */
  readonly ownMounts?: readonly Mount[] | undefined;
  /** The files that Compose read for that container, then for each other one of its service that runs on. */
  readonly ownFiles?: readonly (readonly string[])[] | undefined;
}

const PARALLEL_INSPECTS = 8;
/** The list's clock and ours, and the whole seconds of its wording. */
const UPTIME_SLACK_S = 2;

/** What this source asks of the engine. */
type Asked = Pick<DockerClient, "list" | "inspect" | "info">;

export const CONTAINERS = {
  open: ({ dockerTarget, containers }, { deadlineMs, hostname }) =>
    dockerTarget && containers.length > 0
      ? containersCollector(dockerTarget, containers, deadlineMs, hostname)
      : undefined,
  whyOff: ({ dockerTarget }) =>
    dockerTarget && "socketPath" in dockerTarget
      ? `there is no ${dockerTarget.socketPath}`
      : "WATCHDOG_DOCKER_SOCK is empty",
  shown: ({ containers }) => `${containers.length} watched`,
  unread: ({ containers }) => {
    const parts = containers.flatMap(({ name, found }) =>
      found !== "missing" && "unreadable" in found ? [{ part: name, reason: found.unreadable.reason }] : [],
    );
    return { parts, isPartly: containers.length > parts.length };
  },
} satisfies Source<DockerReading, ContainerSettings & EngineSettings>;

/**
 * One list call a tick; an inspect only at first sight, when something is not good, or when the container started since the last tick.
 * Rejects when the engine cannot be read at all; one container that cannot be inspected is `unreadable`, the others count.
 */
export function containersCollector(
  target: DockerTarget,
  wanted: readonly string[],
  deadlineMs: number,
  systemHostname: string,
  client: Asked = dockerClient(target, deadlineMs),
): Collector<DockerReading> {
  const everything = wanted.includes("*");
  const names = new Set(wanted.filter((name) => name !== "*"));
  let known = new Map<string, InspectedHere>();
  let hostname: string | undefined;
  let lastListAtMs: number | undefined;

  const isWatched = (listed: Listed, inspected: Inspected | undefined): boolean => {
    if (listed.watch === false) return false;
    if (names.has(listed.name)) return true;
    // Not inspected yet, so its restart policy is unknown: it has to be looked at.
    return everything && (listed.watch === true || inspected === undefined || inspected.restartPolicy !== "no");
  };

  return {
    // Two requests' time: the list, then the inspects side by side.
    deadlineMs: deadlineMs * 2 + 1000,
    collect: async ({ monoMs, signal }) => {
      const listed = await client.list(signal);
      const sinceLastS = lastListAtMs === undefined ? Infinity : (monoMs - lastListAtMs) / 1000;
      lastListAtMs = monoMs;
      const candidates = listed.filter((entry) => isWatched(entry, known.get(entry.id)));
      const due = candidates.filter((entry) => isDue(entry, known.get(entry.id), sinceLastS));
      const [fresh] = await Promise.all([
        inspectAll(client, due, signal),
        hostname === undefined
          ? client.info(signal).then(
              (info) => (hostname = info.hostname),
              () => undefined,
            )
          : undefined,
      ]);
      const next = new Map<string, InspectedHere>();
      for (const { id } of listed) {
        const outcome = fresh.get(id);
        const inspected = outcome?.value ?? known.get(id);
        if (inspected) next.set(id, inspected);
      }
      known = next;
      const samples = candidates
        .filter((entry) => isWatched(entry, known.get(entry.id)))
        .flatMap((entry) => sampleOf(entry, names.has(entry.name), fresh.get(entry.id), known.get(entry.id)));
      const seen = new Set(listed.map(({ name }) => name));
      const missing = [...names]
        .filter((name) => !seen.has(name))
        .map((name): ContainerSample => ({ name, named: true, found: "missing" }));
      const own = listed.find(({ id }) => shortId(id) === systemHostname);
      return {
        ...(hostname === undefined ? {} : { hostname }),
        containers: [...samples, ...missing],
        names: new Map(listed.map(({ id, name }) => [id, name])),
        ownMounts: own?.mounts(),
        ownFiles: own && composeFiles(own, listed),
      };
    },
  };
}

/** What Compose read for this container, then for each other one of its service that runs on; undefined: Compose did not start it. */
function composeFiles(own: Listed, listed: readonly Listed[]): (readonly string[])[] | undefined {
  const start = own.compose();
  if (!start) return undefined;
  const siblings = listed
    .filter((one) => one !== own && one.state === "running")
    .map((one) => one.compose())
    .filter((one) => one?.project === start.project && one.service === start.service && !one.isOneOff);
  return [start, ...siblings].flatMap((one) => (one ? [one.files] : []));
}

function isDue(listed: Listed, inspected: Inspected | undefined, sinceLastS: number): boolean {
  if (inspected === undefined) return true;
  if (listed.state !== "running" || listed.health === "unhealthy" || listed.health === "starting") return true;
  if (inspected.state !== "running" || inspected.health === "unhealthy") return true;
  return listed.uptimeS === undefined || listed.uptimeS < sinceLastS + UPTIME_SLACK_S;
}

/** Neither value nor failure: it was removed between the list and the inspect. */
interface InspectOutcome {
  readonly value?: InspectedHere;
  readonly failure?: Fault;
}

async function inspectAll(
  client: Asked,
  due: readonly Listed[],
  signal: AbortSignal,
): Promise<Map<string, InspectOutcome>> {
  const outcomes = new Map<string, InspectOutcome>();
  const queue = [...due];
  const worker = async (): Promise<void> => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift())
      outcomes.set(entry.id, await inspectOne(client, entry, signal));
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_INSPECTS, due.length) }, worker));
  return outcomes;
}

async function inspectOne(client: Asked, listed: Listed, signal: AbortSignal): Promise<InspectOutcome> {
  try {
    const value = await client.inspect(listed.id, signal);
    return value ? { value: { ...value, mounts: listed.mounts() } } : {};
  } catch (error) {
    return { failure: faultOf(error) };
  }
}

function sampleOf(
  listed: Listed,
  named: boolean,
  outcome: InspectOutcome | undefined,
  inspected: InspectedHere | undefined,
): ContainerSample[] {
  const { name, id, image } = listed;
  if (outcome?.failure) return [{ name, named, found: { unreadable: outcome.failure } }];
  if (outcome && !outcome.value) return named ? [{ name, named, found: "missing" }] : [];
  if (!inspected) return [{ name, named, found: { unreadable: { kind: "other", reason: "not inspected" } } }];
  // When the inspect is of this tick it is the newer view of the two.
  const { state, health } = outcome ? inspected : listed;
  return [{ name, named, found: { ...inspected, id, image, state, health } }];
}
