import { readdirSync } from "node:fs";
import type { MemorySettings } from "../config/areas/memory.ts";
import type { ProcSettings } from "../config/areas/proc.ts";
import { BYTES_PER_GB, round1 } from "../lang/format.ts";
import { fragment } from "../safe.ts";
import { runOne, type ThreadPool } from "../thread-pool.ts";
import { memoryUse } from "../usage.ts";
import { turnAfter } from "./proc/command-lines.ts";
import { type Owner, ownersOf } from "./proc/owner.ts";
import { parseStat } from "./proc/parse.ts";
import { procReader, procReadSlowly, readWhole } from "./proc/reader.ts";
import type { Collector, Source } from "./reading.ts";

export interface MemorySample {
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** The processes with the most resident memory, the biggest first; only read while memory is short. */
  readonly biggest?: readonly BigProcess[];
}

export interface BigProcess {
  readonly pid: number;
  readonly name: string;
  readonly residentBytes: number;
  readonly owner?: Owner;
}

const SHOWN = 3;
/** x86-64 and most arm64 kernels; Node cannot ask for it (getpagesize(2)), and the figure is for people. */
const PAGE_BYTES = 4096;

export const MEMORY = {
  open: ({ memEnabled, procRoot, memPct }, { deadlineMs, pool }) =>
    memEnabled ? memoryCollector(procRoot, memPct, deadlineMs, pool) : undefined,
  whyOff: () => "WATCHDOG_MEM_ENABLED=false",
  shown: (sample) => `${round1(memoryUse(sample))}% of ${round1(sample.totalBytes / BYTES_PER_GB)} GB`,
  unread: () => ({ parts: [], isPartly: true }),
} satisfies Source<MemorySample, MemorySettings & ProcSettings>;

/**
 * The host's memory: /proc/meminfo is not namespaced, so it shows the host's from inside a container too. It is read on the pool, since it may be
 * a file of lxcfs. `detailPct`: from this use on the biggest processes are read as well. `readMeminfo` is handed in so that a test can let it hang.
 */
export function memoryCollector(
  procRoot: string,
  detailPct: number,
  deadlineMs: number,
  pool: ThreadPool,
  readMeminfo = readWhole,
): Collector<MemorySample> {
  const path = `${procRoot}/meminfo`;
  const [meminfo, cgroup] = [pool.share("meminfo", 1), pool.share("cgroup", 1)];
  const readCgroup = procReadSlowly();
  return {
    // Meminfo, then the owners of the biggest processes; a little more, so that their own deadline speaks first.
    deadlineMs: deadlineMs * 2 + 1000,
    collect: async ({ signal }) => {
      const sample = parseMeminfo(await runOne(meminfo, path, readMeminfo, "meminfo", deadlineMs, signal));
      if (memoryUse(sample) < detailPct) return sample;
      const biggest = await biggestProcesses(procRoot, signal);
      const owners = await ownersOf(
        procRoot,
        biggest.map(({ pid }) => pid),
        cgroup,
        readCgroup,
        deadlineMs,
        signal,
      );
      return { ...sample, biggest: biggest.map((process) => ({ ...process, ...ownerIn(owners, process.pid) })) };
    },
  };
}

function ownerIn(owners: ReadonlyMap<number, Owner>, pid: number): { owner?: Owner } {
  const owner = owners.get(pid);
  return owner ? { owner } : {};
}

/** By `stat`, which waits for nobody. Memory that is short is told without the culprits if they cannot be read. Rejects when it is aborted. */
async function biggestProcesses(procRoot: string, signal: AbortSignal): Promise<BigProcess[]> {
  const read = procReader();
  let biggest: BigProcess[] = [];
  for (const [index, pid] of pidsOf(procRoot).entries()) {
    await turnAfter(index, signal);
    const outcome = read(`${procRoot}/${pid}/stat`);
    const stat = Buffer.isBuffer(outcome) ? parseStat(outcome.toString("latin1")) : undefined;
    const residentBytes = (stat?.rssPages ?? 0) * PAGE_BYTES;
    if (!stat || residentBytes <= (biggest[SHOWN - 1]?.residentBytes ?? 0)) continue;
    biggest = [...biggest, { pid, name: fragment(stat.comm, 20), residentBytes }]
      .sort((a, b) => b.residentBytes - a.residentBytes)
      .slice(0, SHOWN);
  }
  return biggest;
}

function pidsOf(procRoot: string): number[] {
  try {
    return readdirSync(procRoot)
      .filter((name) => /^\d{1,10}$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** proc_meminfo(5): `MemTotal: 16316412 kB`, kB meaning 1024 bytes. Throws with a reason when a field is missing or absurd. */
export function parseMeminfo(text: string): MemorySample {
  const bytesOf = (name: string): number => {
    const match = new RegExp(`^${name}:\\s*(\\d{1,15}) kB$`, "m").exec(text);
    if (!match) throw new Error(`meminfo has no ${name}`);
    return Number(match[1]) * 1024;
  };
  const totalBytes = bytesOf("MemTotal");
  const availableBytes = bytesOf("MemAvailable");
  if (totalBytes <= 0 || availableBytes > totalBytes) throw new Error("meminfo is not plausible");
  return { totalBytes, availableBytes };
}
