/** An answer's bytes as they come in, in one piece of memory that is given back at once, without waiting for the garbage collector. */
export interface Body {
  /** False: one byte more than allowed; nothing was added. */
  add(chunk: Buffer): boolean;
  /** What came in; it becomes empty with `release`. */
  bytes(): Buffer;
  release(): void;
}

/** A resizable ArrayBuffer (ECMAScript 2024; Node 20 has it), as TypeScript's library of 2023 does not know it yet. */
interface Resizable extends ArrayBuffer {
  readonly resizable: boolean;
  resize(bytes: number): void;
}
const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;

const FIRST_BYTES = 16 * 1024;

/**
 * Copied together, because a chunk holds on to what it was read into: millions of chunks of a byte each would be the end of us.
 * The memory grows in place up to `maxBytes`, so that no half-grown copy is left behind either.
 */
export function createBody(maxBytes: number): Body {
  const memory = new Resizable(Math.min(FIRST_BYTES, maxBytes), { maxByteLength: maxBytes });
  let size = 0;
  return {
    add: (chunk) => {
      const needed = size + chunk.length;
      if (needed > maxBytes) return false;
      if (needed > memory.byteLength) memory.resize(Math.min(maxBytes, Math.max(needed, memory.byteLength * 2)));
      chunk.copy(new Uint8Array(memory), size);
      size = needed;
      return true;
    },
    bytes: () => Buffer.from(memory, 0, size),
    release: () => memory.resize(0),
  };
}

/** Gives an answer's memory back; its bytes are gone then. Any other buffer is left to the garbage collector. */
export function release(bytes: Buffer): void {
  const memory = bytes.buffer as Resizable;
  if (memory.resizable) memory.resize(0);
}
