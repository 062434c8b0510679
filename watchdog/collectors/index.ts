import { MAX_TIMER_MS, type Moment } from "../clock.ts";
import type { System } from "../config/table.ts";
import type { Config } from "../config/variables.ts";
import { codedError, DEADLINE_CODE } from "../net/exchange.ts";
import { faultOf } from "../net/fault.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { CONTAINERS } from "./containers.ts";
import { DEPENDENCIES } from "./deps.ts";
import { DISK } from "./disk.ts";
import { MEMORY } from "./memory.ts";
import { METRICS } from "./metrics.ts";
import { PROCESSES } from "./proc.ts";
import { type Collector, failed, OFF, ok, type Reading, type Source, type Unread } from "./reading.ts";

/** The one list of sources. */
const LIST = {
  metrics: METRICS,
  mem: MEMORY,
  disk: DISK,
  docker: CONTAINERS,
  deps: DEPENDENCIES,
  proc: PROCESSES,
};
type List = typeof LIST;

export type SourceName = keyof List;
/** What each source brings. */
export type Values = { readonly [N in SourceName]: List[N] extends Source<infer T> ? T : never };
export type Readings = { readonly [N in SourceName]: Reading<Values[N]> };
export type Collectors = { readonly [N in SourceName]: Collector<Values[N]> | undefined };
/** The sources whose failure is blindness. */
export type BlindSource = { [N in SourceName]: List[N] extends { unread: unknown } ? N : never }[SourceName];

export const SOURCES: { readonly [N in SourceName]: Source<Values[N], Config> } = LIST;
export const SOURCE_NAMES = Object.keys(LIST) as readonly SourceName[];

export function canBeBlind(name: SourceName): name is BlindSource {
  return SOURCES[name].unread !== undefined;
}

/** Reads every source side by side. Never rejects, and takes no longer than the largest deadline. */
export type CollectAll = (now: Moment, stop: AbortSignal) => Promise<Readings>;

/** Every collector, each with its deadline; undefined = off. */
export function createCollectors(config: Config, pool: ThreadPool, system: System): Collectors {
  const needs = { deadlineMs: config.httpTimeoutS * 1000, pool, ...system };
  // The kill switch: nothing at all is read.
  return bySource((name) => (config.enabled ? SOURCES[name].open(config, needs) : undefined)) as Collectors;
}

export function collectAllOf(collectors: Collectors): CollectAll {
  const guarded = bySource((name) => guard(collectors[name] as Collector<unknown> | undefined));
  return async (now, stop) => {
    const readings = await Promise.all(SOURCE_NAMES.map((name) => guarded[name](now, stop)));
    return Object.fromEntries(SOURCE_NAMES.map((name, index) => [name, readings[index]])) as unknown as Readings;
  };
}

function bySource<T>(of: (name: SourceName) => T): Record<SourceName, T> {
  return Object.fromEntries(SOURCE_NAMES.map((name) => [name, of(name)])) as Record<SourceName, T>;
}

const ALL_READ: Unread = { parts: [], isPartly: true };

/** What of a source could not be read in this tick. */
export function unreadOf(name: SourceName, readings: Readings): Unread {
  const reading: Reading<unknown> = readings[name];
  const { unread } = SOURCES[name] as Source<unknown>;
  if (reading.state === "failed") return { parts: [{ part: "", reason: reading.reason }], isPartly: false };
  return reading.state === "ok" && unread ? unread(reading.value) : ALL_READ;
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
