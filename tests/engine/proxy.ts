// The hardened variant's proxy under a haproxy of this machine, in front of an engine that only writes down.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "./run.ts";

type Ask = readonly [method: string, target: string];

export const ALLOWED = [
  "/version",
  "/info",
  "/containers/json",
  "/containers/json?all=1",
  "/containers/wdt-stopped/json",
  `/containers/${"0123456789abcdef".repeat(4)}/json`,
  "/v1.41/version",
  "/v1.41/info",
  "/v1.41/containers/json?all=1",
  "/v1.52/containers/a_b.c-d/json",
  "/v1.42/system/df?type=build-cache",
  "/v1.51/system/df?type=build-cache",
] as const;

/** Each is either another thing to read, or another way to write an allowed one. */
export const REFUSED = [
  ...["/_ping", "/events", "/system/df", "/images/json", "/networks", "/volumes", "/secrets", "/swarm", "/", "*"],
  ...["archive", "logs", "export", "top", "stats", "changes", "attach/ws"].map((what) => `/containers/x/${what}`),
  ...["/v1.41/containers/x/archive?path=/etc", "/v1.41/containers/x/logs?stdout=1", "/v1.41/containers/x/export"],
  ...["/containers/json?size=1", "/containers/json?all=1&size=1", "/containers/x/json?size=1", "/version?a"],
  ...["/containers/x/json/../archive", "/containers/x/json/..", "/containers/../json", "/containers/a..b/json"],
  ...["/version/../images/json", "/v1.41/../images/json", "/containers/./json", "/containers/.x/json"],
  ...["/containers/x%2farchive/json", "/containers/%2e%2e/json", "/containers/x/json%2f..%2farchive", "/%76ersion"],
  ...["/containers/x/archive%3f/json", "/containers/x/json%00", "/containers/json?all=1%26size=1"],
  ...["//version", "/version/", "/containers//json", "/containers/json/", "/containers/x//json", "/v1.41//info"],
  ...["/containers/x/y/json", "/containers/x;y/json", "/containers/x\\y/json", "/containers/x/json#/archive"],
  ...["/v1/info", "/v2.0/info", "/V1.41/info", "/v1.4111/info", "/VERSION", "/versions", "/xversion"],
  ...[
    "/system/df?type=build-cache",
    "/v1.41/system/df?type=build-cache",
    "/v1.45/system/df",
    "/v1.45/system/df?type=volume",
  ],
  ...[
    "/v1.45/system/df?type=build-cache&type=container",
    "/v1.45/system/df?type=build-cache&verbose=1",
    "/v1.45/system/df/?type=build-cache",
  ],
  ...["http://docker/version", "http://docker/images/json"],
]
  .map((target): Ask => ["GET", target])
  .concat(
    ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "PRI"].flatMap((method) =>
      ["/version", "/containers/json", "/containers/x/json"].map((target): Ask => [method, target]),
    ),
    [
      ["POST", "/containers/create"],
      ["POST", "/containers/x/stop"],
      ["POST", "/v1.41/containers/x/exec"],
      ["POST", "/build/prune"],
      ["POST", "/v1.45/build/prune?filters=%7B%22until%22%3A%5B%2272h%22%5D%7D"],
      ["POST", "/v1.45/system/df?type=build-cache"],
      ["DELETE", "/v1.41/containers/x"],
    ],
  );

export type Proxy = {
  /** Method and target of every request that came through. */
  seen: string[];
  /** Sends bytes as they are and returns the status codes of what comes back until the connection closes. */
  raw(bytes: string): Promise<number[]>;
  close(): Promise<void>;
};

export async function startProxy(haproxy: string, config: string): Promise<Proxy> {
  const dir = mkdtempSync(path.join(tmpdir(), "watchdog-proxy-"));
  const sock = path.join(dir, "docker.sock");
  const seen: string[] = [];
  const engine = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end("{}");
  });
  engine.listen(sock);
  await once(engine, "listening");

  const port = await freePort();
  const env = { ...process.env, DOCKER_SOCK: sock, DOCKER_PROXY_BIND: `127.0.0.1:${port}` };
  const child = spawn(haproxy, ["-db", "-f", config], { env, stdio: "ignore" });
  const gone = once(child, "exit");
  const close = async () => {
    child.kill();
    await gone;
    engine.closeAllConnections();
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const raw = (bytes: string) => exchange(port, bytes);
  try {
    const request = "GET /version HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
    await until("haproxy passes requests on", 10_000, async () => (await raw(request))[0] === 200);
  } catch (error) {
    await close();
    throw error;
  }
  seen.length = 0;
  return { seen, raw, close };
}

function exchange(port: number, bytes: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${JSON.stringify(bytes)}`)));
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve([...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]))));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
