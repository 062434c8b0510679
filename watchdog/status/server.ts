import { createServer, type Server } from "node:http";
import type { HostPort } from "../config/value.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}
/** What each path answers; anything else is 404. */
export type Routes = Readonly<Record<string, () => Answer>>;

export const jsonAnswer = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value, null, 2) + "\n", type: "application/json; charset=utf-8" });

/** A read-only server: GET and HEAD alone, bounded in connections and time. Rejects when the address cannot be bound. */
export function startStatusServer(address: HostPort, routes: Routes): Promise<Server> {
  // Node looks for connections that are too slow only every 30 s by default; so long 32 of them could lock everybody out.
  const server = createServer({ connectionsCheckingInterval: 1000 }, (request, response) => {
    const { method } = request;
    const reply = ({ status, body, type }: Answer): void => {
      response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store", "x-content-type-options": "nosniff" });
      response.end(method === "HEAD" ? undefined : body);
    };
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return reply(jsonAnswer(405, { error: "GET and HEAD only" }));
    }
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    try {
      reply(route ? route() : jsonAnswer(404, { error: "no such path", paths: Object.keys(routes) }));
    } catch (error) {
      // The view of one request must not take the daemon down.
      reply(jsonAnswer(500, { error: error instanceof Error ? error.message : "failed" }));
    }
  });
  server.maxConnections = 32;
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.keepAliveTimeout = 1000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve(server);
    });
  });
}

/** Serves until the returned function is called. A port that is taken is a problem to report, not a reason to stop. */
export async function serveStatus(address: HostPort | undefined, routes: Routes, problems: string[], log: Log): Promise<() => void> {
  if (!address) return () => {};
  const shown = `${address.host}:${address.port}`;
  try {
    const server = await startStatusServer(address, routes);
    log.info("status server listens", { address: shown });
    return () => {
      server.close();
      server.closeAllConnections();
    };
  } catch (error) {
    const problem = `WATCHDOG_STATUS_ADDR=${shown} cannot be listened on (${reasonOf(error)}); allowed: a free host:port, or empty = off; the program runs without a status server`;
    problems.push(problem);
    log.error(`configuration: ${problem}`);
    return () => {};
  }
}
