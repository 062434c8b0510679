import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { type Listener, listen } from "../drivers/net.ts";

/** A container as a test describes it; the fake words it as the engine does. */
export interface FakeContainer {
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  readonly health?: "starting" | "healthy" | "unhealthy";
  readonly healthOutput?: string;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly error?: string;
  readonly restartCount?: number;
  readonly policy?: "no" | "always" | "on-failure" | "unless-stopped";
  readonly labels?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly uptimeS?: number;
  /** Another container of the same name. */
  readonly generation?: number;
}

export type DockerFault =
  | { readonly kind: "hang" }
  /** Half an answer, then the connection goes. */
  | { readonly kind: "cut" }
  /** An answer that never ends. */
  | { readonly kind: "huge" }
  | { readonly kind: "answer"; readonly status: number; readonly body: string };

export const hanging: DockerFault = { kind: "hang" };
export const cutMidAnswer: DockerFault = { kind: "cut" };
export const huge: DockerFault = { kind: "huge" };
export const notJson: DockerFault = { kind: "answer", status: 200, body: "<html>this is no engine</html>" };
export const wrongJson: DockerFault = { kind: "answer", status: 200, body: '{"message":"not a list"}' };
export const serverError: DockerFault = {
  kind: "answer",
  status: 500,
  body: '{"message":"something went wrong in the engine"}',
};
export const forbidden: DockerFault = {
  kind: "answer",
  status: 403,
  body: '{"message":"authorization denied by plugin"}',
};

export interface FakeDocker {
  readonly socketPath: string;
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  /** Creates the container, or changes what is said. */
  set(name: string, container: Partial<FakeContainer>): void;
  remove(name: string): void;
  /** Every request (or those whose path matches) meets this fault; undefined: no more. */
  fail(fault: DockerFault | undefined, path?: RegExp): void;
  /** The engine is another one from now on. */
  offer(newest: string, oldest: string): void;
  /** The records of its build cache, as the engine lists them. */
  buildCache(records: readonly object[]): void;
  /** The socket goes, and comes back. */
  vanish(): Promise<void>;
  appear(): Promise<void>;
  /** Ends it; throws when anything but an allowed GET was asked. */
  close(): Promise<void>;
}

/** What no answer of the engine may leak into a message, a log line or the status. */
export const CONTAINER_SECRET = "env-value-of-the-container-nobody-may-see";

/** The only paths an observer that can do no harm has to ask. */
const ALLOWED = [
  /^\/version$/,
  /^\/v1\.\d+\/info$/,
  /^\/v1\.\d+\/containers\/json\?all=1$/,
  /^\/v1\.\d+\/containers\/[0-9a-f]{64}\/json$/,
  /^\/v1\.(4[2-9]|[5-9]\d)\/system\/df\?type=build-cache$/,
];

const RUNNING: FakeContainer = { state: "running" };

export async function fakeDocker(socketPath: string, engineName = "engine-1"): Promise<FakeDocker> {
  const containers = new Map<string, FakeContainer>();
  const requests: { method: string; path: string }[] = [];
  const violations: string[] = [];
  let fault: { readonly kind: DockerFault; readonly path: RegExp } | undefined;
  let cache: readonly object[] = [];
  let api = { newest: "1.52", oldest: "1.44" };

  const answer = (path: string, response: ServerResponse): void => {
    if (path === "/version")
      return json(response, 200, { Version: "29.0.0", ApiVersion: api.newest, MinAPIVersion: api.oldest });
    const [, minor, rest] = /^\/v1\.(\d+)(\/.*)$/.exec(path) ?? [];
    const [newest, oldest] = [minorOf(api.newest), minorOf(api.oldest)];
    if (minor === undefined || rest === undefined) return json(response, 404, { message: "page not found" });
    if (Number(minor) > newest)
      return json(response, 400, {
        message: `client version 1.${minor} is too new. Maximum supported API version is ${api.newest}`,
      });
    if (Number(minor) < oldest)
      return json(response, 400, {
        message: `client version 1.${minor} is too old. Minimum supported API version is ${api.oldest}`,
      });
    if (rest === "/system/df?type=build-cache")
      return json(response, 200, { LayersSize: 0, Images: null, Containers: null, Volumes: null, BuildCache: cache });
    if (rest === "/info") return json(response, 200, { Name: engineName, OperatingSystem: "Debian GNU/Linux" });
    if (rest.startsWith("/containers/json"))
      return json(
        response,
        200,
        [...containers].map(([name, one]) => listed(name, one, Number(minor))),
      );
    const id = rest.split("/")[2];
    const found = [...containers].find(([name, one]) => idOf(name, one) === id);
    return found
      ? json(response, 200, inspected(...found))
      : json(response, 404, { message: `No such container: ${id}` });
  };

  const server = () =>
    createServer((request, response) => {
      const { method = "", url: path = "" } = request;
      requests.push({ method, path });
      if (method !== "GET" || !ALLOWED.some((pattern) => pattern.test(path))) {
        violations.push(`${method} ${path}`);
        return json(response, 403, { message: "not allowed" });
      }
      if (fault?.path.test(path)) return stumble(fault.kind, response);
      answer(path, response);
    });

  let listener: Listener | undefined = await listen(server(), { path: socketPath });
  const vanish = async (): Promise<void> => {
    const open = listener;
    listener = undefined;
    await open?.close();
    rmSync(socketPath, { force: true });
  };
  return {
    socketPath,
    requests,
    vanish,
    set: (name, container) => void containers.set(name, { ...(containers.get(name) ?? RUNNING), ...container }),
    remove: (name) => void containers.delete(name),
    fail: (kind, path = /./) => (fault = kind && { kind, path }),
    buildCache: (records) => (cache = records),
    offer: (newest, oldest) => (api = { newest, oldest }),
    appear: async () => {
      listener ??= await listen(server(), { path: socketPath });
    },
    close: async () => {
      await vanish();
      if (violations.length > 0)
        throw new Error(`asked of the engine, though it may not be: ${[...new Set(violations)].join(", ")}`);
    },
  };
}

function stumble(fault: DockerFault, response: ServerResponse): void {
  switch (fault.kind) {
    case "hang":
      return;
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
      response.write('[{"Id":');
      setImmediate(() => response.destroy());
      return;
    case "huge": {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once("drain", pour);
      };
      return pour();
    }
    case "answer":
      response.writeHead(fault.status, { "content-type": "application/json" });
      response.end(fault.body);
      return;
    default:
      fault satisfies never;
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

const minorOf = (version: string): number => Number(version.split(".")[1]);
/** The id that a container of this name has, in its generation. */
export const idOf = (name: string, { generation = 0 }: FakeContainer): string =>
  createHash("sha256").update(`${name}#${generation}`).digest("hex");

/** An entry of GET /containers/json; health stands in the list from API 1.52 on, before that only in the sentence. */
function listed(name: string, one: FakeContainer, minor: number): object {
  const { state, health, labels = {}, image = "registry.example/app:1" } = one;
  return {
    Id: idOf(name, one),
    Names: [`/${name}`],
    Image: image,
    State: state,
    Status: sentence(one),
    Labels: labels,
    ...(minor >= 52 && health !== undefined
      ? { Health: { Status: health, FailingStreak: health === "unhealthy" ? 3 : 0 } }
      : {}),
  };
}

function sentence({ state, health, exitCode = 0, uptimeS = 7200 }: FakeContainer): string {
  const up = uptimeS >= 7200 ? "Up 2 hours" : uptimeS < 1 ? "Up Less than a second" : `Up ${uptimeS} seconds`;
  switch (state) {
    case "running":
      return health === undefined ? up : `${up} (${health === "starting" ? "health: starting" : health})`;
    case "paused":
      return `${up} (Paused)`;
    case "restarting":
      return `Restarting (${exitCode}) 2 seconds ago`;
    case "exited":
      return `Exited (${exitCode}) 2 seconds ago`;
    case "created":
      return "Created";
    case "dead":
      return "Dead";
    case "removing":
      return "Removal In Progress";
    default:
      return state satisfies never;
  }
}

/** GET /containers/{id}/json. Config.Env is full of secrets, as in real life. */
function inspected(name: string, one: FakeContainer): object {
  const {
    state,
    health,
    healthOutput = "",
    exitCode = 0,
    oomKilled = false,
    error = "",
    restartCount = 0,
    policy = "unless-stopped",
    labels = {},
    image = "registry.example/app:1",
    uptimeS = 7200,
  } = one;
  return {
    Id: idOf(name, one),
    Name: `/${name}`,
    RestartCount: restartCount,
    Image: "sha256:0",
    State: {
      Status: state,
      Running: state === "running" || state === "paused" || state === "restarting",
      Paused: state === "paused",
      Restarting: state === "restarting",
      OOMKilled: oomKilled,
      Dead: state === "dead",
      ExitCode: exitCode,
      Error: error,
      StartedAt: new Date(Date.now() - uptimeS * 1000).toISOString(),
      FinishedAt: "0001-01-01T00:00:00Z",
      ...(health === undefined
        ? {}
        : {
            Health: {
              Status: health,
              FailingStreak: 0,
              Log: [
                { Start: "", End: "", ExitCode: 1, Output: "an older line" },
                { Start: "", End: "", ExitCode: 1, Output: healthOutput },
              ],
            },
          }),
    },
    Config: { Image: image, Env: [`DB_PASSWORD=${CONTAINER_SECRET}`], Labels: labels },
    HostConfig: { RestartPolicy: { Name: policy, MaximumRetryCount: 0 } },
  };
}
