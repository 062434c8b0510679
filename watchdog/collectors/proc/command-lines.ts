import { existsSync, readdirSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { codedError } from "../../net/exchange.ts";
import { fragment, maskArguments } from "../../safe.ts";
import type { Outcome, Share } from "../../thread-pool.ts";
import { outcomeOf, type ReadFile, type ReadOutcome } from "./reader.ts";

/** `hangs`: its command line does not answer. `untried`: others hang, so it was not asked. `unreadable`: the kernel refused, or what it said is broken. */
export type Unread = "hangs" | "untried" | "unreadable";

export interface CommandLines {
  /** The processes that a pattern matches, with their command as it is shown. */
  readonly matching: ReadonlyMap<number, string>;
  /** Processes that are there and could not be judged. */
  readonly unread: ReadonlyMap<number, Unread>;
}

/** The code of the error that stands for a procfs which hides other users' processes. */
export const HIDDEN_CODE = "HIDDEN";
const COMMAND_LENGTH = 120;
/** Of a command line, for showing; the patterns see all of it. */
const SHOWN_BYTES = 8192;
/** Looking at this many takes about 2 ms; then the event loop gets its turn. */
const SLICE = 200;
/** A command line that is known is read anew in one of so many scans, because exec(2) changes it and leaves the process the same. */
const ROTATION = 20;

/** One process, as an earlier scan found it. */
interface Known extends Identity {
  /** New since the scan before: exec(2) often follows fork(2) at once, so the next scan looks again. What was there at the first scan has long done so. */
  readonly isFresh: boolean;
  /** As it is shown; undefined: no pattern matches. */
  readonly command: string | undefined;
}

/** Of `<root>/<pid>/cmdline`. procfs makes a new inode with new times for each process, so a pid that is used again has another; a read that hangs keeps its inode. */
interface Identity {
  readonly inode: number;
  readonly mtimeMs: number;
}

/**
 * Finds the processes whose command line holds one of the patterns. Each call is one scan: listing and stat(2) of every process, and
 * a read of the command lines that are new, seen once, matching, or due in rotation; the others are remembered.
 * Rejects without a proc root, and where procfs hides other users' processes.
 */
export function commandLines(
  root: string,
  patterns: readonly string[],
  share: Share,
  read: ReadFile,
): (deadlineMs: number, signal: AbortSignal) => Promise<CommandLines> {
  const needles = patterns.map((pattern) => Buffer.from(pattern));
  let known: ReadonlyMap<number, Known> = new Map();
  let scans = 0;

  return async (deadlineMs, signal) => {
    scans += 1;
    const next = new Map<number, Known>();
    const unread = new Map<number, Unread>();
    const denied = new Set<number>();
    const due = new Map<
      string,
      { readonly pid: number; readonly identity: Identity; readonly last: Known | undefined }
    >();

    const pids = readdirSync(root)
      .filter((name) => /^\d{1,10}$/.test(name))
      .map(Number);
    for (const [index, pid] of pids.entries()) {
      await turnAfter(index, signal);
      const identity = identityOf(`${root}/${pid}/cmdline`);
      if (typeof identity === "string") {
        note(pid, identity);
        continue;
      }
      const last = sameAs(known.get(pid), identity);
      if (last) next.set(pid, last);
      if (!last || last.isFresh || last.command !== undefined || (pid + scans) % ROTATION === 0)
        due.set(`${pid}:${identity.inode}:${identity.mtimeMs}`, { pid, identity, last });
    }

    const outcomes = await share.runAll(
      due.keys(),
      (key) => read(`${root}/${due.get(key)?.pid}/cmdline`),
      deadlineMs,
      signal,
    );
    signal.throwIfAborted();
    for (const [index, [key, { pid, identity, last }]] of [...due].entries()) {
      await turnAfter(index, signal);
      const found = foundIn(outcomes.get(key));
      if (Buffer.isBuffer(found))
        next.set(pid, { ...identity, isFresh: !last && scans > 1, command: commandOf(found, needles) });
      // What is known of it goes on being judged.
      else if (found !== "untried" || !last) note(pid, found);
    }
    throwIfHidden(root, pids, denied, next.size);
    known = next;
    return {
      matching: new Map(
        [...next].flatMap(([pid, { command }]) => (command === undefined ? [] : [[pid, command] as const])),
      ),
      unread,
    };

    function note(pid: number, found: Exclude<ReadOutcome, Buffer> | "hangs" | "untried"): void {
      next.delete(pid);
      if (found === "denied") denied.add(pid);
      if (found !== "gone") unread.set(pid, found === "denied" || found === "broken" ? "unreadable" : found);
    }
  };
}

/** Lets the event loop have its turn after each slice. */
export async function turnAfter(index: number, signal: AbortSignal): Promise<void> {
  if (index % SLICE !== SLICE - 1) return;
  await setImmediate();
  signal.throwIfAborted();
}

/** stat(2) of a file of procfs takes no lock of the process, other than reading the file. */
function identityOf(path: string): Identity | Exclude<ReadOutcome, Buffer> {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? { inode: stat.ino, mtimeMs: stat.mtimeMs } : "gone";
  } catch (error) {
    return outcomeOf(error);
  }
}

function sameAs(known: Known | undefined, { inode, mtimeMs }: Identity): Known | undefined {
  return known?.inode === inode && known.mtimeMs === mtimeMs ? known : undefined;
}

function foundIn(outcome: Outcome<ReadOutcome> | undefined): ReadOutcome | "hangs" | "untried" {
  if (!outcome) return "untried";
  if ("value" in outcome) return outcome.value;
  return outcome.failure === "failed" ? "broken" : outcome.failure;
}

/** What is shown of a command line that matches; undefined: none of the patterns is in it, or it is that of a kernel thread. Changes the buffer. */
function commandOf(cmdline: Buffer, needles: readonly Buffer[]): string | undefined {
  const raw = cmdline.subarray(0, SHOWN_BYTES);
  const shown = (text: string): string => fragment(maskArguments(text.split("\0")).join(" "), COMMAND_LENGTH);
  const before = raw.toString("utf8");
  // Arguments are separated by NUL; as spaces, a pattern such as "coverage run" can match across them.
  for (let at = cmdline.indexOf(0); at !== -1; at = cmdline.indexOf(0, at + 1)) cmdline[at] = 0x20;
  return cmdline.length > 0 && needles.some((needle) => cmdline.includes(needle)) ? shown(before) : undefined;
}

/**
 * With hidepid only our own user's processes can be read (1) or are even listed (2): an empty result would look like "nothing blocks".
 * A live procfs has a `self/stat`, and where nothing is hidden a pid 1 that everyone can read.
 */
function throwIfHidden(root: string, pids: readonly number[], denied: ReadonlySet<number>, readable: number): void {
  const isInitHidden = denied.has(1) || (!pids.includes(1) && existsSync(`${root}/self/stat`));
  if (isInitHidden || (denied.size > 0 && readable <= 1))
    throw codedError(HIDDEN_CODE, `${root} does not let other processes be read (mounted with hidepid?)`);
}
