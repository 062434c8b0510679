import { createServer } from "node:http";
import { bodyOf, listen } from "./net.ts";

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly atMs: number;
}

/** A server that remembers what it was asked: a webhook, or the other end of a dead man's switch. */
export interface Recorder {
  readonly url: string;
  readonly requests: readonly Recorded[];
  /** What it answers from now on. */
  status: number;
  close(): Promise<void>;
}

export async function recorder(): Promise<Recorder> {
  const requests: Recorded[] = [];
  const state = { status: 200 };
  const listener = await listen(
    createServer((request, response) => {
      void bodyOf(request).then(
        (body) => {
          requests.push({
            method: request.method ?? "",
            path: request.url ?? "",
            contentType: request.headers["content-type"],
            body,
            atMs: performance.now(),
          });
          response.writeHead(state.status);
          response.end();
        },
        () => {},
      );
    }),
  );
  return Object.assign(state, { url: `http://127.0.0.1:${listener.port}`, requests, close: () => listener.close() });
}
