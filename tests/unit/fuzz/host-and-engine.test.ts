import assert from "node:assert/strict";
import { parseMeminfo } from "../../../watchdog/collectors/memory.ts";
import { parseOwner } from "../../../watchdog/collectors/proc/owner.ts";
import { parseBtime, parseClockTicks, parseStat } from "../../../watchdog/collectors/proc/parse.ts";
import { isAllowedPath } from "../../../watchdog/engine/allow.ts";
import { parseInspect } from "../../../watchdog/engine/inspect.ts";
import { healthInStatus, parseList, parseUptime } from "../../../watchdog/engine/list.ts";
import { STATES } from "../../../watchdog/engine/state.ts";
import { negotiate } from "../../../watchdog/engine/version.ts";
import { conditionOf } from "../../../watchdog/signals/containers.ts";
import { statLine } from "../../helpers/fakes/proc.ts";
import { fuzz, refusable, tame, within } from "./fuzz.ts";
import { mutateBytes, mutateJson, mutateText } from "./mutate.ts";

const STATS = [statLine({}), statLine({ comm: "a) R 1 (b\nc" }), statLine({ pid: 1, start: 0 })];

fuzz("/proc/<pid>/stat", (random) => {
  const stat = parseStat(mutateText(random, STATS));
  if (!stat) return;
  for (const value of [stat.ppid, stat.cpuTicks, stat.startTicks]) within(value, 0, 2e20, "a number of stat");
});

const PROC_STAT = ["cpu  1 2 3 4\nintr 5 6\nctxt 7\nbtime 1780000000\nprocesses 9\n", "btime 1\n"];
fuzz("/proc/stat", (random) => within(parseBtime(mutateText(random, PROC_STAT)), 0, 1e15, "btime"));

fuzz("/proc/self/auxv", (random) => {
  const auxv = Buffer.alloc(160);
  [33, 0, 16, 0, 6, 4096, 17, 100, 3, 64].forEach((word, index) => void auxv.writeBigUInt64LE(BigInt(word), index * 8));
  within(parseClockTicks(mutateBytes(random, auxv), random.pick([4, 8]), random.chance(0.5)), 1, 100_000, "CLK_TCK");
});

const MEMINFO = [
  "MemTotal:       16316412 kB\nMemFree:          123456 kB\nMemAvailable:   9876543 kB\nBuffers: 1 kB\n",
];
fuzz("/proc/meminfo", (random) => {
  const memory = refusable(() => parseMeminfo(mutateText(random, MEMINFO)));
  if (!memory) return;
  within(memory.totalBytes, 1, 2e18, "total");
  within(memory.availableBytes, 0, memory.totalBytes, "available");
});

const CGROUPS = [
  `0::/system.slice/docker-${"ab".repeat(32)}.scope\n`,
  `12:memory:/docker/${"0f".repeat(32)}\n`,
  "0::/../../system.slice/ssh.service\n",
];
fuzz("/proc/<pid>/cgroup", (random) => {
  const owner = parseOwner(mutateText(random, CGROUPS));
  if (owner && "unit" in owner) tame(owner.unit, 120, "unit");
  if (owner && "containerId" in owner) assert.match(owner.containerId, /^[0-9a-f]{64}$/);
});

const LIST = ["Up 2 hours (healthy)", "Up About an hour", "Exited (137) 2 days ago"].map((Status, index) => ({
  Id: String(index).repeat(64),
  Names: [`/web-${index}`, "/other/alias"],
  Image: "registry.example/app:1",
  State: STATES[index],
  Status,
  Labels: { "watchdog.watch": "true" },
  Health: { Status: "healthy" },
}));
fuzz("GET /containers/json", (random) => {
  const listed = refusable(() => parseList(mutateJson(random, LIST)));
  for (const { id, name, image, state, health, uptimeS } of listed ?? []) {
    assert.ok(isAllowedPath(`/v1.44/containers/${id}/json`), `id ${id} would not make an allowed path`);
    tame(name, 128, "name");
    tame(image, 120, "image");
    assert.ok(STATES.includes(state) && ["none", "starting", "healthy", "unhealthy"].includes(health));
    within(uptimeS, -1800, Infinity, "uptime");
  }
});

const INSPECT = {
  Id: "0".repeat(64),
  RestartCount: 2,
  HostConfig: { RestartPolicy: { Name: "always", MaximumRetryCount: 0 } },
  Config: { Env: ["PASSWORD=hunter2"] },
  State: {
    Status: "exited",
    OOMKilled: true,
    ExitCode: 137,
    Error: "oci error",
    StartedAt: "2026-01-01T00:00:00.123456789Z",
    Health: { Status: "unhealthy", FailingStreak: 3, Log: [{ Output: "token=hunter2 refused" }] },
  },
};
fuzz("GET /containers/{id}/json", (random) => {
  const inspected = refusable(() => parseInspect(mutateJson(random, INSPECT)));
  if (!inspected) return;
  const { state, error, healthOutput, exitCode, restartCount, startedAtMs } = inspected;
  assert.ok(STATES.includes(state));
  assert.ok(Number.isSafeInteger(exitCode) && Number.isSafeInteger(restartCount));
  within(startedAtMs, 1, 8.64e15, "startedAt");
  tame(error, 200, "error");
  tame(healthOutput, 200, "health output");
  assert.ok(
    ["good", "bad", "unknown"].includes(
      conditionOf({ ...inspected, id: "0".repeat(64), image: "" }, random.chance(0.5), random.whole(0, 5)),
    ),
  );
});

const STATUSES = [
  "Up Less than a second",
  "Up 5 seconds",
  "Up About a minute (health: starting)",
  "Up 3 weeks (unhealthy)",
  "Exited (0) 3 days ago",
  "Up 2 years (Paused)",
];
fuzz("the engine's words for uptime", (random) => {
  const status = mutateText(random, STATUSES);
  within(parseUptime(status), 0, Infinity, "uptime");
  assert.ok(["none", "starting", "healthy", "unhealthy"].includes(healthInStatus(status)));
});

fuzz("GET /version", (random) => {
  const { newest, oldest } = {
    newest: mutateText(random, ["1.52", "1.41"]),
    oldest: mutateJson(random, { v: "1.24" }),
  };
  const version = refusable(() =>
    negotiate(
      random.chance(0.5) ? newest : "1.52",
      random.chance(0.5) ? newest : (oldest as { v?: unknown } | null)?.v,
    ),
  );
  if (version !== undefined) assert.match(version, /^1\.\d{1,3}$/);
});
