import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, lstat, open, readdir, realpath, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Moment } from "../clock.ts";
import type { Problem } from "../config/table.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";
import { decodeState, encodeState, isNewer, isOurs, runOf, type Saved, stateSignature } from "./codec.ts";

/**
 * The only module of the observer that writes to a file, and only to the path that WATCHDOG_STATE_FILE names and beside it. Nothing
 * waits for the device: one write is under way at a time, and of what is saved meanwhile the latest is written next.
 */
export interface StateFile {
  /** What an earlier run left; undefined when there is nothing usable. Never rejects, and takes LOAD_MS at most. */
  load(now: Moment): Promise<Saved | undefined>;
  /** Writes when something worth it changed since the last write. A failure is logged once and tried again at the next call. */
  save(saved: Saved): void;
  /** Resolves once nothing is being written; for the end of the program, which does not wait for ever. */
  settled(): Promise<void>;
  lastError(): string | null;
}

const MAX_BYTES = 16 * 1024 * 1024;
const LOAD_MS = 5000;
/** From here on a write that has not come back is told. */
const SLOW_MS = 10_000;
/** A document names its run at its beginning. */
const HEAD_BYTES = 200;
const STALE_MS = 3_600_000;

/** What was found where the file should be: nothing to keep, a text, or why the path cannot be used. */
type Found = { readonly text: string } | { readonly unusable: string };

/** `problems` are those of the configuration: a path that must not be written to is added there, and no state is kept then. */
export function stateFile(named: string, log: Log, problems: Problem[]): StateFile {
  const run = randomBytes(8).toString("hex");
  let path = named;
  let isOff = false;
  let lastError: string | null = null;
  /** Whose document is there, as far as we know: that of the run before, then our own. */
  let seenRun: string | undefined;
  let written = "";
  let next: { readonly text: string; readonly signature: string } | undefined;
  let busy: { readonly signature: string; readonly sinceMs: number; readonly done: Promise<void> } | undefined;

  const switchOff = (reason: string, remedy: string): undefined => {
    isOff = true;
    lastError = reason;
    const text = `WATCHDOG_STATE_FILE=${JSON.stringify(named)} ${reason}; ${remedy}; until then nothing is kept across restarts`;
    problems.push({ variable: "WATCHDOG_STATE_FILE", text });
    log.error(`configuration: ${text}`);
    return undefined;
  };
  const leaveForeign = (): undefined =>
    switchOff("is another program's file and stays as it is", "name a file of its own, or remove this one");
  const failed = (reason: string): void => {
    if (reason !== lastError)
      log.error("WATCHDOG_STATE_FILE cannot be written; a restart would forget what was told", { reason });
    lastError = reason;
  };

  const read = async (now: Moment): Promise<Saved | undefined> => {
    // A link stays what it is; the file that it names is ours.
    path = await realpath(named).catch(() => named);
    const found = await readFound(path);
    // It is told when it is to be written, as any other path that cannot be.
    if ("unusable" in found) return undefined;
    if (/^[\s\0]*$/.test(found.text)) return undefined;
    if (!isOurs(found.text)) return leaveForeign();
    if (isNewer(found.text))
      return switchOff(
        "was written by a later version of the watchdog and stays as it is",
        "run that version, or name another file",
      );
    try {
      const saved = decodeState(found.text, now);
      seenRun = runOf(found.text);
      return saved;
    } catch (error) {
      try {
        log.warn("WATCHDOG_STATE_FILE could not be used and was set aside", {
          reason: reasonOf(error),
          now: await setAside(path),
        });
        seenRun = runOf(found.text);
        return undefined;
      } catch (second) {
        return switchOff(
          `is damaged and cannot be set aside (${reasonOf(second)})`,
          "make its folder writable, or remove the file",
        );
      }
    }
  };

  const write = async (text: string): Promise<void> => {
    const there = await headOf(path);
    if (there !== undefined && there !== "" && !isOurs(there)) return leaveForeign();
    const owner = there === undefined ? undefined : runOf(there);
    const isShared = there !== undefined && there !== "" && owner !== seenRun && owner !== run;
    // Ours is written all the same, this once: the other one finds it at its own next write, and so both are told.
    await writeAtomically(path, `${path}.${run}.tmp`, text);
    seenRun = run;
    if (isShared) switchOff("is written by another running watchdog too", "give each of them a file of its own");
  };

  const pump = async (): Promise<void> => {
    while (next && !isOff) {
      const { text, signature } = next;
      next = undefined;
      if (busy) busy = { ...busy, signature, sinceMs: performance.now() };
      try {
        await write(text);
        if (isOff) return;
        written = signature;
        lastError = null;
      } catch (error) {
        written = "";
        failed(sayWhy(error));
        return;
      }
    }
  };

  return {
    load: async (now) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), LOAD_MS)));
      try {
        const saved = await Promise.race([read(now), late]);
        if (saved === "late")
          return switchOff(`did not answer within ${LOAD_MS / 1000} s`, "look after the device that it lies on");
        if (!isOff) void removeStale(path);
        return isOff ? undefined : saved;
      } catch (error) {
        failed(reasonOf(error));
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    },
    save: (saved) => {
      if (isOff) return;
      if (busy && performance.now() - busy.sinceMs > SLOW_MS) failed("a write has not come back for more than 10 s");
      const text = encodeState(saved, run);
      const signature = stateSignature(text);
      if (signature === (next ?? busy)?.signature || (!busy && signature === written)) return;
      next = { text, signature };
      if (busy) return;
      // Kept before `pump` begins, so that what it sets stands.
      busy = { signature, sinceMs: performance.now(), done: Promise.resolve() };
      const done = pump().finally(() => (busy = undefined));
      if (busy) busy = { ...busy, done };
    },
    settled: () => busy?.done ?? Promise.resolve(),
    lastError: () => lastError,
  };
}

/** O_NONBLOCK: opening a pipe that nobody writes to would wait for a writer (open(2)). */
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function readFound(path: string): Promise<Found> {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat) return { text: "" };
  if (!stat.isFile()) return { unusable: NO_FILE };
  if (stat.size > MAX_BYTES) return { text: "larger than any state" };
  const handle = await open(path, READ);
  try {
    return { text: await handle.readFile("utf8") };
  } finally {
    await handle.close();
  }
}

const NO_FILE = "not a file: it names a folder or a device";

/** The beginning of what is there; undefined: nothing is. Throws when it is no file. */
async function headOf(path: string): Promise<string | undefined> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!stat) return undefined;
  if (!stat.isFile()) throw new Error(NO_FILE);
  const handle = await open(path, READ);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead).replace(/^[\s\0]+/, "");
  } finally {
    await handle.close();
  }
}

/** Copies it to the first name beside it that is free, and says which. The next write replaces the original. */
async function setAside(path: string): Promise<string> {
  for (let tried = 0; ; tried += 1) {
    const aside = tried === 0 ? `${path}.bad` : `${path}.bad.${tried}`;
    try {
      await copyFile(path, aside, constants.COPYFILE_EXCL);
      return aside;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || tried >= 100) throw error;
    }
  }
}

/**
 * rename(2) replaces a file at once: a reader, or a restart, finds the old document or the new one, never half of either.
 * Rejects where the temporary name is taken, be it by a link (open(2), O_EXCL), and leaves what is there as it is.
 */
export async function writeAtomically(path: string, temporary: string, text: string): Promise<void> {
  const handle = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  // Without this the rename itself may be lost in a power cut (fsync(2)).
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What runs that were killed in the middle of a write left behind, long enough ago that nobody is still writing it. */
async function removeStale(path: string): Promise<void> {
  try {
    const names = (await readdir(dirname(path))).filter(
      (name) =>
        name.startsWith(`${basename(path)}.`) && /^\.[0-9a-f]{16}\.tmp$/.test(name.slice(basename(path).length)),
    );
    for (const name of names) {
      const stale = join(dirname(path), name);
      const stat = await lstat(stale);
      if (stat.isFile() && Date.now() - stat.mtimeMs > STALE_MS) await unlink(stale);
    }
  } catch {
    // What cannot be removed is in nobody's way.
  }
}

function sayWhy(error: unknown): string {
  // A file that is a mount itself cannot be renamed over (rename(2), EBUSY).
  return (error as NodeJS.ErrnoException).code === "EBUSY"
    ? "it is mounted as a single file, which cannot be replaced; mount its folder instead"
    : reasonOf(error);
}
