// npm run bench: what the watchdog costs the host it watches. Linux; takes about half a minute.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseStat } from "../../watchdog/collectors/proc/parse.ts";
import { procCollector } from "../../watchdog/collectors/proc.ts";
import { threadPool } from "../../watchdog/thread-pool.ts";

const PROCESSES = 5_000;
const MATCHING = 20;
const COLLECTORS = 7;
/** Each collector's; the rotation of known processes goes once around in 20. */
const SCANS = 22;
const CONTAINERS = 20;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 20_000;
const TICK_S = 1;
const DEFAULT_INTERVAL_S = 30;
/** USER_HZ, what proc(5) counts CPU time in; 100 on every Linux that Node runs on. */
const CLOCK_TICKS = 100;

const folder = mkdtempSync(join(tmpdir(), "watchdog-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A procfs of its own: `stat` with a btime, and of each process cmdline and stat. */
function makeProcTree(root: string): void {
  mkdirSync(root);
  writeFileSync(join(root, "stat"), `cpu  1 2 3 4\nbtime ${Math.floor(Date.now() / 1000) - 100_000}\n`);
  for (let index = 0; index < PROCESSES; index += 1) {
    const pid = 300 + index;
    const isMatch = index % (PROCESSES / MATCHING) === 0;
    mkdirSync(join(root, String(pid)));
    const argv = isMatch
      ? ["/usr/bin/python3", "-m", "pytest", "tests/"]
      : ["/usr/lib/service/worker", `--number=${index}`, "--config", `/etc/service/worker-${index}.conf`];
    writeFileSync(join(root, String(pid), "cmdline"), argv.join("\0") + "\0");
    writeFileSync(
      join(root, String(pid), "stat"),
      `${pid} (worker) S 1 ${pid} ${pid} 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 ${pid * 10} 1000000 500 18446744073709551615 0 0 0\n`,
    );
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Wall time and CPU time of one scan; the longest time for which the event loop did not get its turn. */
interface Scan {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly stallMs: number;
}

async function benchScan(): Promise<void> {
  const root = join(folder, "proc");
  makeProcTree(root);
  const [first, steady]: Scan[][] = [[], []];
  for (let run = 0; run < COLLECTORS; run += 1) {
    const collector = procCollector(root, ["pytest"], 60_000, threadPool(4));
    for (let scan = 0; scan < SCANS; scan += 1) {
      (scan === 0 ? first : steady)?.push(
        await measured(async () => {
          const { candidates } = await collector.collect({
            wallMs: Date.now(),
            monoMs: performance.now(),
            signal: new AbortController().signal,
          });
          if (candidates.length !== MATCHING) throw new Error(`${candidates.length} candidates instead of ${MATCHING}`);
        }),
      );
    }
  }
  console.log(`scans of ${PROCESSES} processes, ${MATCHING} of them matching; medians over ${COLLECTORS} collectors`);
  for (const [name, scans = []] of [
    ["the first, which reads all", first],
    ["every later one", steady],
  ] as const) {
    const of = (field: keyof Scan): string => median(scans.map((scan) => scan[field])).toFixed(1);
    console.log(
      `  ${name}: ${of("cpuMs")} ms of CPU, ${of("wallMs")} ms in all; the event loop stood still for ${of("stallMs")} ms at most`,
    );
  }
}

async function measured(scan: () => Promise<void>): Promise<Scan> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
  await scan();
  const [wallMs, { user, system }] = [performance.now() - startedAt, process.cpuUsage(cpuBefore)];
  loop.disable();
  return { wallMs, cpuMs: (user + system) / 1000, stallMs: loop.max / 1e6 };
}

/** An engine and an orchestrator that are well, on one unix socket and one port. */
async function startWorld(socketPath: string): Promise<{ port: number; close: () => void }> {
  const id = (index: number): string => index.toString(16).padStart(64, "0");
  const list = Array.from({ length: CONTAINERS }, (_, index) => ({
    Id: id(index),
    Names: [`/service-${index}`],
    Image: "service:1",
    State: "running",
    Status: "Up 3 days (healthy)",
    Labels: {},
  }));
  const inspected = {
    RestartCount: 0,
    HostConfig: { RestartPolicy: { Name: "always" } },
    State: { Status: "running", ExitCode: 0, OOMKilled: false, Error: "", Health: { Status: "healthy", Log: [] } },
  };
  const answerTo = (path: string): unknown => {
    if (path === "/metrics")
      return {
        schema_version: 1,
        generated_at: Date.now() / 1000,
        queue: { counts: { queued: 0, running: 1, done: 40, failed: 3 } },
        agents: [{ run_id: "r-1", pid: 1, cpu_ticks: Date.now() }],
      };
    if (path === "/version") return { ApiVersion: "1.52", MinAPIVersion: "1.44" };
    if (path.endsWith("/info")) return { Name: "bench" };
    return path.includes("/containers/json") ? list : inspected;
  };
  const servers = [socketPath, { port: 0, host: "127.0.0.1" }].map((address) =>
    createServer((request, response) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(answerTo(request.url ?? ""))),
    ).listen(address),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve))));
  return {
    port: (servers.at(-1)?.address() as AddressInfo | undefined)?.port ?? 0,
    close: () =>
      servers.forEach((server) => {
        server.close();
        server.closeAllConnections();
      }),
  };
}

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const stat = parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (!stat) throw new Error(`/proc/${pid}/stat cannot be understood`);
  return (stat.cpuTicks * 1000) / CLOCK_TICKS;
}

function statusKb(pid: number, field: string): number {
  return Number(
    new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? NaN,
  );
}

async function benchDaemon(): Promise<void> {
  const socketPath = join(folder, "docker.sock");
  const world = await startWorld(socketPath);
  const daemon = spawn(process.execPath, [fileURLToPath(new URL("../../dist/watchdog.mjs", import.meta.url))], {
    stdio: "ignore",
    env: {
      WATCHDOG_INTERVAL_S: String(TICK_S),
      WATCHDOG_STATUS_ADDR: "",
      WATCHDOG_PROC_ENABLED: "true",
      WATCHDOG_PROC_PATTERNS: "matches-no-process",
      WATCHDOG_DOCKER_SOCK: socketPath,
      WATCHDOG_METRICS_URL: `http://127.0.0.1:${world.port}/metrics`,
      WATCHDOG_DEPS: `self=tcp://127.0.0.1:${world.port}`,
    },
  });
  process.on("exit", () => daemon.kill("SIGKILL"));
  const pid = daemon.pid ?? NaN;
  await sleep(WARM_UP_MS);
  const [cpuBefore, startedAt] = [cpuMs(pid), performance.now()];
  await sleep(MEASURED_MS);
  const perTickMs = (cpuMs(pid) - cpuBefore) / ((performance.now() - startedAt) / 1000 / TICK_S);
  const mb = (field: string): string => (statusKb(pid, field) / 1024).toFixed(0);
  const corePct = (perTickMs / 1000 / DEFAULT_INTERVAL_S) * 100;
  console.log(
    `daemon, every source on, ${CONTAINERS} containers: ${mb("VmRSS")} MB resident, ${mb("RssAnon")} MB of it not shared with the node binary; peak ${mb("VmHWM")} MB`,
  );
  console.log(
    `daemon, CPU: ${perTickMs.toFixed(1)} ms a tick, which at the default ${DEFAULT_INTERVAL_S} s is ${corePct.toFixed(2)} % of one core`,
  );
  daemon.kill("SIGTERM");
  world.close();
}

console.log(`Node ${process.version}, ${cpus()[0]?.model.trim() ?? "unknown CPU"}`);
await benchScan();
await benchDaemon();
