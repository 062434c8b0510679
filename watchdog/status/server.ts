import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Problem } from "../config/table.ts";
import type { HostPort } from "../config/value.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";
import { boundConnections } from "./connections.ts";
import { hasToken, isOurHost } from "./guard.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}
/** What an answer may depend on, besides its path. */
export interface Asked {
  /** The right token is in the query: the address that was asked carries it, so its answer's links may. */
  readonly tokenInQuery: boolean;
}
/** What each path answers; anything else is 404. */
export type Routes = Readonly<Record<string, (asked?: Asked) => Answer>>;

export interface Guards {
  /** Asked for on every path but the open ones; an empty one is never right, so that everything else is locked. */
  readonly token?: string | undefined;
  /** What is said to who has none. */
  readonly needsToken?: string;
}

export const jsonAnswer = (status: number, value: unknown): Answer => ({
  status,
  body: JSON.stringify(value, null, 2) + "\n",
  type: "application/json; charset=utf-8",
});

/** The healthcheck's: it tells nothing worth hiding, and must work whatever is configured. */
const OPEN_PATH = "/healthz";

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/** A read-only server: GET and HEAD alone, asked under a name of ours, with the token if there is one; bounded in connections and time. Rejects when the address cannot be bound. */
export function startStatusServer(address: HostPort, routes: Routes, guards: Guards = {}): Promise<Server> {
  // Node looks for requests that are too slow only every 30 s by default.
  const server = createServer({ connectionsCheckingInterval: 1000 }, (request, response) => {
    const { socket } = request;
    if (!connections.admit(socket)) return;
    const { status, body, type, headers } = answerOf(request, address, routes, guards);
    const bytes = Buffer.byteLength(body);
    connections.answering(socket, response, bytes);
    response.writeHead(status, { ...HEADERS, ...headers, "content-type": type, "content-length": bytes });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  const connections = boundConnections(server);
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.keepAliveTimeout = 1000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // A crowd that connects at once must not fill the queue of accept(2): who finds it full comes again a second later.
    server.listen({ port: address.port, host: address.host, backlog: 4096 }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve(server);
    });
  });
}

function answerOf(
  { method, url = "/", headers }: IncomingMessage,
  { host }: HostPort,
  routes: Routes,
  { token, needsToken }: Guards,
): Answer {
  if (method !== "GET" && method !== "HEAD")
    return { ...jsonAnswer(405, { error: "GET and HEAD only" }), headers: { allow: "GET, HEAD" } };
  const cut = url.indexOf("?");
  const [path, query] = cut === -1 ? [url, ""] : [url.slice(0, cut), url.slice(cut + 1)];
  if (path !== OPEN_PATH) {
    const known = token !== undefined && hasToken(headers.authorization, query, token);
    // Who knows the token is no stranger's web page, whatever name it used.
    if (!known && !isOurHost(headers.host, host))
      return jsonAnswer(421, {
        error:
          "not a name of this server: use an IP address, localhost, or the name in WATCHDOG_STATUS_ADDR; with WATCHDOG_STATUS_TOKEN any name will do",
      });
    if (!known && token !== undefined)
      return {
        status: 401,
        type: "text/plain; charset=utf-8",
        body: `${needsToken ?? "a token is needed"}\n`,
        headers: { "www-authenticate": 'Bearer realm="watchdog"' },
      };
  }
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  try {
    return route
      ? route({ tokenInQuery: token !== undefined && hasToken(undefined, query, token) })
      : jsonAnswer(404, { error: "no such path", paths: Object.keys(routes) });
  } catch (error) {
    // The view of one request must not take the daemon down.
    return jsonAnswer(500, { error: reasonOf(error) });
  }
}

/** Serves until the returned function is called. A port that is taken is a problem to report, not a reason to stop. */
export async function serveStatus(
  address: HostPort | undefined,
  routes: Routes,
  problems: Problem[],
  log: Log,
  guards: Guards = {},
): Promise<() => void> {
  if (!address) return () => {};
  const shown = `${address.host}:${address.port}`;
  try {
    const server = await startStatusServer(address, routes, guards);
    log.info("status server listens", { address: shown });
    return () => {
      server.close();
      server.closeAllConnections();
    };
  } catch (error) {
    const text = `WATCHDOG_STATUS_ADDR=${shown} cannot be listened on (${reasonOf(error)}); allowed: a free host:port, or empty = off; the program runs without a status server`;
    problems.push({ variable: "WATCHDOG_STATUS_ADDR", text });
    log.error(`configuration: ${text}`);
    return () => {};
  }
}
