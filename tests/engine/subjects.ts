// What the watchdog is shown: containers that can be hurt and healed, and an orphaned process on the host.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Engine } from "./engine.ts";
import { run, until } from "./run.ts";

export const NAMES = {
  stopped: "wdt-stopped",
  killed: "wdt-killed",
  sick: "wdt-sick",
  removed: "wdt-removed",
} as const;

/** What the sick container's health check prints when it fails. */
export const SICK_OUTPUT = "the queue file is empty";

/** Runs until it is told to stop, and then ends with code 0. */
const OBEDIENT = 'trap "exit 0" TERM; echo ok >/health; while :; do sleep 0.2; done';

export async function startSubject(engine: Engine, image: string, name: string): Promise<void> {
  const check = `[ -s /health ] || { echo "${SICK_OUTPUT}"; exit 1; }`;
  const health = name === NAMES.sick ? ["--health-cmd", check, "--health-interval", "1s", "--health-retries", "3"] : [];
  await engine.docker(["run", "-d", "--name", name, ...health, image, "sh", "-c", OBEDIENT]);
}

export async function setHealth(engine: Engine, name: string, healthy: boolean): Promise<void> {
  await engine.docker(["exec", name, "sh", "-c", healthy ? "echo ok >/health" : ": >/health"]);
}

export type Orphan = { pid: number; end: () => void };

/**
 * A process whose parent is gone, as a killed agent leaves its test run behind: a real program of that name, which
 * init (or whoever reaps for it) has adopted.
 */
export async function startOrphan(program: string): Promise<Orphan> {
  copyFileSync("/bin/sleep", program);
  const script = '"$1" 100000 </dev/null >/dev/null 2>&1 & echo "$$ $!"';
  const [parent, pid = Number.NaN] = (await run("sh", ["-c", script, "sh", program])).trim().split(" ").map(Number);
  await until("the process is adopted", 5_000, () => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) !== parent;
  });
  let ended = false;
  const end = () => {
    // Once only: afterwards the pid may be somebody else's.
    if (!ended) process.kill(pid);
    ended = true;
  };
  return { pid, end };
}

/** Where the orphan's program lies; also the pattern that finds it and nobody else's pytest on this machine. */
export function orphanProgram(engine: Engine): string {
  return path.join(engine.dir, "pytest");
}

export type Stuck = { pid: number; hang: () => void; end: () => Promise<void> };

/** A process whose command line stops answering when it is told to `hang`; tests/engine/stuck.c says how. `program`: where it is compiled to. */
export async function startStuck(program: string): Promise<Stuck> {
  await run("gcc", ["-O1", "-o", program, path.join(import.meta.dirname, "stuck.c")]);
  const folder = `${program}-mount`;
  mkdirSync(folder);
  const child = spawn(program, [folder], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    pid: Number(String(line)),
    hang: () => void child.stdin.write("hang\n"),
    // The file system goes with it, and with that everything that waits for it.
    end: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
