import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import type { ProcSettings } from "../config/areas/proc.ts";
import { fragment } from "../safe.ts";
import { runOne, type ThreadPool } from "../thread-pool.ts";
import { commandLines, turnAfter, type Unread } from "./proc/command-lines.ts";
import { type Owner, ownersOf } from "./proc/owner.ts";
import { parseBtime, parseClockTicks, parseStat } from "./proc/parse.ts";
import { procReader, procReadSlowly, type ReadFile, type ReadOutcome, readWhole } from "./proc/reader.ts";
import type { Collector, Source } from "./reading.ts";

/** A process whose command line holds one of the patterns. */
export interface ProcCandidate {
  readonly pid: number;
  /** With the pid it is the process's identity: pids are used again. */
  readonly startTicks: number;
  readonly ppid: number;
  readonly ageS: number;
  /** User and system time together. */
  readonly cpuS: number;
  /** Of one core since the previous scan; undefined at first sight. */
  readonly cpuSharePct?: number;
  readonly owner?: Owner;
  /** The parent's name. */
  readonly parent?: string;
  /** At most 120 characters, printable, secrets masked. */
  readonly command: string;
}

/** A process that is there but could not be read this time; what is known of it stays as it is. */
export interface UnreadProcess {
  readonly pid: number;
  /** undefined: its `stat` cannot be read either. */
  readonly startTicks?: number;
  readonly why: Unread;
}

export interface ProcReading {
  readonly candidates: readonly ProcCandidate[];
  readonly unreadable: readonly UnreadProcess[];
}

/** The reads that may never end; handed in so that a test can let them hang. */
export interface SlowReads {
  /** `cmdline` and `cgroup` of a process. */
  readonly ofProcess: ReadFile;
  /** `<root>/stat`. */
  readonly whole: (path: string) => Promise<string>;
}

/** Two, as with disks: more would only hold more threads. */
const MOST_HANGING = 2;

export const PROCESSES = {
  open: ({ procEnabled, procRoot, procPatterns }, { deadlineMs, pool }) =>
    procEnabled ? procCollector(procRoot, procPatterns, deadlineMs, pool) : undefined,
  whyOff: () => "WATCHDOG_PROC_ENABLED=false",
  shown: ({ candidates }) => `${candidates.length} match`,
  // A part for each process that hangs; those that were not asked because of them are others in each tick, so they are one part.
  unread: ({ unreadable }) => {
    const hanging = unreadable
      .filter(({ why }) => why === "hangs")
      .map(({ pid }) => ({ part: String(pid), shown: `pid ${pid}`, reason: "its command line does not answer" }));
    const untried = unreadable.filter(({ why }) => why === "untried").length;
    const others = { part: "others", shown: "other processes", reason: `${untried} not read in time` };
    // Where no process hangs, there is none that could be named.
    return { parts: [...hanging, ...(untried > 0 ? [others] : [])], isPartly: hanging.length > 0 };
  },
} satisfies Source<ProcReading, ProcSettings>;

/**
 * Scans `<root>/<pid>/cmdline` of every process; `stat`, `cgroup` and the parent's `stat` of those that match. Never reads anything else of a process.
 * What may wait for another process (`cmdline`, `cgroup`) or for lxcfs (`<root>/stat`) is read on the pool. Rejects without a btime or a proc root.
 */
export function procCollector(
  root: string,
  patterns: readonly string[],
  deadlineMs: number,
  pool: ThreadPool,
  reads: SlowReads = { ofProcess: procReadSlowly(), whole: readWhole },
): Collector<ProcReading> {
  const clockTicks = readClockTicks();
  const findMatching = commandLines(root, patterns, pool.share("cmdline", MOST_HANGING), reads.ofProcess);
  const [statShare, cgroupShare] = [pool.share("stat", 1), pool.share("cgroup", 1)];
  let before = new Map<string, CpuSeen>();
  return {
    // Three rounds follow each other, each with the whole deadline: a busy host answers slowly, and that is no illness. A little more, so that theirs speaks first.
    deadlineMs: deadlineMs * 3 + 1000,
    collect: async ({ wallMs, monoMs, signal }) => {
      const statPath = `${root}/stat`;
      const btimeS = parseBtime(
        await runOne(statShare, statPath, reads.whole, `no btime of ${statPath}`, deadlineMs, signal),
      );
      if (btimeS === undefined) throw new Error(`${statPath} has no btime`);
      const { matching, unread } = await findMatching(deadlineMs, signal);
      const owners = await ownersOf(root, [...matching.keys()], cgroupShare, reads.ofProcess, deadlineMs, signal);
      const read = procReader();
      const statOf = (pid: number) => parseStat(textOf(read(`${root}/${pid}/stat`)));

      const candidates: ProcCandidate[] = [];
      const unreadable: UnreadProcess[] = [...unread].map(([pid, why]) => {
        const stat = statOf(pid);
        return { pid, why, ...(stat ? { startTicks: stat.startTicks } : {}) };
      });
      for (const [index, [pid, command]] of [...matching].entries()) {
        await turnAfter(index, signal);
        const outcome = read(`${root}/${pid}/stat`);
        const stat = parseStat(textOf(outcome));
        if (outcome !== "gone" && !stat) unreadable.push({ pid, why: "unreadable" });
        if (!stat) continue;
        const { ppid, startTicks, cpuTicks } = stat;
        const cpuS = cpuTicks / clockTicks;
        const [owner, parent] = [owners.get(pid), statOf(ppid)?.comm];
        candidates.push({
          pid,
          startTicks,
          ppid,
          ageS: wallMs / 1000 - (btimeS + startTicks / clockTicks),
          cpuS,
          command,
          ...cpuShare(before.get(identityOf(pid, startTicks)), cpuS, monoMs),
          ...(owner ? { owner } : {}),
          ...(parent === undefined ? {} : { parent: fragment(parent, 20) }),
        });
      }
      before = new Map(candidates.map(({ pid, startTicks, cpuS }) => [identityOf(pid, startTicks), { cpuS, monoMs }]));
      return { candidates, unreadable };
    },
  };
}

interface CpuSeen {
  readonly cpuS: number;
  readonly monoMs: number;
}

const identityOf = (pid: number, startTicks: number): string => `${pid}:${startTicks}`;

function cpuShare(before: CpuSeen | undefined, cpuS: number, monoMs: number): { cpuSharePct?: number } {
  const elapsedS = before ? (monoMs - before.monoMs) / 1000 : 0;
  return before && elapsedS > 0
    ? { cpuSharePct: Math.max(0, Math.round((100 * (cpuS - before.cpuS)) / elapsedS)) }
    : {};
}

function textOf(outcome: ReadOutcome): string {
  return Buffer.isBuffer(outcome) ? outcome.toString("latin1") : "";
}

function readClockTicks(): number {
  const wordBytes = ["arm", "ia32", "mips", "mipsel", "ppc"].includes(process.arch) ? 4 : 8;
  try {
    return parseClockTicks(readFileSync("/proc/self/auxv"), wordBytes, endianness() === "LE");
  } catch {
    return parseClockTicks(Buffer.alloc(0), wordBytes, true);
  }
}
