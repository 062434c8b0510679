import { fstatSync, write } from "node:fs";
import { type Device, type LineWriter, lineWriter } from "./line-writer.ts";
import { createLog, type Log, type LogFormat, type LogLevel, lineOf } from "./log.ts";

/** Standard output and standard error. */
export type Fd = 1 | 2;

/**
 * Pipes and sockets go through Node's own stream, which does not block. Files and terminals it would write on the event loop's thread,
 * which a full or dead device stops (https://nodejs.org/api/process.html#a-note-on-process-io); they get a thread of the pool.
 */
function deviceOf(fd: Fd): Device {
  const stats = fstatSync(fd);
  if (!stats.isFIFO() && !stats.isSocket())
    return (bytes, done) => write(fd, bytes, 0, bytes.length, null, (error, taken) => done(error, error ? 0 : taken));
  const stream = fd === 1 ? process.stdout : process.stderr;
  // A reader of our output that goes away must not end the watch.
  stream.on("error", () => {});
  return (bytes, done) => stream.write(bytes, (error) => done(error ?? null, error ? 0 : bytes.length));
}

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly redact: (text: string) => string;
  readonly wallMs: () => number;
}

/** The program's log. */
export function openLog(fd: Fd, settings: LogSettings): { readonly log: Log; readonly written: LineWriter["written"] } {
  const writer = lineWriter(deviceOf(fd), (lines) =>
    lineOf(settings, "warn", "lines of this log are lost here because they could not be written", { lines }),
  );
  return { log: createLog({ ...settings, write: writer.write }), written: writer.written };
}

/** A reader that is merely slow gets this long. */
const SAY_MS = 5000;

/** Writes a text as a whole. Resolves with why it was not written; that its reader wants no more of it is no fault. */
export function say(fd: Fd, text: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(new Error(`nobody read it within ${SAY_MS / 1000} s`)), SAY_MS);
    const write = lineWriter(deviceOf(fd), () => "").write;
    write(text, (error?: NodeJS.ErrnoException) => resolve(error?.code === "EPIPE" ? undefined : error));
  });
}
