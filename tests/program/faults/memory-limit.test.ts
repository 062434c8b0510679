import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { memoryCgroup } from "../../helpers/drivers/cgroup.ts";
import { BUNDLE, type Status } from "../../helpers/drivers/daemon.ts";
import { ask, freePort, listen } from "../../helpers/drivers/net.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";
import { ROOT } from "../../unit/architecture/sources.ts";

/** As the compose file says it. */
const LIMIT_MB = Number(/mem_limit: (\d+)m/.exec(readFileSync(join(ROOT, "docker-compose.yml"), "utf8"))?.[1]);
/** The tests' own runtime; WATCHDOG_IMAGE_NODE names that of the image, which needs more memory. */
const NODES = [process.execPath, ...[process.env["WATCHDOG_IMAGE_NODE"] ?? ""].filter((path) => existsSync(path))];
const probe = memoryCgroup(LIMIT_MB);
const skip = "reason" in probe && process.env["CI"] !== "true" ? probe.reason : false;
if (!("reason" in probe)) probe.remove();

const idOf = (index: number): string => index.toString(16).padStart(64, "0");
const filled = (part: string, bytes: number): string => part.repeat(Math.floor(bytes / part.length)).slice(0, -1);
const LABELS = Object.fromEntries(
  Array.from({ length: 14 }, (_, index) => [
    `com.docker.compose.label-${index}`,
    `what compose says there, /srv/projects/app-${index}/docker-compose.yml`,
  ]),
);
const entry = (index: number): object => ({
  Id: idOf(index),
  Names: [`/c${index}`],
  Image: "app:1",
  ImageID: `sha256:${idOf(index)}`,
  Command: "docker-entrypoint.sh run",
  Created: 1,
  Labels: LABELS,
  State: "running",
  Status: "Up 3 hours",
  Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }],
  HostConfig: { NetworkMode: "x" },
  Mounts: [{ Type: "bind", Source: "/srv/x", Destination: "/x", Mode: "ro", RW: false }],
  NetworkSettings: {
    Networks: {
      x: {
        NetworkID: idOf(1),
        EndpointID: idOf(2),
        Gateway: "172.18.0.1",
        IPAddress: "172.18.0.2",
        MacAddress: "02:42:ac:12:00:02",
      },
    },
  },
});
const inspected = (environment = "[]"): string =>
  JSON.stringify({
    Id: idOf(1),
    RestartCount: 0,
    HostConfig: { RestartPolicy: { Name: "always" } },
    Config: { Labels: LABELS, Env: "ENV" },
    State: {
      Status: "running",
      ExitCode: 0,
      StartedAt: "2026-01-01T00:00:00Z",
      Health: {
        Status: "healthy",
        Log: Array.from({ length: 5 }, () => ({
          Start: "2026-01-01T00:00:00Z",
          ExitCode: 0,
          Output: "x".repeat(4096),
        })),
      },
    },
  }).replace('"ENV"', environment);
const listOf = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, index) => entry(index)));
const MB = 1_000_000;
const unlike = (count: number): string =>
  `[${Array.from({ length: count }, (_, index) => `{"a${index}":1,"b${index}":1.5}`).join()}]`;
const withLabel = (bytes: number): string =>
  `[{"Id":"${idOf(1)}","Names":["/c1"],"State":"running","Status":"Up 3 hours","Labels":{"x":"${"x".repeat(bytes)}"}}]`;

interface Engine {
  readonly list?: string;
  readonly inspect?: string;
  readonly info?: string;
  readonly version?: string;
  readonly cache?: string;
  readonly metrics?: string;
}
interface Case extends Engine {
  readonly name: string;
  /** What has to be true of the source. */
  readonly expect: (status: Status) => unknown;
}
const refused =
  (source: string, reason: RegExp) =>
  ({ sources }: Status): boolean =>
    reason.test(sources[source]?.error ?? "");
const unreadable = refused("docker", /^c0: answer (?:too complex|larger)/);
const isRead =
  (source: string) =>
  ({ sources }: Status): boolean =>
    sources[source]?.state === "ok";

const CASES: readonly Case[] = [
  { name: "a list of 1,000 containers", list: listOf(1000), inspect: inspected(), expect: isRead("docker") },
  { name: "a label of 15 MB in the list", list: withLabel(15 * MB), expect: refused("docker", /answer larger than/) },
  { name: "a label of 8 MB in the list", list: withLabel(8 * MB), expect: isRead("docker") },
  {
    name: "a list of empty lists",
    list: `[${filled("[],", 8 * MB)}]`,
    expect: refused("docker", /answer too complex/),
  },
  {
    name: "a list of empty lists that is just let through",
    list: `[${filled("[],", 470_000)}]`,
    expect: isRead("docker"),
  },
  { name: "a list of objects", list: `[${filled("{},", 8 * MB)}]`, expect: refused("docker", /answer too complex/) },
  // The costliest that JSON has: names that no other object has, and fractions beside an object. The smaller of each pair is just let through.
  {
    name: "a million and a half fractions beside an object",
    list: `[{},${filled("1.5,", 6 * MB)}]`,
    expect: refused("docker", /answer too complex/),
  },
  { name: "fractions beside an object", list: `[{},${filled("1.5,", 2.35 * MB)}]`, expect: isRead("docker") },
  {
    name: "120,000 objects of which no two are alike",
    list: unlike(120_000),
    expect: refused("docker", /answer too complex/),
  },
  { name: "objects of which no two are alike", list: unlike(64_000), expect: isRead("docker") },
  {
    name: "a list nested a million deep",
    list: `${"[".repeat(MB)}${"]".repeat(MB)}`,
    expect: refused("docker", /answer too complex/),
  },
  {
    name: "a 15 MB text in every inspect",
    list: listOf(16),
    inspect: inspected(`["${"x".repeat(15 * MB)}"]`),
    expect: unreadable,
  },
  {
    name: "objects by the million in every inspect",
    list: listOf(16),
    inspect: inspected(`[${filled("{},", 900_000)}]`),
    expect: unreadable,
  },
  {
    name: "15 MB in /info",
    list: listOf(2),
    info: `{"Name":"h","x":[${filled("[],", 15 * MB)}]}`,
    expect: isRead("docker"),
  },
  {
    name: "15 MB in /version",
    version: `{"ApiVersion":"1.51","x":"${"x".repeat(15 * MB)}"}`,
    expect: refused("docker", /answer larger than/),
  },
  {
    name: "15 MB of build cache",
    list: listOf(2),
    cache: `{"BuildCache":[${filled("{},", 15 * MB)}]}`,
    expect: isRead("docker"),
  },
  {
    name: "a /metrics of empty lists",
    metrics: `{"agents":[${filled("[],", MB)}]}`,
    expect: refused("metrics", /answer too complex/),
  },
  {
    name: "a /metrics of objects",
    metrics: `{"agents":[${filled("{},", MB)}]}`,
    expect: refused("metrics", /answer too complex/),
  },
];

/** An engine and an orchestrator in one, on a port of its own. */
async function serve(
  t: TestContext,
  {
    list = "[]",
    inspect = inspected(),
    info = '{"Name":"h"}',
    version = '{"ApiVersion":"1.51","MinAPIVersion":"1.40"}',
    cache = '{"BuildCache":[]}',
    metrics = "{}",
  }: Engine,
): Promise<number> {
  // Once, not at every request: what is made of 15 MB of text takes longer than to send it.
  const bodies = { list, inspect, info, version, cache, metrics };
  const made = Object.fromEntries(Object.entries(bodies).map(([name, text]) => [name, Buffer.from(text)]));
  const server = createServer(({ url = "" }, response) => {
    const name =
      url === "/version"
        ? "version"
        : url.endsWith("/info")
          ? "info"
          : url.includes("/system/df")
            ? "cache"
            : url.includes("/containers/json")
              ? "list"
              : url === "/metrics"
                ? "metrics"
                : "inspect";
    response.setHeader("content-type", "application/json").end(made[name]);
  });
  const listener = await listen(server);
  t.after(() => listener.close());
  return listener.port;
}

describe("whatever answers, the daemon stays within its limit", { concurrency: 2 }, () => {
  for (const node of NODES) {
    for (const { name, expect, ...engine } of CASES) {
      it(`${name}: within ${LIMIT_MB} MB it is read or refused with a reason, with the healthcheck beside (${node})`, {
        timeout: 150_000,
        skip,
      }, async (t) => {
        const cgroup = memoryCgroup(LIMIT_MB);
        if ("reason" in cgroup) throw new Error(cgroup.reason);
        const port = await freePort();
        const peer = await serve(t, engine);
        const env = {
          PATH: process.env["PATH"] ?? "",
          WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`,
          WATCHDOG_DOCKER_SOCK: `tcp://127.0.0.1:${peer}`,
          WATCHDOG_METRICS_URL: `http://127.0.0.1:${peer}/metrics`,
          WATCHDOG_LANG: "en",
          WATCHDOG_INTERVAL_S: "0.3",
          WATCHDOG_MEM_ENABLED: "false",
          WATCHDOG_DISK_PATHS: tempDir(t),
          WATCHDOG_DISK_PCT: "1",
          WATCHDOG_HYSTERESIS_PCT: "0",
        };
        const inside = (args: readonly string[]): ChildProcess =>
          spawn(cgroup.enter[0] ?? "", [...cgroup.enter.slice(1), node, BUNDLE, ...args], { env, stdio: "ignore" });
        const daemon = inside([]);
        const ended = new Promise<unknown>((resolve) => daemon.once("exit", (code, signal) => resolve(signal ?? code)));
        let ending: unknown;
        void ended.then((how) => (ending = how));
        t.after(async () => {
          daemon.kill("SIGKILL");
          await ended;
          await wait(200);
          cgroup.remove();
        });

        const deadline = performance.now() + 120_000;
        let last: Status | undefined;
        for (let good = 0; good < 3; ) {
          assert.equal(ending, undefined, `it ended: ${String(ending)}`);
          assert.ok(performance.now() < deadline, JSON.stringify(last?.sources));
          const answer = await ask(port, "/status");
          last = answer && (JSON.parse(answer.body) as Status);
          // Three healthchecks, each after a further tick with what is expected: a second process counts in the same limit.
          if (last && last.ticks > good && expect(last)) {
            const code = await new Promise((resolve) =>
              inside(["healthcheck"]).once("exit", (exit, signal) => resolve(signal ?? exit)),
            );
            // How soon it is answered depends on the machine and has tests of its own; here it must not be killed.
            assert.equal(typeof code, "number", `the healthcheck ended by ${String(code)}`);
            good += 1;
          }
          await wait(100);
        }
        t.diagnostic(`at most ${Math.round(cgroup.maxBytes() / 2 ** 20)} MB`);
      });
    }
  }
});
