import { type Clock, momentOf } from "../clock.ts";
import { diskCollector } from "../collectors/disk.ts";
import { round1 } from "../lang/format.ts";
import { reasonOf } from "../safe.ts";
import { diskUse } from "../signals/host.ts";
import { threadPool, threadsOf } from "../thread-pool.ts";

export type DiskUse = { readonly usedPct: number } | { readonly reason: string };

/** How full the disk that holds the engine's data is, as df counts. Never rejects; a measurement that hangs is not started twice. */
export type MeasureDisk = (signal: AbortSignal) => Promise<DiskUse>;

/** In a container /etc/hostname is a file that the engine binds from its data directory; beside one, the engine says where its data is. */
export function diskMeter(
  inContainer: boolean,
  dataRoot: () => string | undefined,
  clock: Clock,
  deadlineMs: number,
): MeasureDisk {
  const pool = threadPool(threadsOf(undefined));
  const meters = new Map<string, ReturnType<typeof diskCollector>>();
  return async (signal) => {
    const path = inContainer ? "/etc/hostname" : (dataRoot() ?? "/var/lib/docker");
    const meter = meters.get(path) ?? diskCollector([{ label: "docker", path }], deadlineMs, pool);
    meters.set(path, meter);
    try {
      const {
        disks: [disk],
        failures: [failure],
      } = await meter.collect({ ...momentOf(clock), signal });
      return disk ? { usedPct: round1(diskUse(disk)) } : { reason: `${path}: ${failure?.reason ?? "not measured"}` };
    } catch (error) {
      return { reason: `${path}: ${reasonOf(error)}` };
    }
  };
}
