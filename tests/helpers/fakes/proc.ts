import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface FakeProcess {
  readonly pid?: number;
  readonly comm?: string;
  readonly ppid?: number;
  readonly utime?: number;
  readonly stime?: number;
  /** Clock ticks after boot. */
  readonly start?: number;
}

/** proc_pid_stat(5), all 52 fields. */
export function statLine({
  pid = 42,
  comm = "pytest",
  ppid = 1,
  utime = 500,
  stime = 50,
  start = 1000,
}: FakeProcess): string {
  const after = [
    "S",
    ppid,
    pid,
    pid,
    0,
    -1,
    4_194_304,
    10,
    0,
    0,
    0,
    utime,
    stime,
    0,
    0,
    20,
    0,
    1,
    0,
    start,
    12_345_678,
    900,
    "18446744073709551615",
    ...Array.from({ length: 27 }, () => 0),
  ];
  return `${pid} (${comm}) ${after.join(" ")}\n`;
}

export const BTIME_S = 1_780_000_000;

export interface FakeProc {
  readonly root: string;
  /** `cmdline` as it stands in the file: arguments separated by NUL. `stat` replaces the generated line; null: no such file. */
  add(
    process: FakeProcess & {
      readonly pid: number;
      readonly cmdline: string | Buffer | null;
      readonly stat?: string | null;
    },
  ): void;
  remove(pid: number): void;
}

/** A proc tree in the folder `root`, with its own boot time and the other entries that a real one has. */
export function fakeProc(root: string): FakeProc {
  writeFileSync(join(root, "stat"), `cpu  1 2 3\nintr 5\nbtime ${BTIME_S}\nprocesses 9\n`);
  for (const name of ["sys", "self", "1a", "net"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "uptime"), "1.0 1.0\n");
  return {
    root,
    add: ({ cmdline, stat, ...process }) => {
      const folder = join(root, String(process.pid));
      mkdirSync(folder, { recursive: true });
      if (cmdline !== null) writeFileSync(join(folder, "cmdline"), cmdline);
      if (stat !== null) writeFileSync(join(folder, "stat"), stat ?? statLine(process));
    },
    remove: (pid) => rmSync(join(root, String(pid)), { recursive: true }),
  };
}
