import { readFile } from "node:fs/promises";
import type { Collector } from "./reading.ts";

export interface MemorySample {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** The host's memory: /proc/meminfo is not namespaced, so it shows the host's from inside a container too. */
export function memoryCollector(procRoot: string, deadlineMs: number): Collector<MemorySample> {
  return { deadlineMs, collect: async () => parseMeminfo(await readFile(`${procRoot}/meminfo`, "utf8")) };
}

/** proc_meminfo(5): `MemTotal: 16316412 kB`, kB meaning 1024 bytes. Throws with a reason when a field is missing or absurd. */
export function parseMeminfo(text: string): MemorySample {
  const bytesOf = (name: string): number => {
    const match = new RegExp(`^${name}:\\s*(\\d{1,15}) kB$`, "m").exec(text);
    if (!match) throw new Error(`meminfo has no ${name}`);
    return Number(match[1]) * 1024;
  };
  const totalBytes = bytesOf("MemTotal");
  const availableBytes = bytesOf("MemAvailable");
  if (totalBytes <= 0 || availableBytes > totalBytes) throw new Error("meminfo is not plausible");
  return { totalBytes, availableBytes };
}
