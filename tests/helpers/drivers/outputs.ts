import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A FIFO whose buffer is full and that nobody reads: what is written to it stays where it is. Held open so that no write fails either. */
export function fullPipe(dir: string): { readonly fd: number; readonly path: string; close(): void } {
  const path = join(dir, `full-${process.hrtime.bigint()}`);
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096, "."));
  } catch {
    // EAGAIN: it is full.
  }
  const writer = openSync(path, constants.O_WRONLY);
  return {
    fd: writer,
    path,
    close: () => {
      closeSync(fd);
      closeSync(writer);
    },
  };
}
