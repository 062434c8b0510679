import { existsSync, readdirSync, readFileSync } from "node:fs";
import { endianness } from "node:os";
import { setImmediate } from "node:timers/promises";
import { fragment, maskArguments } from "../safe.ts";
import { parseOwner, type Owner } from "./proc/owner.ts";
import { parseBtime, parseClockTicks, parseStat } from "./proc/parse.ts";
import { procReader, type ReadOutcome } from "./proc/reader.ts";
import type { Collector } from "./reading.ts";

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

export interface ProcReading {
  readonly candidates: readonly ProcCandidate[];
  /** Processes that are there but could not be read this time; what is known of them stays as it is. */
  readonly unreadable: readonly number[];
}

const COMMAND_LENGTH = 120;
/** Of a command line, for showing; the patterns see all of it. */
const SHOWN_BYTES = 8192;
/** A scan of this many takes about 2 ms; then the event loop gets its turn. */
const SLICE = 200;

/** Scans `<root>/<pid>/cmdline` of every process; `stat`, `cgroup` and the parent's `stat` of those that match. Never reads anything else of a process. Rejects without a btime or a proc root. */
export function procCollector(root: string, patterns: readonly string[], deadlineMs: number): Collector<ProcReading> {
  const needles = patterns.map((pattern) => Buffer.from(pattern));
  const clockTicks = readClockTicks();
  let before = new Map<string, CpuSeen>();
  return {
    deadlineMs,
    collect: async ({ wallMs, monoMs, signal }) => {
      const { candidates, unreadable } = await scan(root, needles, clockTicks, wallMs, signal);
      const shared = candidates.map((candidate) => ({ ...candidate, ...cpuShare(before.get(identityOf(candidate)), candidate.cpuS, monoMs) }));
      before = new Map(candidates.map((candidate) => [identityOf(candidate), { cpuS: candidate.cpuS, monoMs }]));
      return { candidates: shared, unreadable };
    },
  };
}

interface CpuSeen {
  readonly cpuS: number;
  readonly monoMs: number;
}

const identityOf = ({ pid, startTicks }: ProcCandidate): string => `${pid}:${startTicks}`;

function cpuShare(before: CpuSeen | undefined, cpuS: number, monoMs: number): { cpuSharePct?: number } {
  const elapsedS = before ? (monoMs - before.monoMs) / 1000 : 0;
  return before && elapsedS > 0 ? { cpuSharePct: Math.max(0, Math.round((100 * (cpuS - before.cpuS)) / elapsedS)) } : {};
}

async function scan(root: string, needles: readonly Buffer[], clockTicks: number, wallMs: number, signal: AbortSignal): Promise<ProcReading> {
  const read = procReader();
  const btimeS = parseBtime(textOf(read(`${root}/stat`)));
  if (btimeS === undefined) throw new Error(`${root}/stat has no btime`);
  const candidates: ProcCandidate[] = [];
  const unreadable: number[] = [];
  const pids = readdirSync(root).filter((name) => /^\d{1,10}$/.test(name));
  let readable = 0;
  let denied = 0;
  let initDenied = false;
  for (const [index, name] of pids.entries()) {
    if (index % SLICE === SLICE - 1) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const outcome = candidateOf(root, Number(name), needles, read, (startTicks) => wallMs / 1000 - (btimeS + startTicks / clockTicks), clockTicks);
    if (outcome === "denied") denied += 1;
    initDenied ||= outcome === "denied" && name === "1";
    if (outcome === "denied" || outcome === "broken") unreadable.push(Number(name));
    else if (outcome !== "gone") readable += 1;
    if (typeof outcome === "object") candidates.push(outcome);
  }
  // With hidepid only our own user's processes can be read (1) or are even listed (2): an empty result would look like
  // "nothing blocks". A live procfs has a `self/stat`, and where nothing is hidden a pid 1 that everyone can read.
  const isInitHidden = initDenied || (!pids.includes("1") && existsSync(`${root}/self/stat`));
  if (isInitHidden || (denied > 0 && readable <= 1)) throw new Error(`${root} does not let other processes be read (mounted with hidepid?)`);
  return { candidates, unreadable };
}

function candidateOf(
  root: string, pid: number, needles: readonly Buffer[], read: (path: string) => ReadOutcome,
  ageOf: (startTicks: number) => number, clockTicks: number,
): ProcCandidate | "other" | "gone" | "denied" | "broken" {
  const cmdline = read(`${root}/${pid}/cmdline`);
  if (!Buffer.isBuffer(cmdline)) return cmdline;
  const raw = cmdline.subarray(0, SHOWN_BYTES).toString("utf8");
  // Arguments are separated by NUL; as spaces, a pattern such as "coverage run" can match across them.
  for (let at = cmdline.indexOf(0); at !== -1; at = cmdline.indexOf(0, at + 1)) cmdline[at] = 0x20;
  if (cmdline.length === 0 || !needles.some((needle) => cmdline.includes(needle))) return "other";
  const command = fragment(maskArguments(raw.split("\0")).join(" "), COMMAND_LENGTH);
  const statText = read(`${root}/${pid}/stat`);
  if (!Buffer.isBuffer(statText)) return statText;
  const stat = parseStat(statText.toString("latin1"));
  if (!stat) return "broken";
  const owner = parseOwner(textOf(read(`${root}/${pid}/cgroup`)));
  const parent = parseStat(textOf(read(`${root}/${stat.ppid}/stat`)))?.comm;
  return {
    pid, startTicks: stat.startTicks, ppid: stat.ppid, ageS: ageOf(stat.startTicks), cpuS: stat.cpuTicks / clockTicks, command,
    ...(owner ? { owner } : {}), ...(parent === undefined ? {} : { parent: fragment(parent, 20) }),
  };
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
