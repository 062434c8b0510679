/** How full something is, in percent: each formula once, for whoever measures, judges or shows it. Pure. */

/** (MemTotal - MemAvailable) / MemTotal of proc_meminfo(5). */
export function memoryUse({ totalBytes, availableBytes }: { totalBytes: number; availableBytes: number }): number {
  return (100 * (totalBytes - availableBytes)) / totalBytes;
}

/** What is used of a filesystem, and what is available to non-root. */
interface DiskSize {
  readonly usedBytes: number;
  readonly availableBytes: number;
}

/** The size that df counts by (coreutils df.c), and that is told everywhere: what root alone may use is no part of it. */
export function usableBytes({ usedBytes, availableBytes }: DiskSize): number {
  return usedBytes + availableBytes;
}

/** As df counts: used / (used + available to non-root). */
export function diskUse(disk: DiskSize): number {
  const usable = usableBytes(disk);
  return usable > 0 ? (100 * disk.usedBytes) / usable : 100;
}

export function inodeUse({ total, free }: { total: number; free: number }): number {
  return (100 * (total - free)) / total;
}
