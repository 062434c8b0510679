import type { Readings, SourceName } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import type { Watch } from "../daemon/watch.ts";
import { BYTES_PER_GB, round1 } from "../lang/format.ts";
import type { Log } from "../log.ts";
import { sourceView } from "../status/view.ts";
import { diskUse, memoryUse } from "../usage.ts";

/** One line a source after the first tick: on with its reading, failed or off with the reason; then one whenever that changes. Call it after each tick. */
export function sourceLog(watch: Watch, config: Config, log: Log): () => void {
  const shown = new Map<SourceName, string>();
  return () => {
    const last = watch.lastTick();
    if (!last) return;
    for (const name of Object.keys(last.readings) as SourceName[]) {
      const { state, error } = sourceView(name, last.readings, null);
      if (shown.get(name) === state) continue;
      shown.set(name, state);
      log[state === "failed" ? "warn" : "info"](`source ${name} ${state}`, {
        reason: state === "off" ? whyOff(name, config) : error,
        reading: readingOf(name, last.readings),
      });
    }
    log.debug("tick", { ms: Math.round(last.tookMs), signals: last.signals.length });
  };
}

/** The variable that switches a source off, as it stands. Pure. */
export function whyOff(name: SourceName, { dockerTarget }: Config): string {
  switch (name) {
    case "metrics":
      return "WATCHDOG_METRICS_URL is not set";
    case "mem":
      return "WATCHDOG_MEM_ENABLED=false";
    case "disk":
      return "WATCHDOG_DISK_ENABLED=false";
    case "docker":
      return dockerTarget && "socketPath" in dockerTarget
        ? `there is no ${dockerTarget.socketPath}`
        : "WATCHDOG_DOCKER_SOCK is empty";
    case "deps":
      return "WATCHDOG_DEPS is not set";
    case "proc":
      return "WATCHDOG_PROC_ENABLED=false";
    default:
      return name satisfies never;
  }
}

/** What a source said, in a few words; undefined: nothing. Pure. */
export function readingOf(name: SourceName, { metrics, mem, disk, docker, deps, proc }: Readings): string | undefined {
  switch (name) {
    case "metrics": {
      if (metrics.state !== "ok") return undefined;
      const { counts, agents } = metrics.value;
      const queue = (["queued", "running", "done", "failed"] as const).map(
        (count) => `${count} ${counts[count] ?? "?"}`,
      );
      return `${queue.join(", ")}, agents ${agents?.length ?? "?"}`;
    }
    case "mem":
      return mem.state === "ok"
        ? `${round1(memoryUse(mem.value))}% of ${round1(mem.value.totalBytes / BYTES_PER_GB)} GB`
        : undefined;
    case "disk":
      return disk.state === "ok"
        ? listed(disk.value.disks.map((sample) => `${sample.label} ${round1(diskUse(sample))}%`))
        : undefined;
    case "docker":
      return docker.state === "ok" ? `${docker.value.containers.length} watched` : undefined;
    case "deps":
      return deps.state === "ok"
        ? listed(deps.value.map((sample) => `${sample.name} ${sample.outcome.up ? "up" : "down"}`))
        : undefined;
    case "proc":
      return proc.state === "ok" ? `${proc.value.candidates.length} match` : undefined;
    default:
      return name satisfies never;
  }
}

const SHOWN = 10;

function listed(parts: readonly string[]): string | undefined {
  return parts.length === 0
    ? undefined
    : parts.slice(0, SHOWN).join(", ") + (parts.length > SHOWN ? `, +${parts.length - SHOWN}` : "");
}
