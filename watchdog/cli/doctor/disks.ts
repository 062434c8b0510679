import { type Probe, type ProbeOutcome, sizeOf } from "../../collectors/disk.ts";
import type { DiskSettings } from "../../config/areas/disk.ts";
import type { DiskPath } from "../../config/value.ts";
import { round1 } from "../../lang/format.ts";
import type { Fault } from "../../net/fault.ts";
import { HANGS_CODE } from "../../thread-pool.ts";
import { diskUse, usableBytes } from "../../usage.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";
import { mountOf, parseMounts, type SelfFacts } from "./self.ts";

/** Each configured path: how full, what df shows, which device, and which disk it shares. No outcomes: the daemon measures no disk. Pure. */
export function judgeDisks(
  outcomes: ReadonlyMap<string, ProbeOutcome> | undefined,
  { mountinfo = "" }: SelfFacts,
  ctx: Ctx<DiskSettings>,
): Check[] {
  const { config, t } = ctx;
  if (!outcomes) return [off("disks", t.titles.disks, t.disk.off)];
  const mounts = parseMounts(mountinfo);
  const labels = new Map<string, string>();
  return config.diskPaths.map((entry): Check => {
    const [id, title, outcome] = [`disk:${entry.label}`, t.titles.disk(entry.label), outcomes.get(entry.path)];
    if (!outcome || !("probe" in outcome)) return broken(id, title, entry, outcome, ctx);
    const { probe } = outcome;
    const use = useOf(probe);
    if (!use) return failed(id, title, t.disk.noSize, t.disk.correct(entry.path, ctx.place));
    const mount = mountOf(mounts, entry.path);
    const first = labels.get(probe.device);
    labels.set(probe.device, first ?? entry.label);
    const parts = [
      t.disk.measured(use.usedPct, use.dfPct),
      ...(config.diskEnabled || config.diskCritEnabled ? [] : [t.disk.forecastAlone]),
      t.disk.where(mount ? `${mount.source} ${mount.type}` : entry.path, deviceNumbers(probe.device)),
      ...(first === undefined ? [] : [t.disk.sameAs(first)]),
    ];
    return ok(id, title, `${parts.join("; ")}\n${t.disk.compare(dfCommand(entry.path, ctx))}`);
  });
}

function broken(id: string, title: string, { path }: DiskPath, fault: Fault | undefined, { t, place }: Ctx): Check {
  const { code, reason = "" } = fault ?? {};
  // The system's errors name the path themselves.
  const detail = code === undefined || code === HANGS_CODE ? `${path}: ${reason}` : reason;
  if (code === HANGS_CODE) return failed(id, title, detail, t.disk.hangs(path));
  return failed(
    id,
    title,
    detail,
    place.inContainer && code === "ENOENT" ? t.disk.mount(path, place) : t.disk.correct(path, place),
  );
}

/** Ours to one decimal, and df's, rounded up to a whole percent (coreutils df.c). */
export function useOf(probe: Probe): { usedPct: number; dfPct: number } | undefined {
  const size = sizeOf(probe);
  if (!size || !(usableBytes(size) > 0)) return undefined;
  const usedPct = diskUse(size);
  return { usedPct: round1(usedPct), dfPct: Math.ceil(usedPct) };
}

/** `major:minor` of a st_dev, as gnu_dev_major and gnu_dev_minor of glibc take it apart. */
export function deviceNumbers(device: string): string {
  const dev = BigInt(/^\d+$/.test(device) ? device : "0");
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

function dfCommand(path: string, { place }: Ctx): string {
  const quoted = /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return place.inContainer ? `docker compose exec watchdog df ${quoted}` : `df ${quoted}`;
}
