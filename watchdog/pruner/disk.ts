import { type Clock, momentOf } from "../clock.ts";
import { diskCollector } from "../collectors/disk.ts";
import { dockerDiskPath } from "../docker-disk.ts";
import { round1 } from "../lang/format.ts";
import { reasonOf } from "../safe.ts";
import { threadPool, threadsOf } from "../thread-pool.ts";
import { diskUse } from "../usage.ts";

export type DiskUse = { readonly usedPct: number } | { readonly reason: string };

/** How full the disk that holds the engine's data is, as df counts. Never rejects; a measurement that hangs is not started twice. */
export type MeasureDisk = (signal: AbortSignal) => Promise<DiskUse>;

export function diskMeter(
  inContainer: boolean,
  dataRoot: () => string | undefined,
  clock: Clock,
  deadlineMs: number,
): MeasureDisk {
  const pool = threadPool(threadsOf(undefined));
  const meters = new Map<string, ReturnType<typeof diskCollector>>();
  return async (signal) => {
    const path = dockerDiskPath(inContainer, dataRoot());
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
