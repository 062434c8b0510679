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
export async function listen(
  server: AnyServer,
  where: { readonly port?: number; readonly path?: string } = {},
): Promise<Listener> {
  const open = new Set<Socket>();
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  };
  server.on("connection", track);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      where.path === undefined ? { port: where.port ?? 0, host: "127.0.0.1" } : { path: where.path },
      () => {
        server.off("error", reject);
        resolve();
      },
    );
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

const FIRST_PORT = 20_000;
const SLICE = 600;
const SLICES = 20;
const handedOut = new Set<number>();

/**
 * A port that nobody listens on. Below the range that the kernel hands out by itself, from a slice of this process's own, and each
 * port once: it stays free until it is used, and while a fake refuses connections for a time.
 */
export async function freePort(): Promise<number> {
  const base = FIRST_PORT + (process.pid % SLICES) * SLICE;
  for (let tried = 0; ; tried += 1) {
    if (handedOut.size >= SLICE || tried > 100 * SLICE) throw new Error("no port is left");
    const port = base + Math.floor(Math.random() * SLICE);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
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
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
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
