import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { MAX_TIMER_MS } from "../clock.ts";
import { createBody, release } from "./body.ts";
import { heapOf, MAX_HEAP_BYTES } from "./heap.ts";

export interface Limits {
  /** From now to the last byte. */
  readonly deadlineMs: number;
  /** Of the body; one byte more is an error. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The code of the error that a passed deadline raises. */
export const DEADLINE_CODE = "DEADLINE";

/** The codes of the errors that an answer raises which is over its cap, or would be in memory. */
export const TOO_LARGE_CODE = "TOO_LARGE";
export const TOO_COMPLEX_CODE = "TOO_COMPLEX";

const REFUSALS: readonly unknown[] = [DEADLINE_CODE, TOO_LARGE_CODE, "ABORTED"];

/** Whether this exchange was ended by us, for what it asked of us, rather than by its connection. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.includes((error as NodeJS.ErrnoException).code);
}

/** An error as Node's own ones look: a message for people, a code for us. */
export function codedError(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code });
}

/** For an answer whose HTTP status is the failure. */
export function statusError(status: number, message: string): Error & { status: number } {
  return Object.assign(new Error(message), { status });
}

/**
 * Sends a request and reads its whole answer within the limits: a peer that drips, never ends or sends too much is cut off.
 * Rejects with Node's error, or with code DEADLINE or TOO_LARGE (which has the answer's `status`). The caller made the request, and so chose its method.
 */
export function exchange(request: ClientRequest, limits: Limits, payload?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      finish();
      reject(error);
      request.destroy();
    };
    const timer = setTimeout(
      () => fail(codedError(DEADLINE_CODE, `no complete answer within ${Math.round(limits.deadlineMs) / 1000} s`)),
      Math.min(limits.deadlineMs, MAX_TIMER_MS),
    );
    const onAbort = (): void => fail(codedError("ABORTED", "stopped"));
    let isOver = false;
    const finish = (): void => {
      isOver = true;
      clearTimeout(timer);
      limits.signal?.removeEventListener("abort", onAbort);
    };
    limits.signal?.addEventListener("abort", onAbort, { once: true });
    request.on("error", fail);
    request.on("response", (response) => {
      const body = createBody(limits.maxBytes);
      response.on("data", (chunk: Buffer) => {
        if (isOver) return;
        if (!body.add(chunk))
          fail(
            Object.assign(codedError(TOO_LARGE_CODE, `answer larger than ${limits.maxBytes} bytes`), {
              status: response.statusCode,
            }),
          );
      });
      response.on("close", () => {
        if (!response.complete) body.release();
      });
      response.on("error", () => fail(codedError("ECONNRESET", "connection closed in the middle of the answer")));
      response.on("end", () => {
        finish();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body.bytes() });
      });
    });
    if (limits.signal?.aborted) onAbort();
    else request.end(payload);
  });
}

/** JSON or undefined; never throws. Undefined too for what would not fit into memory. A byte order mark before it is skipped (RFC 8259, 8.1). */
export function parseJson(body: Buffer | string): unknown {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (heapOf(bytes) > MAX_HEAP_BYTES) return undefined;
  try {
    return JSON.parse(bytes.toString("utf8").replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}

/**
 * The JSON of an answer that was allowed `maxBytes`, or undefined where it is none; the answer's memory is given back. Throws with
 * code TOO_COMPLEX when it would become more than four times that in memory, or too much for the container: `[[],[],…` becomes twenty times as large, what an engine
 * says of its containers about three times.
 */
export function readJson(body: Buffer, maxBytes: number): unknown {
  try {
    const heap = heapOf(body);
    if (heap > Math.min(4 * maxBytes, MAX_HEAP_BYTES))
      throw codedError(
        TOO_COMPLEX_CODE,
        `answer too complex: ${body.length} bytes of JSON would take about ${Math.ceil(heap / 2 ** 20)} MB of memory`,
      );
    return parseJson(body);
  } finally {
    release(body);
  }
}

/** A JSON object that is neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
