import type { ContainerSample, FoundContainer } from "../collectors/containers.ts";
import type { DiskSample } from "../collectors/disk.ts";
import type { Readings } from "../collectors/index.ts";
import type { ContainerSettings } from "../config/areas/containers.ts";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { EngineSettings } from "../config/areas/engine.ts";
import { proxyHost } from "../config/value.ts";
import type { Mount } from "../engine/list.ts";
import { type CauseName, KINDS } from "../kinds.ts";
import { round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import type { Fault } from "../net/fault.ts";
import { diskUse, memoryUse } from "../usage.ts";
import type { Signal } from "./signal.ts";

/** A container that started less than this ago explains an orchestrator that does not answer yet. */
const JUST_STARTED_MS = 5 * 60_000;

type Found = ContainerSample["found"];

/** A cause, and since when it stands: what went bad before that has another one. */
interface Cause {
  readonly text: string;
  readonly sinceMonoMs: number;
}

/** The moments of two readings side by side may differ by a tick. */
const SIDE_BY_SIDE_MS = 60_000;

/** Names the probable cause of what is active, as far as this tick knows one. Pure. */
export function withCauses(
  signals: readonly Signal[],
  readings: Readings,
  config: ContainerSettings & DiskSettings & EngineSettings,
  lang: Lang,
  wallMs: number,
): Signal[] {
  const containers = readings.docker.state === "ok" ? readings.docker.value.containers : [];
  const foundBy = new Map(containers.map(({ name, found }) => [name, found]));
  const orch = config.orchContainer === undefined ? undefined : foundBy.get(config.orchContainer);
  const disks = fullDisks(signals, readings, config, lang);
  const causes: Readonly<Record<Exclude<CauseName, "disk">, readonly Cause[]>> = {
    engine: engineCause(readings, config, lang).map(always),
    memory: memoryCause(signals, readings, lang),
    container: orchestratorContainer(readings, config, lang, wallMs).map(always),
  };
  return signals.map((signal) => {
    const { kind, subject } = signal.topic;
    const names = signal.active ? (KINDS[kind].causes ?? []) : [];
    // Whoever is told about by its container has that container's reason.
    const found = kind === "container" ? foundBy.get(subject ?? "") : orch;
    const began = signal.since?.monoMs ?? Infinity;
    const causesOf = (name: CauseName): readonly Cause[] => {
      if ((name === "disk" || name === "memory") && found !== undefined && !isUnexplained(found)) return [];
      return name === "disk" ? disks.filter((disk) => disk.holdsEngineData || disk.isUnder(found)) : causes[name];
    };
    const texts = names
      .flatMap(causesOf)
      .filter(({ sinceMonoMs }) => sinceMonoMs <= began + SIDE_BY_SIDE_MS)
      .map(({ text }) => text);
    return texts.length > 0 ? { ...signal, cause: texts.join("; ") } : signal;
  });
}

const always = (text: string): Cause => ({ text, sinceMonoMs: -Infinity });

/** SIGINT, SIGKILL, SIGTERM: somebody ended it. */
const ENDED_BY_SOMEBODY = [130, 137, 143];

/**
 * Whether a full disk or memory may be why a container is as it is. Not where the reason is known: it was never there or never ran,
 * it was paused, it did its work (0), somebody ended it, its memory ran out, the engine or its health check says what is wrong.
 */
function isUnexplained(found: Found): boolean {
  if (found === "missing") return false;
  if ("unreadable" in found) return true;
  const { state, health, exitCode, oomKilled, error, healthOutput } = found;
  if (oomKilled || error !== "") return false;
  if (state === "running") return health !== "unhealthy" || healthOutput === "";
  return state !== "created" && state !== "paused" && exitCode !== 0 && !ENDED_BY_SOMEBODY.includes(exitCode);
}

/** An engine that is gone, for an orchestrator that is known to be its container. What refuses only us (EACCES, an answer of 403) is no cause. */
function engineCause(
  { docker }: Readings,
  { dockerTarget, orchContainer }: ContainerSettings & EngineSettings,
  lang: Lang,
): string[] {
  return orchContainer !== undefined && docker.state === "failed" && isGone(docker)
    ? [lang.causes.engine(docker, proxyHost(dockerTarget))]
    : [];
}

/** Nobody listens, nothing comes back, the socket's file is not there; of a proxy also that it cannot reach the engine. */
function isGone({ kind, code, status = 0 }: Fault): boolean {
  switch (kind) {
    case "refused":
    case "timeout":
    case "reset":
    case "unreachable":
      return true;
    case "other":
      return code === "ENOENT" || [502, 503, 504].includes(status);
    case "dns":
    case "tls":
      return false;
    default:
      return kind satisfies never;
  }
}

/** A disk that is full, since its alert stands, and whose it is. */
interface FullDisk extends Cause {
  readonly holdsEngineData: boolean;
  /** Whether a mount that this container can write to lies on it. */
  readonly isUnder: (found: Found | undefined) => boolean;
}

function fullDisks(
  signals: readonly Signal[],
  { disk, docker }: Readings,
  config: DiskSettings,
  lang: Lang,
): FullDisk[] {
  const samples = disk.state === "ok" ? disk.value.disks : [];
  const own = docker.state === "ok" ? (docker.value.ownMounts ?? []) : [];
  const folders = new Map(samples.map((sample) => [sample.label, hostFolder(sample, own)]));
  return samples.flatMap((sample) => {
    const { label, holdsEngineData = false } = sample;
    const usedPct = round1(diskUse(sample));
    if (usedPct < config.diskCritPct) return [];
    const alert = (["disk_crit", "disk"] as const)
      .map((kind) => signals.find(({ topic }) => topic.kind === kind && topic.subject === label))
      .find((signal) => signal?.active);
    const isUnder = (found: Found | undefined): boolean =>
      typeof found === "object" &&
      "mounts" in found &&
      (found.mounts ?? []).some(({ source, isReadOnly }) => !isReadOnly && innermost(folders, source) === label);
    return [
      {
        text: lang.causes.disk(label, usedPct),
        sinceMonoMs: alert?.since?.monoMs ?? -Infinity,
        holdsEngineData,
        isUnder,
      },
    ];
  });
}

/** A folder of the host that is known to lie on this disk; undefined: none is. The host's `/` is none: what lies under it may be another disk. */
function hostFolder(
  { path, hostPath, isFile }: Pick<DiskSample, "path" | "hostPath" | "isFile">,
  own: readonly Mount[],
): string | undefined {
  const onHost = own.find(({ target }) => target === path)?.source ?? hostPath;
  const folder = isFile ? onHost?.slice(0, onHost.lastIndexOf("/")) : onHost;
  return folder === "" || folder === "/" ? undefined : folder;
}

/** The label of the disk whose folder holds this path of the host; of folders in each other, the inner one's. */
function innermost(folders: ReadonlyMap<string, string | undefined>, path: string): string | undefined {
  let [label, length]: [string | undefined, number] = [undefined, 0];
  for (const [candidate, folder] of folders) {
    if (folder === undefined || folder.length <= length || !(path === folder || path.startsWith(`${folder}/`)))
      continue;
    [label, length] = [candidate, folder.length];
  }
  return label;
}

function memoryCause(signals: readonly Signal[], { mem }: Readings, lang: Lang): Cause[] {
  const alert = signals.find(({ topic, active }) => topic.kind === "host_mem" && active);
  return alert && mem.state === "ok"
    ? [{ text: lang.causes.memory(round1(memoryUse(mem.value))), sinceMonoMs: alert.since?.monoMs ?? -Infinity }]
    : [];
}

/** What the orchestrator's own container says: down, out of memory, or just started. */
function orchestratorContainer({ docker }: Readings, config: ContainerSettings, lang: Lang, wallMs: number): string[] {
  const name = config.orchContainer;
  if (name === undefined || docker.state !== "ok") return [];
  const found = docker.value.containers.find((sample) => sample.name === name)?.found;
  if (found === undefined || (found !== "missing" && "unreadable" in found)) return [];
  if (found === "missing") return [lang.causes.containerMissing(name)];
  return containerCause(name, found, lang, wallMs);
}

function containerCause(name: string, found: FoundContainer, lang: Lang, wallMs: number): string[] {
  if (found.state !== "running") return [lang.causes.containerDown(name, found)];
  const upMs = found.startedAtMs === undefined ? Infinity : wallMs - found.startedAtMs;
  const causes = found.health === "unhealthy" ? [lang.causes.containerUnhealthy(name)] : [];
  return upMs >= 0 && upMs < JUST_STARTED_MS ? [...causes, lang.causes.containerRestarted(name, upMs)] : causes;
}
