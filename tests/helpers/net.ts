import * as http from "node:http";
import { createServer, type Server, type Socket } from "node:net";

/** A server that remembers its connections, so that it can be closed while one of them hangs. */
export interface Listener {
  readonly port: number;
  /** Refuses from now on, and cuts what is open. */
  close(): Promise<void>;
}

type AnyServer = Pick<Server, "listen" | "close" | "on" | "off" | "once" | "address">;

/** Listens on loopback (or on a unix socket) and can be torn down at any moment. */
export async function listen(server: AnyServer, where: { readonly port?: number; readonly path?: string } = {}): Promise<Listener> {
  const open = new Set<Socket>();
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  };
  server.on("connection", track);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where.path === undefined ? { port: where.port ?? 0, host: "127.0.0.1" } : { path: where.path }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.off("connection", track);
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

// Test files run in processes of their own side by side: each hands out ports of its own lane, and none twice soon, because a
// port is free for a moment before it is used, and again while a server that a test closed is to come back.
const LANES = 24;
const LANE_PORTS = 500;
let handedOut = Math.floor(Math.random() * LANE_PORTS);

/** A port that nobody listens on, from below the range the kernel hands out by itself, so that it stays free until it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    handedOut = (handedOut + 1) % LANE_PORTS;
    const port = 20_000 + (process.pid % LANES) * LANE_PORTS + handedOut;
    const probe = await listen(createServer(), { port }).catch(() => undefined);
    if (!probe) continue;
    await probe.close();
    return port;
  }
}

export interface Got {
  readonly status: number;
  readonly body: string;
}

/** One request on a connection of its own; undefined when nobody answers. */
export function ask(port: number, path: string, method = "GET"): Promise<Got | undefined> {
  return new Promise((resolve) => {
    const request = http.request({ host: "127.0.0.1", port, path, method, agent: false, timeout: 5000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.end();
  });
}

/** The whole body of a request, as text. */
export async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
