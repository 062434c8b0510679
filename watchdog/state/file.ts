import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Moment } from "../clock.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";
import { decodeState, encodeState, stateSignature, type Saved } from "./codec.ts";

/** The only module of the observer that writes to a file, and only to the path that WATCHDOG_STATE_FILE names. */
export interface StateFile {
  /** What an earlier run left; undefined when there is nothing usable. An unusable file is set aside, never overwritten. */
  load(now: Moment): Saved | undefined;
  /** Writes when something worth it changed since the last write. Never throws; a failure is logged once and tried again. */
  save(saved: Saved): void;
  lastError(): string | null;
}

const MAX_BYTES = 16 * 1024 * 1024;

export function stateFile(path: string, log: Log): StateFile {
  let written = "";
  let lastError: string | null = null;

  return {
    load: (now) => {
      if (!isThere(path)) return undefined;
      try {
        return decodeState(readBounded(path), now);
      } catch (error) {
        setAside(path, reasonOf(error), log);
        return undefined;
      }
    },
    save: (saved) => {
      const text = encodeState(saved);
      const signature = stateSignature(text);
      if (signature === written) return;
      try {
        writeAtomically(path, text);
        written = signature;
        lastError = null;
      } catch (error) {
        const reason = reasonOf(error);
        if (reason !== lastError) log.error("WATCHDOG_STATE_FILE cannot be written; a restart would forget what was told", { reason });
        lastError = reason;
      }
    },
    lastError: () => lastError,
  };
}

/** Whether there is a file to load. A folder or a device is none, and not ours to move; `save` will say so. */
function isThere(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function readBounded(path: string): string {
  if (statSync(path).size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
  return readFileSync(path, "utf8");
}

function setAside(path: string, reason: string, log: Log): void {
  try {
    renameSync(path, `${path}.bad`);
    log.warn("WATCHDOG_STATE_FILE could not be used and was set aside", { reason, now: `${path}.bad` });
  } catch (error) {
    log.warn("WATCHDOG_STATE_FILE could not be used", { reason, setAside: reasonOf(error) });
  }
}

/** rename(2) replaces a file at once: a reader, or a restart, finds the old document or the new one, never half of either. */
function writeAtomically(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error("not a file: it names a folder or a device");
  const temporary = `${path}.tmp`;
  writeSynced(temporary, text);
  renameSync(temporary, path);
  // Without this the rename itself may be lost in a power cut (fsync(2)).
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function writeSynced(path: string, text: string): void {
  const fd = openSync(path, "w", 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
