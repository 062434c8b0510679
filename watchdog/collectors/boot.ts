import { readFileSync } from "node:fs";
import { parseBtime } from "./proc/parse.ts";

/** Which boot of the host this is; each part undefined where it cannot be read. */
export interface Boot {
  /** /proc/sys/kernel/random/boot_id, random(4): another one after each boot. */
  readonly id?: string;
  /** Wall time of the boot, from btime of proc_stat(5). */
  readonly atMs?: number;
}

/** Read once, at start. Never throws. */
export function readBoot(procRoot: string): Boot {
  const text = (path: string): string => {
    try {
      return readFileSync(`${procRoot}/${path}`, "latin1");
    } catch {
      return "";
    }
  };
  const id = /^[0-9a-f-]{36}$/.exec(text("sys/kernel/random/boot_id").trim())?.[0];
  const btimeS = parseBtime(text("stat"));
  return { ...(id === undefined ? {} : { id }), ...(btimeS === undefined ? {} : { atMs: btimeS * 1000 }) };
}
