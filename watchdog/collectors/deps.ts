import { setMaxListeners } from "node:events";
import type { DepSettings } from "../config/areas/deps.ts";
import type { Dependency } from "../config/value.ts";
import { type FaultKind, faultOf } from "../net/fault.ts";
import { pingHttp, pingTcp } from "../net/ping.ts";
import { displayUrl } from "../safe.ts";
import { type Collector, listed, type Source } from "./reading.ts";

/** One ping's outcome. A failed ping is a finding about the dependency, not a failure to read. */
export interface DependencySample {
  readonly name: string;
  /** Without credentials and query. */
  readonly shownUrl: string;
  readonly latencyMs: number;
  /** When its certificate ends, in wall time; only where the ping got that far. */
  readonly certificateEndsMs?: number;
  readonly outcome:
    | { readonly up: true }
    | { readonly up: false; readonly kind: FaultKind | "status"; readonly reason: string };
}

export const DEPENDENCIES = {
  open: ({ deps }, { deadlineMs }) => (deps.length > 0 ? depsCollector(deps, deadlineMs) : undefined),
  whyOff: () => "WATCHDOG_DEPS is not set",
  shown: (samples) => listed(samples.map(({ name, outcome }) => `${name} ${outcome.up ? "up" : "down"}`)),
} satisfies Source<DependencySample[], DepSettings>;

/** Pings every dependency side by side, each under the same deadline. */
export function depsCollector(deps: readonly Dependency[], deadlineMs: number): Collector<DependencySample[]> {
  return {
    // A little more than the pings' own deadline, so that theirs speaks first, each for its own dependency.
    deadlineMs: deadlineMs + 1000,
    collect: ({ signal }) => {
      // Each ping listens to it; from the eleventh on Node would warn of a leak, beside our log and in no format of it.
      setMaxListeners(0, signal);
      return Promise.all(deps.map((dep) => ping(dep, deadlineMs, signal)));
    },
  };
}

async function ping(dep: Dependency, deadlineMs: number, signal: AbortSignal): Promise<DependencySample> {
  const startedAt = performance.now();
  const sample = (outcome: DependencySample["outcome"], certificateEndsMs?: number): DependencySample => ({
    name: dep.name,
    shownUrl: displayUrl(dep.url),
    latencyMs: Math.round(performance.now() - startedAt),
    outcome,
    ...(certificateEndsMs === undefined ? {} : { certificateEndsMs }),
  });
  try {
    if (dep.url.protocol === "tcp:") {
      await pingTcp(dep.url.hostname.replace(/^\[|\]$/g, ""), Number(dep.url.port), deadlineMs, signal);
      return sample({ up: true });
    }
    const { status, certificateEndsMs } = await pingHttp(dep.url, deadlineMs, signal);
    return sample(
      status >= 200 && status <= 399 ? { up: true } : { up: false, kind: "status", reason: String(status) },
      certificateEndsMs,
    );
  } catch (error) {
    return sample({ up: false, ...faultOf(error) });
  }
}
