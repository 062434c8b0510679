/** Takes bytes, and calls back later with how many it took, which may be fewer, or with the error. */
export type Device = (bytes: Buffer, done: (error: NodeJS.ErrnoException | null, taken: number) => void) => void;

export interface LineWriter {
  /**
   * Lines leave in order. `done` gets nothing once the device has the whole line, else the reason why it has not.
   * When `signal` aborts while the line still waits, it is taken back; `done` then says so at once.
   */
  write(line: string, done?: (error?: Error) => void, signal?: AbortSignal): void;
  /** Resolves once nothing waits. */
  written(): Promise<void>;
}

interface Line {
  readonly text: string;
  readonly done: (error?: Error) => void;
}

/** Of lines that wait. A burst at the start fits; an output that nobody reads must not fill our memory. */
const MAX_WAITING = 1024 * 1024;
/** A terminal or pipe that takes nothing just now is asked again this much later (EAGAIN, write(2)). */
const AGAIN_MS = 100;

/**
 * Writes lines one at a time and keeps at most `maxWaiting` characters of them; of those that wait the oldest are lost first. As soon
 * as lines flow again, `lostLine` tells how many were lost, before any other. Nothing here waits on the event loop's thread.
 */
export function lineWriter(device: Device, lostLine: (count: number) => string, maxWaiting = MAX_WAITING): LineWriter {
  const waiting: Line[] = [];
  let size = 0;
  let lost = 0;
  let busy = false;
  /** The device has the beginning of a line whose rest it did not take; the next line must not continue it. */
  let torn = false;
  const whenWritten: (() => void)[] = [];

  const put = (text: string, done: (error?: Error) => void): void => {
    let bytes = Buffer.from(torn ? `\n${text}` : text);
    const next = (): void =>
      device(bytes, (error, taken) => {
        torn ||= taken > 0;
        bytes = bytes.subarray(taken);
        if (error && error.code !== "EAGAIN") return done(error);
        if (bytes.length > 0) return taken > 0 ? next() : void setTimeout(next, AGAIN_MS);
        torn = false;
        done();
      });
    next();
  };

  const leaves = (): Line | undefined => {
    const line = waiting.shift();
    size -= line?.text.length ?? 0;
    return line;
  };

  const lose = (line: Line | undefined, error: Error): void => {
    if (!line) return;
    lost += 1;
    line.done(error);
  };

  const pump = (): void => {
    if (busy) return;
    if (waiting.length === 0) {
      for (const written of whenWritten.splice(0)) written();
      return;
    }
    busy = true;
    const told = lost;
    const line = told > 0 ? undefined : leaves();
    put(line ? line.text : lostLine(told), (error) => {
      busy = false;
      // Where the count cannot be written, the line behind it cannot either.
      if (error) lose(line ?? leaves(), error);
      else if (line) line.done();
      else lost -= told;
      pump();
    });
  };

  return {
    write: (text, done = () => {}, signal) => {
      const line = { text, done };
      waiting.push(line);
      size += text.length;
      while (size > maxWaiting && waiting.length > 1)
        lose(leaves(), new Error("the output takes nothing, and too much waits for it"));
      signal?.addEventListener(
        "abort",
        () => {
          const index = waiting.indexOf(line);
          if (index === -1) return;
          waiting.splice(index, 1);
          size -= text.length;
          done(new Error("the output takes nothing"));
        },
        { once: true },
      );
      pump();
    },
    written: () =>
      new Promise((resolve) => {
        whenWritten.push(resolve);
        pump();
      }),
  };
}
