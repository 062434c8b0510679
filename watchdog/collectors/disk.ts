import { constants, stat, statfs } from "node:fs/promises";
import type { DiskSettings } from "../config/areas/disk.ts";
import type { EngineSettings } from "../config/areas/engine.ts";
import type { DiskPath, DockerTarget } from "../config/value.ts";
import { dockerDiskPath } from "../docker-disk.ts";
import { dockerClient } from "../engine/client.ts";
import { round1 } from "../lang/format.ts";
import { type Fault, faultOf } from "../net/fault.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { diskUse } from "../usage.ts";
import { type Collector, listed, type Source } from "./reading.ts";

/** One filesystem, measured through the first of its paths that answered. */
export interface DiskSample {
  readonly label: string;
  readonly path: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** To non-root: ext4 keeps 5 % for root, which df and we do not call free. */
  readonly availableBytes: number;
  /** undefined: the filesystem counts no inodes (btrfs). */
  readonly inodes?: { readonly total: number; readonly free: number };
  /** Whether the engine's data (images, containers, build cache) lies on it; undefined: not known. */
  readonly holdsEngineData?: boolean;
  /** Where it is mounted on the host, as far as that can be known. */
  readonly hostPath?: string;
  /** The path is no folder: what lies beside it lies on this filesystem too. */
  readonly isFile?: boolean;
}

/** Where the engine's data can be seen from here, and whether our paths are a container's. */
export interface EngineData {
  readonly path: string;
  readonly inContainer: boolean;
}

export interface PathFailure extends Fault {
  readonly path: string;
  /** The disk this path belongs to, as far as it is known. */
  readonly label: string;
}

export interface DiskReading {
  readonly disks: readonly DiskSample[];
  readonly failures: readonly PathFailure[];
}

/** What one probe of a path brought: statfs(2), and of stat(2) st_dev and the kind of file. */
export interface Probe {
  readonly device: string;
  readonly isFile?: boolean;
  readonly blockSize: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly availableBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
}

export type ProbeOutcome = { readonly probe: Probe } | Fault;

/** The two system calls; handed in so that a test can let them hang. */
export type ProbePath = (path: string) => Promise<Probe>;

/** A hung statfs holds a thread for as long as the mount is dead, so no more than two may ever wait. */
const MOST_HANGING = 2;

export const DISK = {
  open: (config, { deadlineMs, pool, inContainer }) =>
    config.diskEnabled || config.diskCritEnabled || config.diskForecastH > 0
      ? diskCollector(
          config.diskPaths,
          deadlineMs,
          pool,
          undefined,
          engineDataOf(config.dockerTarget, deadlineMs, inContainer),
        )
      : undefined,
  whyOff: () => "WATCHDOG_DISK_ENABLED=false",
  shown: ({ disks }) => listed(disks.map((sample) => `${sample.label} ${round1(diskUse(sample))}%`)),
  unread: ({ disks, failures }) => ({
    parts: failures.map(({ path, reason }) => ({ part: path, reason })),
    isPartly: disks.length > 0,
  }),
} satisfies Source<DiskReading, DiskSettings & EngineSettings>;

/** Measures each path, one probe at most per path and two in all; a probe that hangs is remembered, not repeated. */
export function diskCollector(
  paths: readonly DiskPath[],
  deadlineMs: number,
  pool: ThreadPool,
  probePath: ProbePath = probeFilesystem,
  engineData?: (signal: AbortSignal) => EngineData,
): Collector<DiskReading> {
  const labels = new DiskLabels();
  return {
    deadlineMs: deadlineMs + 1000,
    collect: async ({ signal }) => {
      const engine = engineData?.(signal);
      const wanted = [...paths.map(({ path }) => path), ...(engine ? [engine.path] : [])];
      return assembleDisks(
        paths,
        await probeAll([...new Set(wanted)], pool, probePath, deadlineMs, signal),
        labels,
        engine,
      );
    },
  };
}

/** One probe a path; each outcome within `deadlineMs`. Never rejects. */
export async function probeAll(
  paths: readonly string[],
  pool: ThreadPool,
  probePath: ProbePath,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Map<string, ProbeOutcome>> {
  const outcomes = await pool.share("disk", MOST_HANGING).runAll(paths, probePath, deadlineMs, signal);
  return new Map(
    [...outcomes].map(([path, outcome]) => [
      path,
      "value" in outcome ? { probe: outcome.value } : faultOf(outcome.error),
    ]),
  );
}

export async function probeFilesystem(path: string): Promise<Probe> {
  const { dev, mode } = await stat(path);
  const fs = await statfs(path);
  return {
    device: String(dev),
    isFile: (mode & constants.S_IFMT) === constants.S_IFREG,
    blockSize: fs.bsize,
    blocks: fs.blocks,
    freeBlocks: fs.bfree,
    availableBlocks: fs.bavail,
    files: fs.files,
    freeFiles: fs.ffree,
  };
}

/** Which label a device has. A device keeps the first one it got, so that its alerts keep their key. */
export class DiskLabels {
  readonly #byDevice = new Map<string, string>();
  readonly #deviceOfPath = new Map<string, string>();

  /** `taken`: the devices that already have a label in this round; a path remounted onto another device may contend for one. */
  see(device: string, { label, path }: DiskPath, taken: ReadonlyMap<string, string>): string {
    this.#deviceOfPath.set(path, device);
    const free = (wanted: string): boolean => (taken.get(wanted) ?? device) === device;
    const known = this.#byDevice.get(device);
    const chosen = known !== undefined && free(known) ? known : free(label) ? label : path;
    this.#byDevice.set(device, chosen);
    return chosen;
  }

  /** The label of the disk that this path was last seen on; its own when it never answered. */
  last({ label, path }: DiskPath): string {
    const device = this.#deviceOfPath.get(path);
    return (device === undefined ? undefined : this.#byDevice.get(device)) ?? label;
  }
}

/** Groups paths by device: one disk each, measured once, with the label of its first configured path. */
export function assembleDisks(
  paths: readonly DiskPath[],
  outcomes: ReadonlyMap<string, ProbeOutcome>,
  labels: DiskLabels,
  engine?: EngineData,
): DiskReading {
  const data = engine && outcomes.get(engine.path);
  const disks = new Map<string, DiskSample>();
  const deviceOfLabel = new Map<string, string>();
  const failures: PathFailure[] = [];
  for (const entry of paths) {
    const outcome = outcomes.get(entry.path) ?? { kind: "other", reason: "not measured" };
    if (!("probe" in outcome)) {
      failures.push({ ...outcome, path: entry.path, label: labels.last(entry) });
      continue;
    }
    const label = labels.see(outcome.probe.device, entry, deviceOfLabel);
    deviceOfLabel.set(label, outcome.probe.device);
    if (disks.has(label)) continue;
    const sample = sampleOf(label, entry.path, outcome.probe);
    if (sample)
      disks.set(label, {
        ...sample,
        ...(data && "probe" in data ? { holdsEngineData: data.probe.device === outcome.probe.device } : {}),
        ...hostPathOf(label, entry.path, engine),
      });
    else failures.push({ path: entry.path, label, kind: "other", reason: "the filesystem reports no size" });
  }
  return { disks: [...disks.values()], failures };
}

/** A container's paths are not the host's; by convention the label `root` is the host's root. */
function hostPathOf(label: string, path: string, engine: EngineData | undefined): { hostPath?: string } {
  if (!engine) return {};
  return engine.inContainer ? (label === "root" ? { hostPath: "/" } : {}) : { hostPath: path };
}

/**
 * Where the engine's data is. Outside of a container the engine says so in GET /info. It is asked in the background until it answers,
 * because a disk does not wait for an engine.
 */
export function engineDataOf(
  target: DockerTarget | undefined,
  deadlineMs: number,
  inContainer: boolean,
): (signal: AbortSignal) => EngineData {
  // An engine behind an address may be another host's.
  const client = target && "socketPath" in target ? dockerClient(target, deadlineMs) : undefined;
  let dataRoot: string | undefined;
  /** Under way, or answered. */
  let isAsked = inContainer;
  return (signal) => {
    if (client && !isAsked) {
      isAsked = true;
      void client.info(signal).then(
        (info) => (dataRoot = info.dataRoot),
        () => (isAsked = false),
      );
    }
    return { path: dockerDiskPath(inContainer, dataRoot), inContainer };
  };
}

function sampleOf(label: string, path: string, probe: Probe): DiskSample | undefined {
  const size = sizeOf(probe);
  return (
    size && {
      label,
      path,
      ...(probe.isFile ? { isFile: true } : {}),
      ...size,
      ...(probe.files > 0 ? { inodes: { total: probe.files, free: probe.freeFiles } } : {}),
    }
  );
}

/** undefined: the filesystem reports no size. */
export function sizeOf(probe: Probe): Pick<DiskSample, "totalBytes" | "usedBytes" | "availableBytes"> | undefined {
  const { blocks, freeBlocks, availableBlocks, blockSize } = probe;
  if (!(blocks > 0)) return undefined;
  return {
    totalBytes: blocks * blockSize,
    usedBytes: (blocks - freeBlocks) * blockSize,
    availableBytes: Math.max(0, availableBlocks) * blockSize,
  };
}
