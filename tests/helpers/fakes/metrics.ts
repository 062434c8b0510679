import { createServer, type ServerResponse } from "node:http";
import { freePort, type Listener, listen } from "../drivers/net.ts";

export interface FakeAgent {
  readonly run_id: string;
  readonly job_id?: number;
  readonly pid: number;
  readonly stage?: string;
  readonly cpu_ticks: number;
}

/** The orchestrator's state, from which a good answer is made. */
export interface Orchestrator {
  counts: { queued: number; running: number; done: number; failed: number };
  agents: FakeAgent[];
  /** undefined: the time of the answer. */
  generatedAtS: number | undefined;
}

export type MetricsBehaviour = (response: ServerResponse, good: string) => void;

export interface FakeMetrics {
  readonly url: string;
  readonly orchestrator: Orchestrator;
  requests(): number;
  behave(behaviour: MetricsBehaviour): void;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

const answer =
  (
    status: number,
    body: string | Buffer,
    type = "application/json",
    headers: Readonly<Record<string, string>> = {},
  ): MetricsBehaviour =>
  (response) => {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(body);
  };

export const healthy: MetricsBehaviour = (response, good) => answer(200, good)(response, good);
export const status500 = answer(500, '{"error":"the pipeline is broken"}');
export const notJson = answer(200, "generated_at: 12", "text/plain");
export const jsonList = answer(200, "[1, 2, 3]");
export const html = answer(200, "<!doctype html><html><body><h1>Please sign in</h1></body></html>", "text/html");
/** Five megabytes of valid JSON. */
export const fiveMegabytes = answer(200, Buffer.from(JSON.stringify({ padding: "x".repeat(5 * 1024 * 1024) })));
export const redirect = answer(302, "", "text/plain", { location: "/login" });
export const hang: MetricsBehaviour = () => {};
export const cut: MetricsBehaviour = (response, good) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(good) });
  response.write(good.slice(0, 20));
  setImmediate(() => response.destroy());
};
/** Data without an end, as fast as it is taken. */
export const endless: MetricsBehaviour = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const pour = (): void => {
    while (!response.destroyed && response.write(" ".repeat(16 * 1024)));
    if (!response.destroyed) response.once("drain", pour);
  };
  pour();
};
/** A good answer, a byte at a time: each of them is in time, the whole is not. */
export const drip =
  (everyMs: number): MetricsBehaviour =>
  (response, good) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(good) });
    const bytes = Buffer.from(good);
    let sent = 0;
    const timer = setInterval(() => {
      if (response.destroyed || sent >= bytes.length) return clearInterval(timer);
      response.write(bytes.subarray(sent, (sent += 1)));
    }, everyMs);
  };

export async function fakeMetrics(): Promise<FakeMetrics> {
  const orchestrator: Orchestrator = {
    counts: { queued: 0, running: 1, done: 40, failed: 3 },
    agents: [],
    generatedAtS: undefined,
  };
  let behaviour = healthy;
  let requests = 0;
  const good = (): string => {
    const { counts, agents, generatedAtS = Date.now() / 1000 } = orchestrator;
    return JSON.stringify({ schema_version: 1, generated_at: generatedAtS, queue: { counts }, agents });
  };
  const port = await freePort();
  const server = () =>
    createServer((request, response) => {
      requests += 1;
      if (request.method !== "GET") return answer(405, "")(response, "");
      behaviour(response, good());
    });
  let listener: Listener | undefined = await listen(server(), { port });
  const refuse = async (): Promise<void> => {
    const open = listener;
    listener = undefined;
    await open?.close();
  };
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    orchestrator,
    refuse,
    close: refuse,
    requests: () => requests,
    behave: (next) => (behaviour = next),
    accept: async () => {
      listener ??= await listen(server(), { port });
    },
  };
}
