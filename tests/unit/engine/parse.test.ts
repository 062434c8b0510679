import assert from "node:assert/strict";
import test from "node:test";
import { parseInfo } from "../../../watchdog/engine/info.ts";
import { parseInspect } from "../../../watchdog/engine/inspect.ts";
import { healthInStatus, parseList, parseUptime } from "../../../watchdog/engine/list.ts";
import { parseVersion } from "../../../watchdog/engine/version.ts";

const ID = "a".repeat(64);
const listed = (changes: object = {}): unknown => ({
  Id: ID,
  Names: ["/web"],
  Image: "nginx:1",
  State: "running",
  Status: "Up 5 minutes (healthy)",
  Labels: { "com.docker.compose.project": "x" },
  ...changes,
});

test("an entry of the list is read with name, state, health and uptime", () => {
  const [entry, ...others] = parseList([listed()]);
  assert.deepEqual(
    { ...entry, mounts: entry?.mounts(), compose: entry?.compose() },
    {
      ...{ id: ID, name: "web", image: "nginx:1", state: "running", health: "healthy", uptimeS: 300 },
      ...{ mounts: undefined, compose: undefined },
    },
  );
  assert.deepEqual(others, []);
});

test("of its mounts those are kept that show a path of the host, as many and as long as paths can be", () => {
  const bind = { Type: "bind", Source: "/srv/app", Destination: "/app", Mode: "", RW: true };
  const kept = { source: "/srv/app", target: "/app" };
  assert.deepEqual(parseList([listed({ Mounts: [bind] })])[0]?.mounts(), [kept]);
  assert.deepEqual(parseList([listed({ Mounts: [{ ...bind, RW: false }] })])[0]?.mounts(), [
    { ...kept, isReadOnly: true },
  ]);
  // tmpfs, Podman's targets alone, and nonsense.
  const none = [
    { ...bind, Source: "" },
    "/app",
    { ...bind, Source: "C:\\app" },
    { ...bind, Source: `/${"x".repeat(4096)}` },
    { ...bind, Destination: 5 },
    null,
  ];
  for (const Mounts of [none, [], null, "x", {}]) assert.equal(parseList([listed({ Mounts })])[0]?.mounts(), undefined);
  assert.equal(parseList([listed({ Mounts: Array.from({ length: 5000 }, () => bind) })])[0]?.mounts()?.length, 64);
});

test("a container's own name has one slash, legacy links have more", () => {
  assert.equal(parseList([listed({ Names: ["/app/db", "/db"] })])[0]?.name, "db");
  assert.equal(parseList([listed({ Names: [] })])[0]?.name, ID.slice(0, 12));
  assert.equal(parseList([listed({ Names: null })])[0]?.name, ID.slice(0, 12));
});

test("an id that is not 64 hex digits never becomes part of a path", () => {
  for (const Id of ["../../archive", "abc", `${"a".repeat(63)}/`, "A".repeat(64), 5, null, `${ID}\n`])
    assert.deepEqual(parseList([listed({ Id })]), [], String(Id));
});

test("an answer that is not a list is a fault; an entry that is not understood is left out", () => {
  for (const json of [{}, null, "x", { message: "no" }]) assert.throws(() => parseList(json), /not a list/);
  assert.equal(parseList([null, 5, "x", [], listed()]).length, 1);
});

test("a state we do not know is no proof of health", () => {
  assert.equal(parseList([listed({ State: "quantum" })])[0]?.state, "dead");
  assert.equal(parseInspect({ State: {} }).state, "dead");
});

test("the health field of newer engines counts before the sentence", () => {
  assert.equal(parseList([listed({ Health: { Status: "unhealthy" } })])[0]?.health, "unhealthy");
  assert.equal(parseList([listed({ Health: { Status: "none" }, Status: "Up 2 hours" })])[0]?.health, "none");
  assert.equal(parseList([listed({ Health: { Status: "odd" } })])[0]?.health, "healthy");
});

test("older engines tell health in the sentence alone", () => {
  const cases = {
    "Up 2 minutes (healthy)": "healthy",
    "Up 2 minutes (unhealthy)": "unhealthy",
    "Up 3 seconds (health: starting)": "starting",
    "Up 2 minutes": "none",
    "Up 2 minutes (Paused)": "none",
    "Exited (137) 5 minutes ago": "none",
    "": "none",
  } as const;
  for (const [status, health] of Object.entries(cases)) assert.equal(healthInStatus(status), health, status);
});

test("the sentence's uptime is the least that its words allow", () => {
  const cases: Readonly<Record<string, number>> = {
    "Up Less than a second": 0,
    "Up 1 second": 1,
    "Up 45 seconds (healthy)": 45,
    "Up About a minute": 60,
    "Up 30 minutes (unhealthy)": 1800,
    "Up 2 days": 172_800,
    "Up 3 weeks": 1_814_400,
    "Up 2 months": 5_184_000,
    "Up 2 years": 63_072_000,
  };
  for (const [status, seconds] of Object.entries(cases)) assert.equal(parseUptime(status), seconds, status);
  // go-units rounds hours to the nearest: one hour and a half is already "2 hours".
  assert.ok((parseUptime("Up 2 hours") ?? Infinity) <= 5400);
  assert.ok((parseUptime("Up About an hour") ?? Infinity) <= 3600);
});

test("words that do not tell an uptime tell none", () => {
  for (const status of [
    "",
    "Exited (0) 5 minutes ago",
    "Created",
    "Restarting (1) 3 seconds ago",
    "Up",
    "Up for ages",
    "Dead",
  ])
    assert.equal(parseUptime(status), undefined, status);
});

test("the label watchdog.watch is true or false, anything else is no label", () => {
  const watch = (value: unknown): boolean | undefined =>
    parseList([listed({ Labels: { "watchdog.watch": value } })])[0]?.watch;
  assert.deepEqual([watch("true"), watch("false"), watch("yes"), watch(true)], [true, false, undefined, undefined]);
  assert.equal(parseList([listed({ Labels: null })])[0]?.watch, undefined);
});

test("inspect is read with exit code, OOM, error, restarts, policy and the last health output", () => {
  assert.deepEqual(
    parseInspect({
      Id: ID,
      RestartCount: 4,
      HostConfig: { RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 } },
      Config: { Env: ["PASSWORD=x"] },
      State: {
        Status: "exited",
        Running: false,
        ExitCode: 137,
        OOMKilled: true,
        Error: "start failed",
        Health: {
          Status: "unhealthy",
          FailingStreak: 3,
          Log: [{ Output: "old" }, { ExitCode: 1, Output: "curl: (7)\nrefused" }],
        },
      },
    }),
    {
      state: "exited",
      health: "unhealthy",
      exitCode: 137,
      oomKilled: true,
      error: "start failed",
      healthOutput: "curl: (7) refused",
      restartCount: 4,
      restartPolicy: "unless-stopped",
    },
  );
});

test("the environment of a container is never kept, and secrets in its outputs are masked", () => {
  const inspected = parseInspect({
    Config: { Env: ["DB_PASSWORD=hunter2"] },
    State: {
      Status: "running",
      Error: "token=hunter2",
      Health: { Status: "unhealthy", Log: [{ Output: "password: hunter2" }] },
    },
  });
  assert.doesNotMatch(JSON.stringify(inspected), /hunter2|Env/);
});

test("a health output of megabytes is bounded", () => {
  assert.ok(
    parseInspect({
      State: { Status: "running", Health: { Status: "unhealthy", Log: [{ Output: "x ".repeat(1_000_000) }] } },
    }).healthOutput.length <= 200,
  );
});

test("inspect without State is a fault; everything else in it may be missing", () => {
  for (const json of [null, {}, [], { State: null }, { State: [] }])
    assert.throws(() => parseInspect(json), /no State/);
  assert.deepEqual(parseInspect({ State: { Status: "running" } }), {
    state: "running",
    health: "none",
    exitCode: 0,
    oomKilled: false,
    error: "",
    healthOutput: "",
    restartCount: 0,
    restartPolicy: "no",
  });
  assert.equal(
    parseInspect({ State: { Status: "running" }, HostConfig: { RestartPolicy: { Name: "" } } }).restartPolicy,
    "no",
  );
});

test("of the engine itself its host's name and its data's folder are read, each where it is one", () => {
  assert.deepEqual(parseInfo({ Name: " build-1\n", DockerRootDir: "/srv/docker" }), {
    hostname: "build-1",
    dataRoot: "/srv/docker",
  });
  assert.equal(parseInfo({ Name: "x".repeat(500) }).hostname?.length, 64);
  for (const json of [null, [], "x", {}, { Name: " ", DockerRootDir: "C:\\docker" }, { Name: 5, DockerRootDir: null }])
    assert.deepEqual(parseInfo(json), {}, JSON.stringify(json));
});

test("an engine's version is read with what is to be spoken, and how it calls its own is bounded", () => {
  assert.deepEqual(parseVersion({ Version: "28.0.1", ApiVersion: "1.52", MinAPIVersion: "1.24" }), {
    version: "28.0.1",
    newest: "1.52",
    oldest: "1.24",
    spoken: "1.52",
    spokenForCache: "1.51",
  });
  const { version, oldest } = parseVersion({ Version: "x".repeat(5000), ApiVersion: "1.41" });
  assert.deepEqual([version.length <= 40, oldest], [true, "?"]);
  assert.throws(() => parseVersion({ ApiVersion: "1.40" }), /too old/);
});
