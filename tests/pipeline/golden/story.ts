import type { FoundContainer } from "../../../watchdog/collectors/containers.ts";
import type { Fault } from "../../../watchdog/net/fault.ts";
import { container, type Scene } from "./scene.ts";

/** One step of the outage: what changes in the world at the beginning of this minute. `startMs` is the wall time of minute 0. */
export interface Step {
  readonly minute: number;
  readonly what: string;
  readonly change: (scene: Scene, startMs: number) => void;
}

export const MINUTES = 72;

const MINUTE_MS = 60_000;
const refused: Fault = { kind: "refused", reason: "connect ECONNREFUSED 10.0.0.5:8080" };
const timeout: Fault = { kind: "timeout", reason: "no answer within 5 s" };

const containerIs =
  (name: string, found: Partial<FoundContainer> | "missing") =>
  (scene: Scene): void =>
    void scene.containers.set(name, found === "missing" ? found : container(found));

const restarted = (count: number): Partial<FoundContainer> => ({ restartCount: count, exitCode: 1 });

/** Every signal at least once, alone and in crowds, with Telegram well and away. */
export const STORY: readonly Step[] = [
  { minute: 1, what: "one job fails", change: ({ queue }) => void (queue.failed = 4) },
  {
    minute: 2,
    what: "the database refuses; the queue begins to stand",
    change: (scene) => {
      scene.deps.set("db", { up: false, kind: "refused", reason: "connect ECONNREFUSED 10.0.0.7:5432" });
      scene.queue = { ...scene.queue, queued: 7, running: 0 };
    },
  },
  {
    minute: 3,
    what: "web is killed for want of memory",
    change: containerIs("web", { state: "exited", exitCode: 137, oomKilled: true }),
  },
  { minute: 4, what: "the data disk fills", change: (scene) => void (scene.dataPct = 91.26) },
  {
    minute: 5,
    what: "inodes and memory too; mail is removed, and for so long that it is told again",
    change: (scene) => {
      [scene.dataInodePct, scene.memoryPct] = [95, 93.4];
      scene.containers.set("mail", "missing");
    },
  },
  {
    minute: 6,
    what: "the disk is almost full; the database is back",
    change: (scene) => {
      scene.dataPct = 98.4;
      scene.deps.set("db", { up: true });
    },
  },
  {
    minute: 7,
    what: "/metrics hiccups for two ticks, which says nothing",
    change: (scene) => void (scene.metrics = timeout),
  },
  {
    minute: 9,
    what: "/metrics is back; r-18 works on",
    change: (scene) => {
      scene.metrics = undefined;
      scene.agents = scene.agents.map((agent) => (agent.runId === "r-18" ? { ...agent, cpuTicks: 900 } : agent));
    },
  },
  {
    minute: 10,
    what: "the envelope's clock stands still",
    change: (scene, startMs) => void (scene.generatedAtS = startMs / 1000 + 600),
  },
  { minute: 11, what: "web runs again", change: containerIs("web", {}) },
  { minute: 12, what: "the disk falls into the hysteresis band", change: (scene) => void (scene.dataPct = 84) },
  {
    minute: 13,
    what: "and out of it; inodes and memory are well",
    change: (scene) => void ([scene.dataPct, scene.dataInodePct, scene.memoryPct] = [60, 12, 50]),
  },
  {
    minute: 17,
    what: "the envelope's clock goes on, and shows r-17 hung; an orphan is an hour old to the second",
    change: (scene, startMs) => {
      scene.generatedAtS = undefined;
      scene.processes.set(4242, {
        startedMs: startMs + (17 - 60) * MINUTE_MS,
        command: "python3 -m pytest -x tests/slow --token=***",
      });
    },
  },
  {
    minute: 19,
    what: "web is unhealthy, api restarts",
    change: (scene) => {
      containerIs("web", { health: "unhealthy", healthOutput: "curl: (7) Failed to connect to localhost port 80" })(
        scene,
      );
      containerIs("api", restarted(1))(scene);
    },
  },
  { minute: 20, what: "api restarts again", change: containerIs("api", restarted(2)) },
  { minute: 21, what: "and again: a loop", change: containerIs("api", restarted(3)) },
  {
    minute: 22,
    what: "the engine cannot be reached; the orphan ends, its pid is used again",
    change: (scene, startMs) => {
      scene.docker = { kind: "refused", reason: "connect ECONNREFUSED /var/run/docker.sock" };
      scene.processes.set(4242, { startedMs: startMs - 90 * MINUTE_MS, command: "pytest --forked" });
    },
  },
  {
    minute: 23,
    what: "r-17 gets a new pid",
    change: (scene) => {
      scene.agents = scene.agents.map((agent) =>
        agent.runId === "r-17" ? { ...agent, pid: 5000, cpuTicks: 1 } : agent,
      );
    },
  },
  {
    minute: 26,
    what: "the engine is back: web was removed meanwhile",
    change: (scene) => {
      scene.docker = undefined;
      scene.containers.delete("web");
      scene.processes.clear();
    },
  },
  {
    minute: 27,
    what: "memory, backup disk and procfs cannot be read",
    change: (scene) => {
      scene.memoryPct = { kind: "other", reason: "ENOENT: no such file or directory, open '/proc/meminfo'" };
      scene.backup = "unreadable";
      scene.proc = { kind: "other", reason: "/proc/stat has no btime" };
    },
  },
  {
    minute: 31,
    what: "they can again; r-18 hung meanwhile and goes on, r-17 ends",
    change: (scene) => {
      scene.memoryPct = 50;
      scene.backup = "well";
      scene.proc = undefined;
      scene.agents = scene.agents.filter(({ runId }) => runId === "r-18").map((agent) => ({ ...agent, cpuTicks: 950 }));
    },
  },
  {
    minute: 33,
    what: "three workers stop in one tick; a paused api; the certificate of git expires",
    change: (scene) => {
      for (const name of ["worker-1", "worker-2", "worker-3"])
        containerIs(name, { state: "exited", exitCode: 143 })(scene);
      containerIs("api", { state: "paused", restartCount: 3 })(scene);
      scene.deps.set("git", { up: false, kind: "tls", reason: "certificate has expired" });
    },
  },
  {
    minute: 35,
    what: "the queue moves; the orchestrator goes down",
    change: (scene) => {
      scene.queue = { ...scene.queue, queued: 5, running: 2 };
      scene.metrics = refused;
    },
  },
  {
    minute: 38,
    what: "the workers are back; git answers 503, llm is not found",
    change: (scene) => {
      for (const name of ["worker-1", "worker-2", "worker-3"]) containerIs(name, {})(scene);
      scene.deps.set("git", { up: false, kind: "status", reason: "503" });
      scene.deps.set("llm", { up: false, kind: "dns", reason: "getaddrinfo ENOTFOUND llm.example" });
    },
  },
  {
    minute: 39,
    what: "Telegram goes away; alerts about disk and database begin that nobody hears of; llm is back",
    change: (scene) => {
      scene.telegram = "away";
      scene.dataPct = 88;
      scene.deps.set("llm", { up: true });
      scene.deps.set("db", { up: false, kind: "reset", reason: "read ECONNRESET" });
    },
  },
  {
    minute: 40,
    what: "the orchestrator is back: two jobs have failed",
    change: (scene) => {
      scene.metrics = undefined;
      scene.queue = { ...scene.queue, failed: 6 };
    },
  },
  {
    minute: 41,
    what: "three more fail; mail is there",
    change: (scene) => {
      scene.queue = { ...scene.queue, failed: 9 };
      containerIs("mail", {})(scene);
    },
  },
  {
    minute: 42,
    what: "the disk is mended; git answers; r-18 ends",
    change: (scene) => {
      scene.agents = [];
      scene.dataPct = 50;
      scene.deps.set("git", { up: true });
      scene.deps.set("db", { up: true });
    },
  },
  {
    minute: 44,
    what: "api runs; web is back as another container",
    change: (scene) => {
      containerIs("api", { restartCount: 3 })(scene);
      containerIs("web", { id: "b".repeat(64) })(scene);
    },
  },
  {
    minute: 46,
    what: "the database times out and lasts",
    change: (scene) => void scene.deps.set("db", { up: false, kind: "timeout", reason: "no answer within 5 s" }),
  },
  { minute: 48, what: "Telegram is back", change: (scene) => void (scene.telegram = "well") },
  { minute: 53, what: "the database is back", change: (scene) => void scene.deps.set("db", { up: true }) },
];
