import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A host made of files: a procfs of our own, and filesystems whose size a test sets. */
export interface FakeHost {
  readonly procRoot: string;
  /** What the daemon needs in its environment to see the made-up filesystems. */
  readonly env: Readonly<Record<string, string>>;
  memory(usedPct: number): void;
  /** A process that has run for this long. */
  start(process: {
    readonly pid: number;
    readonly command: string;
    readonly ageS: number;
    readonly comm?: string;
    readonly cpuS?: number;
  }): void;
  exit(pid: number): void;
  /** Another name for the proc root: it is missing under its own. */
  hideProc(): void;
  showProc(): void;
  /** A file of the proc root, as it is. */
  writeProc(name: string, text: string): void;
  /** What statfs says of this path. */
  disk(path: string, state: FakeDisk): void;
}

export type FakeDisk =
  | { readonly usedPct: number; readonly inodePct?: number; readonly device?: number }
  | { readonly error: string }
  | { readonly hangs: true };

/** Ticks a second of procfs times; 100 on every Linux we run on. */
const CLK_TCK = 100;
const PRELOAD = new URL("statfs.mjs", import.meta.url);

export function fakeHost(dir: string): FakeHost {
  const procRoot = join(dir, "proc");
  const hidden = join(dir, "proc-hidden");
  const control = join(dir, "statfs.json");
  const disks: Record<string, FakeDisk> = {};
  // A reader must never see half a file: written beside, then renamed.
  const write = (path: string, text: string): void => {
    writeFileSync(`${dir}/half-written`, text);
    renameSync(`${dir}/half-written`, path);
  };
  const btimeS = Math.floor(Date.now() / 1000) - 1_000_000;
  mkdirSync(procRoot);
  const host: FakeHost = {
    procRoot,
    env: { NODE_OPTIONS: `--import ${pathToFileURL(PRELOAD.pathname).href}`, FAKE_STATFS: control },
    memory: (usedPct) =>
      write(
        join(procRoot, "meminfo"),
        `MemTotal:       10000000 kB\nMemFree:          100000 kB\nMemAvailable:   ${Math.round(10_000_000 * (1 - usedPct / 100))} kB\n`,
      ),
    start: ({ pid, command, ageS, comm = "python3", cpuS = 1 }) => {
      const startTicks = Math.round((Date.now() / 1000 - ageS - btimeS) * CLK_TCK);
      const half = join(procRoot, "half-made");
      mkdirSync(half);
      writeFileSync(join(half, "cmdline"), command.split(" ").join("\0") + "\0");
      writeFileSync(
        join(half, "stat"),
        `${pid} (${comm}) R 1 ${pid} ${pid} 0 -1 4194304 100 0 0 0 ${cpuS * CLK_TCK} 0 0 0 20 0 1 0 ${startTicks} 1000000 100 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n`,
      );
      renameSync(half, join(procRoot, String(pid)));
    },
    exit: (pid) => {
      renameSync(join(procRoot, String(pid)), join(dir, "gone"));
      rmSync(join(dir, "gone"), { recursive: true });
    },
    hideProc: () => renameSync(procRoot, hidden),
    showProc: () => renameSync(hidden, procRoot),
    writeProc: (name, text) => write(join(procRoot, name), text),
    disk: (path, state) => {
      disks[path] = state;
      write(control, JSON.stringify(disks));
    },
  };
  host.memory(40);
  host.writeProc("stat", `cpu  1 2 3 4\nbtime ${btimeS}\nprocesses 7\n`);
  host.start({ pid: 1, command: "/sbin/init", ageS: 900_000, comm: "systemd" });
  return host;
}
