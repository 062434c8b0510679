import { dockerDiskPath } from "../../docker-disk.ts";
import { type Facts, list, one, type Parsed } from "../table.ts";
import { type DiskPath, diskPath, flag, labelOf, percent, percentOrOff, periodOrOff } from "../value.ts";

/** The default: every /host entry; else the orchestrator's usual mounts; else /. In a container also the engine's data disk. */
function defaultDiskPaths(facts: Facts): DiskPath[] {
  const mounted = facts.hostEntries.map((entry) => `/host/${entry}`);
  const usual = [...(facts.reposExists ? ["/repos"] : []), ...(facts.appDataExists ? ["/app/data"] : [])];
  const chosen = mounted.length > 0 ? mounted : usual.length > 0 ? usual : ["/"];
  const paths = chosen.map((path) => ({ label: labelOf(path), path }));
  return facts.inContainer ? [...paths, { label: "docker", path: dockerDiskPath(true) }] : paths;
}

/** The host's disks. */
export const DISK_VARIABLES = {
  diskEnabled: one("WATCHDOG_DISK_ENABLED", flag, true, "watch the host's disks"),
  diskPct: one("WATCHDOG_DISK_PCT", percent, 85, "disk use as df counts it, in percent, from which it alerts"),
  diskPaths: list(
    "WATCHDOG_DISK_PATHS",
    diskPath,
    "",
    defaultDiskPaths,
    "path or label=path, comma-separated; unset: every entry of /host, else /repos,/app/data, else / (in a container also docker=/etc/hostname)",
  ),
  diskInodePct: one(
    "WATCHDOG_DISK_INODE_PCT",
    percentOrOff,
    90,
    "inode use, in percent, from which it alerts; 0 = off",
  ),
  diskCritEnabled: one(
    "WATCHDOG_DISK_CRIT_ENABLED",
    flag,
    false,
    "a second, higher disk alert; works with WATCHDOG_DISK_ENABLED=false too",
  ),
  diskCritPct: one("WATCHDOG_DISK_CRIT_PCT", percent, 97, "disk use, in percent, for that alert"),
  diskForecastH: one(
    "WATCHDOG_DISK_FORECAST_H",
    periodOrOff,
    0,
    "alerts when a disk that fills steadily would be full within this many hours, such as 24; 0 = off",
  ),
};

export type DiskSettings = Parsed<typeof DISK_VARIABLES>;
