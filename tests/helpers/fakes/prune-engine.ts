import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { bodyOf, listen } from "../drivers/net.ts";
import { tempDir } from "../drivers/temp-dir.ts";

/** A record of the build cache, as GET /system/df words it. */
export interface FakeRecord {
  readonly ID: string;
  readonly Size: number;
  readonly Type?: string;
  readonly InUse?: boolean;
  readonly Shared?: boolean;
  readonly LastUsedAt?: string | null;
  readonly Parents?: readonly string[];
}

export function record(ID: string, Size: number, unusedForS: number, more: Partial<FakeRecord> = {}): FakeRecord {
  return {
    ID,
    Size,
    Type: "regular",
    InUse: false,
    Shared: false,
    LastUsedAt: new Date(Date.now() - unusedForS * 1000).toISOString(),
    ...more,
  };
}

export type Trouble = "hang" | "cut" | { readonly status: number; readonly body: string };

export interface FakePruneEngine {
  readonly socketPath: string;
  /** Every request, in order. */
  readonly requests: readonly string[];
  /** The prunes alone. */
  prunes(): readonly string[];
  records: FakeRecord[];
  /** What becomes of the requests whose path matches, until it is undefined again. */
  trouble: { readonly path: RegExp; readonly is: Trouble } | undefined;
  /** A prune says that it went well and removes nothing (buildx #400). */
  idle: boolean;
}

/** All that the pruner needs to ask. */
const ALLOWED = [
  /^GET \/version$/,
  /^GET \/v1\.\d+\/info$/,
  /^GET \/v1\.(4[2-9]|5\d)\/system\/df\?type=build-cache$/,
  /^POST \/v1\.\d+\/build\/prune(\?(all=1&?)?(filters=[^&]+)?)?$/,
];

/** An engine that prunes what it was told to, and fails the test at any other request, a body, or an `all` without an age. */
export async function fakePruneEngine(
  t: TestContext,
  api: { readonly newest?: string; readonly oldest?: string } = {},
): Promise<FakePruneEngine> {
  const { newest = "1.47", oldest = "1.24" } = api;
  const requests: string[] = [];
  const violations: string[] = [];
  const socketPath = join(tempDir(t), "docker.sock");

  const prune = (query: URLSearchParams): object => {
    const filters = JSON.parse(query.get("filters") ?? "{}") as { until?: string[] };
    const all = query.get("all") === "1";
    const age = filters.until?.[0];
    if (all && age === undefined) violations.push("everything of any age");
    const seconds = age === undefined ? 0 : Number(/^(\d+)h$/.exec(age)?.[1]) * 3600;
    if (Number.isNaN(seconds)) violations.push(`an age this fake does not know: ${age}`);
    const goes = (one: FakeRecord): boolean =>
      !one.InUse && (all || !one.Shared) && Date.parse(one.LastUsedAt ?? "") <= Date.now() - seconds * 1000;
    const gone = engine.idle ? [] : engine.records.filter(goes);
    engine.records = engine.records.filter((one) => !gone.includes(one));
    return { CachesDeleted: gone.map(({ ID }) => ID), SpaceReclaimed: gone.reduce((sum, { Size }) => sum + Size, 0) };
  };

  const answer = (method: string, path: string, response: ServerResponse): void => {
    const url = new URL(path, "http://docker");
    const send = (body: object, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const trouble = engine.trouble?.path.test(path) ? engine.trouble.is : undefined;
    if (trouble === "hang") return;
    if (trouble === "cut") return void response.destroy();
    if (trouble) {
      response.writeHead(trouble.status, { "content-type": "application/json" });
      return void response.end(trouble.body);
    }
    if (path === "/version") return send({ Version: "27.0.0", ApiVersion: newest, MinAPIVersion: oldest });
    if (url.pathname.endsWith("/info")) return send({ Name: "engine-1", DockerRootDir: "/" });
    if (url.pathname.endsWith("/system/df"))
      return send({ LayersSize: 0, Images: null, BuildCache: engine.records.length === 0 ? null : engine.records });
    if (method === "POST") return send(prune(url.searchParams));
    return send({ message: "page not found" }, 404);
  };

  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    void bodyOf(request).then(
      (body) => {
        if (!ALLOWED.some((pattern) => pattern.test(line))) violations.push(line);
        if (body !== "") violations.push(`${line} with a body`);
        answer(request.method ?? "", request.url ?? "", response);
      },
      () => {},
    );
  });
  const listener = await listen(server, { path: socketPath });
  const engine: FakePruneEngine = {
    socketPath,
    requests,
    records: [],
    trouble: undefined,
    idle: false,
    prunes: () => requests.filter((line) => line.startsWith("POST")),
  };
  t.after(async () => {
    await listener.close();
    if (violations.length > 0) throw new Error(`asked of the engine, though it may not be: ${violations.join("; ")}`);
  });
  return engine;
}
