import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ask, freePort } from "./net.ts";
import { until } from "./wait.ts";

/** The built bundle: what the operator runs is what is tested. */
export const BUNDLE = fileURLToPath(new URL("../../../dist/watchdog.mjs", import.meta.url));
assert.ok(existsSync(BUNDLE), "dist/watchdog.mjs is missing: run `npm run build` first");

/** To answer costs the daemon as much as a tick, of which there are ten a second: asked more often it would do little else. */
const STATUS_POLL_MS = 40;

export type Env = Readonly<Record<string, string>>;

export interface SignalView {
  readonly key: string;
  readonly entity?: string;
  readonly active: boolean;
  readonly alerting: boolean;
  readonly since: string | null;
  readonly lastAlertAt: string | null;
  readonly title: string;
  readonly detail: string;
  readonly frozen?: boolean;
}

/** GET /status, as far as the tests read it. */
export interface Status {
  readonly enabled: boolean;
  readonly host: string;
  readonly version: string;
  readonly startedAt: string;
  readonly lastTickAt: string | null;
  readonly lastTickMs: number | null;
  readonly ticks: number;
  readonly sources: Readonly<
    Record<string, { readonly state: string; readonly error?: string; readonly lastOkAt: string | null }>
  >;
  readonly signals: readonly SignalView[];
  readonly delivery: {
    readonly channel: string;
    readonly pending: number;
    readonly lastOkAt: string | null;
    readonly lastError: string | null;
  };
  readonly cooldownS: number;
  readonly disks: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly string[];
}

export interface Daemon {
  readonly pid: number;
  readonly port: number;
  /** Everything it wrote so far, to stdout and to stderr. */
  output(): string;
  status(): Promise<Status>;
  signal(key: string): Promise<SignalView | undefined>;
  /** Waits until this is true of the status. */
  statusWhere(what: string, holds: (status: Status) => boolean, withinMs?: number): Promise<Status>;
  /** Waits until this many further ticks were finished. */
  ticks(count: number): Promise<Status>;
  send(signal: NodeJS.Signals): void;
  /** Nobody reads its output any more. */
  closeOutput(): void;
  /** Resolves when it ended. */
  readonly exited: Promise<Exit>;
  /** SIGTERM; it has to exit with 0 in time. */
  stop(): Promise<void>;
  /** For a cleanup: ends it whatever state it is in. */
  kill(): Promise<void>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  /** Runs as this user; needs root. */
  readonly uid?: number;
  /** Another runtime than the tests' own. */
  readonly node?: string;
}

function spawnBundle(args: readonly string[], env: Env, { uid, node = process.execPath }: SpawnOptions): ChildProcess {
  // Nothing of our own environment but PATH: what the child knows is what the test says.
  return spawn(node, [BUNDLE, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** Starts the daemon and waits for its first finished tick (or, switched off, for its status). */
export async function startDaemon(
  env: Env,
  options: SpawnOptions & { readonly ready?: boolean } = {},
): Promise<Daemon> {
  const port = await freePort();
  const child = spawnBundle(
    [],
    { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`, WATCHDOG_STARTUP_GRACE_S: "0", ...env },
    options,
  );
  const exited = exitOf(child);
  let output = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  void exited.then(() => (ended = true));

  const maybeStatus = async (): Promise<Status | undefined> => {
    assert.ok(!ended, `the daemon ended by itself; it wrote:\n${output}`);
    const answer = await ask(port, "/status");
    return answer ? (JSON.parse(answer.body) as Status) : undefined;
  };
  const status = (): Promise<Status> => until("an answer of /status", maybeStatus, undefined, STATUS_POLL_MS);
  const statusWhere = async (what: string, holds: (status: Status) => boolean, withinMs?: number): Promise<Status> => {
    let last: Status | undefined;
    try {
      return await until(
        what,
        async () => {
          last = await maybeStatus();
          return last && holds(last) ? last : undefined;
        },
        withinMs,
        STATUS_POLL_MS,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\nlast status: ${JSON.stringify(last, null, 1)}\noutput:\n${output}`);
    }
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const gaveUp = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const exit = await exited;
    clearTimeout(gaveUp);
    assert.deepEqual(exit, { code: 0, signal: null }, `SIGTERM did not end it cleanly; it wrote:\n${output}`);
  };
  const daemon: Daemon = {
    pid: child.pid ?? 0,
    port,
    exited,
    status,
    statusWhere,
    stop,
    output: () => output,
    signal: async (key) => (await status()).signals.find((signal) => signal.key === key),
    ticks: async (count) => {
      const { ticks } = await status();
      return statusWhere(`${count} further ticks`, (now) => now.ticks >= ticks + count);
    },
    send: (signal) => void child.kill(signal),
    closeOutput: () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    kill: async () => {
      if (!ended) child.kill("SIGKILL");
      await exited;
    },
  };
  try {
    if (options.ready !== false) await statusWhere("the first tick", (now) => !now.enabled || now.ticks >= 1);
  } catch (error) {
    await daemon.kill();
    throw error;
  }
  return daemon;
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command of the bundle to its end. */
export async function runWatchdog(
  args: readonly string[],
  env: Env = {},
  options: SpawnOptions = {},
): Promise<Finished> {
  const child = spawnBundle(args, env, options);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  const gaveUp = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const exit = await exitOf(child);
  clearTimeout(gaveUp);
  return { ...exit, ...texts };
}
