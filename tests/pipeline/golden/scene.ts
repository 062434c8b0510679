import type { Moment } from "../../../watchdog/clock.ts";
import type { ContainerSample, FoundContainer } from "../../../watchdog/collectors/containers.ts";
import type { DependencySample } from "../../../watchdog/collectors/deps.ts";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import type { Agent } from "../../../watchdog/collectors/metrics.ts";
import { failed, ok } from "../../../watchdog/collectors/reading.ts";
import type { Fault } from "../../../watchdog/net/fault.ts";

const GB = 2 ** 30;

/** The world at one minute, in the few numbers that the story changes. */
export interface Scene {
  telegram: "well" | "away";
  metrics: Fault | undefined;
  /** undefined: generated_at is the time of the answer. */
  generatedAtS: number | undefined;
  queue: { queued: number; running: number; done: number; failed: number };
  agents: Agent[];
  memoryPct: number | Fault;
  dataPct: number;
  dataInodePct: number;
  /** The disk `data` is known to hold the engine's data. */
  dataIsDockers: boolean;
  backup: "well" | "unreadable";
  docker: Fault | undefined;
  containers: Map<string, FoundContainer | "missing">;
  deps: Map<string, DependencySample["outcome"]>;
  proc: Fault | undefined;
  /** By pid: when it started. */
  processes: Map<number, { readonly startedMs: number; readonly command: string }>;
}

const RUNNING: FoundContainer = {
  id: "a".repeat(64),
  image: "registry.example/app:1",
  state: "running",
  health: "none",
  exitCode: 0,
  oomKilled: false,
  error: "",
  healthOutput: "",
  restartCount: 0,
  restartPolicy: "unless-stopped",
};

export function container(changes: Partial<FoundContainer> = {}): FoundContainer {
  return { ...RUNNING, ...changes };
}

export function peacefulScene(): Scene {
  return {
    telegram: "well",
    metrics: undefined,
    generatedAtS: undefined,
    queue: { queued: 2, running: 1, done: 40, failed: 3 },
    agents: [
      { runId: "r-17", pid: 4211, stage: "review", jobId: "9", cpuTicks: 81_234 },
      { runId: "r-18", pid: 4300, stage: "tests", jobId: "10", cpuTicks: 100 },
    ],
    memoryPct: 41,
    dataPct: 62,
    dataInodePct: 12,
    dataIsDockers: false,
    backup: "well",
    docker: undefined,
    containers: new Map(["api", "web", "mail", "worker-1", "worker-2", "worker-3"].map((name) => [name, container()])),
    deps: new Map([
      ["db", { up: true }],
      ["git", { up: true }],
      ["llm", { up: true }],
    ]),
    proc: undefined,
    processes: new Map(),
  };
}

const DEP_URLS: Readonly<Record<string, string>> = {
  db: "tcp://db.internal:5432",
  git: "https://git.example/health",
  llm: "https://llm.example/v1",
};

/** What the collectors bring of this scene. */
export function readingsOf(scene: Scene, now: Moment): Readings {
  const nowS = now.wallMs / 1000;
  return {
    metrics: scene.metrics
      ? failed(scene.metrics)
      : ok({
          generatedAtS: scene.generatedAtS ?? nowS,
          counts: scene.queue,
          agents: scene.agents,
          agentsComplete: true,
        }),
    mem:
      typeof scene.memoryPct === "number"
        ? ok({ totalBytes: 64 * GB, availableBytes: 64 * GB * (1 - scene.memoryPct / 100) })
        : failed(scene.memoryPct),
    disk: ok({
      disks: [
        {
          label: "data",
          path: "/host/data",
          totalBytes: 500 * GB,
          usedBytes: 500 * GB * (scene.dataPct / 100),
          availableBytes: 500 * GB * (1 - scene.dataPct / 100),
          inodes: { total: 1_000_000, free: Math.round(1_000_000 * (1 - scene.dataInodePct / 100)) },
          ...(scene.dataIsDockers ? { holdsEngineData: true } : {}),
        },
        ...(scene.backup === "well"
          ? [
              {
                label: "backup",
                path: "/host/backup",
                totalBytes: 100 * GB,
                usedBytes: 10 * GB,
                availableBytes: 90 * GB,
              },
            ]
          : []),
      ],
      failures:
        scene.backup === "well"
          ? []
          : [{ path: "/host/backup", label: "backup", kind: "timeout" as const, reason: "does not answer within 5 s" }],
    }),
    docker: scene.docker
      ? failed(scene.docker)
      : ok({
          containers: [...scene.containers].map(
            ([name, found]): ContainerSample => ({ name, named: name === "mail", found }),
          ),
        }),
    deps: ok(
      [...scene.deps].map(
        ([name, outcome]): DependencySample => ({ name, shownUrl: DEP_URLS[name] ?? "", latencyMs: 12, outcome }),
      ),
    ),
    proc: scene.proc
      ? failed(scene.proc)
      : ok({
          candidates: [...scene.processes].map(([pid, { startedMs, command }]) => ({
            pid,
            startTicks: startedMs / 10,
            ppid: 1,
            ageS: (now.wallMs - startedMs) / 1000,
            cpuS: (0.9 * (now.wallMs - startedMs)) / 1000,
            command,
          })),
          unreadable: [],
        }),
  };
}
