import { MAX_TIMER_MS, type Moment } from "../clock.ts";
import type { System } from "../config/table.ts";
import type { Config } from "../config/variables.ts";
import { codedError, DEADLINE_CODE } from "../net/exchange.ts";
import { faultOf } from "../net/fault.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { containersCollector, type DockerReading } from "./containers.ts";
import { type DependencySample, depsCollector } from "./deps.ts";
import { type DiskReading, diskCollector, engineDataOf } from "./disk.ts";
import { type MemorySample, memoryCollector } from "./memory.ts";
import { type Envelope, metricsCollector } from "./metrics.ts";
import { type ProcReading, procCollector } from "./proc.ts";
import { type Collector, failed, OFF, ok, type Reading } from "./reading.ts";

/** What each source brings. */
export interface Values {
  readonly metrics: Envelope;
  readonly mem: MemorySample;
  readonly disk: DiskReading;
  readonly docker: DockerReading;
  readonly deps: DependencySample[];
  readonly proc: ProcReading;
}
export type SourceName = keyof Values;
export type Readings = { readonly [N in SourceName]: Reading<Values[N]> };

/** Reads every source side by side. Never rejects, and takes no longer than the largest deadline. */
export type CollectAll = (now: Moment, stop: AbortSignal) => Promise<Readings>;

/** The one list of collectors, each with its deadline; undefined = off. */
export function createCollectors(
  config: Config,
  pool: ThreadPool,
  { hostname, inContainer }: System,
): { readonly [N in SourceName]: Collector<Values[N]> | undefined } {
  const deadlineMs = config.httpTimeoutS * 1000;
  // The kill switch: nothing at all is read.
  if (!config.enabled)
    return { metrics: undefined, mem: undefined, disk: undefined, docker: undefined, deps: undefined, proc: undefined };
  return {
    metrics: config.metricsUrl && metricsCollector(config.metricsUrl, deadlineMs),
    mem: config.memEnabled ? memoryCollector(config.procRoot, config.memPct, deadlineMs, pool) : undefined,
    disk:
      config.diskEnabled || config.diskCritEnabled || config.diskForecastH > 0
        ? diskCollector(
            config.diskPaths,
            deadlineMs,
            pool,
            undefined,
            engineDataOf(config.dockerTarget, deadlineMs, inContainer),
          )
        : undefined,
    docker:
      config.dockerTarget && config.containers.length > 0
        ? containersCollector(config.dockerTarget, config.containers, deadlineMs, hostname)
        : undefined,
    deps: config.deps.length > 0 ? depsCollector(config.deps, deadlineMs) : undefined,
    proc: config.procEnabled ? procCollector(config.procRoot, config.procPatterns, deadlineMs, pool) : undefined,
  };
}

export function collectAllOf(collectors: ReturnType<typeof createCollectors>): CollectAll {
  const guarded = {
    metrics: guard(collectors.metrics),
    mem: guard(collectors.mem),
    disk: guard(collectors.disk),
    docker: guard(collectors.docker),
    deps: guard(collectors.deps),
    proc: guard(collectors.proc),
  };
  return async (now, stop) => {
    const [metrics, mem, disk, docker, deps, proc] = await Promise.all([
      guarded.metrics(now, stop),
      guarded.mem(now, stop),
      guarded.disk(now, stop),
      guarded.docker(now, stop),
      guarded.deps(now, stop),
      guarded.proc(now, stop),
    ]);
    return { metrics, mem, disk, docker, deps, proc };
  };
}

/** Contains one collector: its faults and its lateness become a failed reading, and it never runs twice at once. */
function guard<T>(collector: Collector<T> | undefined): (now: Moment, stop: AbortSignal) => Promise<Reading<T>> {
  if (!collector) return () => Promise.resolve(OFF);
  let underWay = false;
  return async (now, stop) => {
    if (underWay) return failed({ kind: "timeout", reason: "the previous reading still hangs" });
    underWay = true;
    const abort = new AbortController();
    const onStop = (): void => abort.abort(codedError("ABORTED", "stopped"));
    stop.addEventListener("abort", onStop, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Reading<T>>((resolve) => {
      timer = setTimeout(
        () => {
          const error = codedError(DEADLINE_CODE, `no reading within ${collector.deadlineMs / 1000} s`);
          abort.abort(error);
          resolve(failed(faultOf(error)));
        },
        Math.min(collector.deadlineMs, MAX_TIMER_MS),
      );
    });
    const reading = run(collector, { ...now, signal: abort.signal }).finally(() => (underWay = false));
    try {
      return await Promise.race([reading, late]);
    } finally {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    }
  };
}

async function run<T>(collector: Collector<T>, context: Parameters<Collector<T>["collect"]>[0]): Promise<Reading<T>> {
  try {
    return ok(await collector.collect(context));
  } catch (error) {
    return failed(faultOf(error));
  }
}
