import { closeSync, constants, openSync, read, readSync } from "node:fs";
import { open } from "node:fs/promises";

const { O_RDONLY, O_NONBLOCK } = constants;
const MAX_BYTES = 2 * 1024 * 1024;
const FIRST_BYTES = 16 * 1024;

/** `gone`: the process ended. `denied`: it is there, we may not read it. `broken`: it is there, reading it failed. */
export type ReadOutcome = Buffer | "gone" | "denied" | "broken";

/** Reads one file of a process. Rejects for nothing but a bug; may never resolve. */
export type ReadFile = (path: string) => Promise<ReadOutcome>;

/**
 * Reads small procfs files one after the other into one buffer that grows to 2 MiB at most; what is longer is cut there.
 * Only for files whose read(2) waits for nobody, which `stat` of proc(5) is: it is made up of counters under spinlocks. `cmdline` waits for
 * the process's mmap lock and `cgroup` for the kernel's cgroup lock, so these two go to `readSlowly`.
 */
export function procReader(): (path: string) => ReadOutcome {
  let buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  return (path) => {
    let fd: number;
    try {
      fd = openToRead(path);
    } catch (error) {
      return outcomeOf(error);
    }
    try {
      let length = 0;
      for (;;) {
        const wanted = buffer.length - length;
        const got = readSync(fd, buffer, length, wanted, null);
        length += got;
        // seq_file of the kernel fills the buffer as long as there is something: a short read is the end.
        if (got < wanted || length === MAX_BYTES) return buffer.subarray(0, length);
        buffer = grown(buffer);
      }
    } catch (error) {
      return outcomeOf(error);
    } finally {
      closeSync(fd);
    }
  };
}

/**
 * Reads a file of procfs whose read(2) may wait for ever. Only that call runs on a thread of libuv's pool; open(2) and close(2) wait for
 * nobody on procfs, and three jobs a file would cost three times as much. At most two buffers of 16 KiB are kept.
 */
export function procReadSlowly(): ReadFile {
  const spare: Buffer[] = [];
  return async (path) => {
    let fd: number;
    try {
      fd = openToRead(path);
    } catch (error) {
      return outcomeOf(error);
    }
    let buffer = spare.pop() ?? Buffer.allocUnsafe(FIRST_BYTES);
    try {
      let length = 0;
      for (;;) {
        const wanted = buffer.length - length;
        const got = await readSome(fd, buffer, length, wanted);
        length += got;
        if (got < wanted || length === MAX_BYTES) return Buffer.from(buffer.subarray(0, length));
        buffer = grown(buffer);
      }
    } catch (error) {
      return outcomeOf(error);
    } finally {
      if (buffer.length === FIRST_BYTES && spare.length < 2) spare.push(buffer);
      closeSync(fd);
    }
  };
}

/**
 * Reads a whole file, with open(2) and close(2) on the pool as well: `meminfo` and `stat` of proc(5) may be files of lxcfs, which is a FUSE
 * file system and so waits for another process at each step. Rejects with the system's error.
 */
export async function readWhole(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
    for (let length = 0; ; ) {
      if (length === buffer.length) buffer = grown(buffer);
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === MAX_BYTES) return buffer.toString("latin1", 0, length);
    }
  } finally {
    await file.close();
  }
}

/** O_NONBLOCK changes nothing on procfs; in any other tree it keeps a FIFO or a device from stopping us in open(2), see fifo(7). */
function openToRead(path: string): number {
  return openSync(path, O_RDONLY | O_NONBLOCK);
}

function readSome(fd: number, buffer: Buffer, at: number, length: number): Promise<number> {
  return new Promise((resolve, reject) =>
    read(fd, buffer, at, length, null, (error, got) => (error ? reject(error) : resolve(got))),
  );
}

function grown(buffer: Buffer): Buffer {
  return Buffer.concat([buffer], Math.min(buffer.length * 4, MAX_BYTES));
}

/** What an error of open(2), read(2) or stat(2) says of the process. */
export function outcomeOf(error: unknown): "gone" | "denied" | "broken" {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR") return "gone";
  return code === "EACCES" || code === "EPERM" ? "denied" : "broken";
}
