import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A real memory cgroup without swap, as `mem_limit` makes one. */
export interface MemoryCgroup {
  /** `sh -c` with these first, then the program: it is inside before it begins. */
  readonly enter: readonly string[];
  maxBytes(): number;
  remove(): void;
}

/** Version 1 or 2, whichever this machine lets us make one in; else why not. */
export function memoryCgroup(limitMb: number): MemoryCgroup | { readonly reason: string } {
  const v1 = existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  const parent = v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
  const dir = join(parent, `watchdog-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  const limit = String(limitMb * 2 ** 20);
  try {
    mkdirSync(dir);
    writeFileSync(join(dir, v1 ? "memory.limit_in_bytes" : "memory.max"), limit);
    const swap = join(dir, v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max");
    if (existsSync(swap)) writeFileSync(swap, v1 ? limit : "0");
  } catch (error) {
    if (existsSync(dir)) rmdirSync(dir);
    return { reason: `no memory cgroup can be made here: ${(error as Error).message}` };
  }
  const peak = ["memory.max_usage_in_bytes", "memory.peak", "memory.current"]
    .map((name) => join(dir, name))
    .find((path) => existsSync(path));
  return {
    enter: ["sh", "-c", `echo $$ > ${dir}/cgroup.procs && exec "$@"`, "sh"],
    maxBytes: () => Number(peak === undefined ? 0 : readFileSync(peak, "utf8")),
    remove: () => rmdirSync(dir),
  };
}
