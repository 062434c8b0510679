import type { ThreadPool } from "../thread-pool.ts";
import { parseBtime } from "./proc/parse.ts";
import { readWhole } from "./proc/reader.ts";

/** Which boot of the host this is; each part undefined where it cannot be read. */
export interface Boot {
  /** /proc/sys/kernel/random/boot_id, random(4): another one after each boot. */
  readonly id?: string;
  /** Wall time of the boot, from btime of proc_stat(5). */
  readonly atMs?: number;
}

/** It is worth this wait at start; a lxcfs that hangs must not keep the watch from beginning. */
const DEADLINE_MS = 2000;

/** Read once, at start. Never rejects. */
export async function readBoot(
  procRoot: string,
  pool: ThreadPool,
  read: (path: string) => Promise<string> = readWhole,
): Promise<Boot> {
  const [idPath, statPath] = [`${procRoot}/sys/kernel/random/boot_id`, `${procRoot}/stat`];
  const texts = await pool.share("stat", 1).runAll([idPath, statPath], read, DEADLINE_MS, new AbortController().signal);
  const text = (path: string): string => {
    const outcome = texts.get(path);
    return outcome && "value" in outcome ? outcome.value : "";
  };
  const id = /^[0-9a-f-]{36}$/.exec(text(idPath).trim())?.[0];
  const btimeS = parseBtime(text(statPath));
  return { ...(id === undefined ? {} : { id }), ...(btimeS === undefined ? {} : { atMs: btimeS * 1000 }) };
}
