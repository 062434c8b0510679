import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fragment } from "../safe.ts";
import { parseOwner, type Owner } from "./proc/owner.ts";
import { parseStat } from "./proc/parse.ts";
import { procReader } from "./proc/reader.ts";
import type { Collector } from "./reading.ts";

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
const SLICE = 200;
/** x86-64 and most arm64 kernels; Node cannot ask for it (getpagesize(2)), and the figure is for people. */
const PAGE_BYTES = 4096;

/** Read synchronously, which procfs allows: thread-pool reads could wait behind a dead network mount. The host's memory: /proc/meminfo is not namespaced, so it shows the host's from inside a container too. `detailPct`: from this use on the biggest processes are read as well. */
export function memoryCollector(procRoot: string, detailPct: number, deadlineMs: number): Collector<MemorySample> {
  return {
    deadlineMs,
    collect: async ({ signal }) => {
      const sample = parseMeminfo(readFileSync(`${procRoot}/meminfo`, "utf8"));
      const usedPct = (100 * (sample.totalBytes - sample.availableBytes)) / sample.totalBytes;
      return usedPct < detailPct ? sample : { ...sample, biggest: await biggestProcesses(procRoot, signal) };
    },
  };
}

/** Never rejects: memory that is short is told without the culprits if they cannot be read. */
async function biggestProcesses(procRoot: string, signal: AbortSignal): Promise<BigProcess[]> {
  const read = procReader();
  const text = (path: string): string => {
    const outcome = read(path);
    return Buffer.isBuffer(outcome) ? outcome.toString("latin1") : "";
  };
  let biggest: { pid: number; name: string; residentBytes: number }[] = [];
  for (const [index, pid] of pidsOf(procRoot).entries()) {
    if (index % SLICE === SLICE - 1) await setImmediate();
    if (signal.aborted) return [];
    const stat = parseStat(text(`${procRoot}/${pid}/stat`));
    const residentBytes = (stat?.rssPages ?? 0) * PAGE_BYTES;
    if (!stat || residentBytes <= (biggest[SHOWN - 1]?.residentBytes ?? 0)) continue;
    biggest = [...biggest, { pid, name: fragment(stat.comm, 20), residentBytes }].sort((a, b) => b.residentBytes - a.residentBytes).slice(0, SHOWN);
  }
  return biggest.map((process) => {
    const owner = parseOwner(text(`${procRoot}/${process.pid}/cgroup`));
    return owner ? { ...process, owner } : process;
  });
}

function pidsOf(procRoot: string): number[] {
  try {
    return readdirSync(procRoot).filter((name) => /^\d{1,10}$/.test(name)).map(Number);
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
