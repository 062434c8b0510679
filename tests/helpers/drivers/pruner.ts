import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Env, Exit, Finished } from "./daemon.ts";
import { ask, freePort } from "./net.ts";
import { until } from "./wait.ts";

/** The built bundle: what the operator runs is what is tested. */
export const PRUNER = fileURLToPath(new URL("../../../dist/pruner.mjs", import.meta.url));
assert.ok(existsSync(PRUNER), "dist/pruner.mjs is missing: run `npm run build` first");

/** GET /status, as far as the tests read it. */
export interface PrunerStatus {
  readonly enabled: boolean;
  readonly host: string;
  readonly target: string | null;
  readonly intervalS: number;
  readonly until: string | null;
  readonly all: boolean;
  readonly lastRunAt: string | null;
  readonly nextRunAt: string | null;
  readonly lastUntil: string | null;
  readonly lastReclaimedBytes: number | null;
  readonly lastReclaimed: string | null;
  readonly lastError: string | null;
  readonly cacheBytes: number | null;
  readonly disk: { readonly usedPct: number | null; readonly pressed: boolean };
  readonly delivery: { readonly pending: number };
  readonly problems: readonly string[];
}

export interface Pruner {
  readonly port: number;
  output(): string;
  statusWhere(what: string, holds: (status: PrunerStatus) => boolean): Promise<PrunerStatus>;
  /** SIGTERM; it has to exit with 0 in time. */
  stop(): Promise<void>;
}

const start = (args: readonly string[], env: Env) =>
  spawn(process.execPath, [PRUNER, ...args], {
    env: { PATH: process.env["PATH"] ?? "", WATCHDOG_LANG: "en", TZ: "UTC", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

const exitOf = (child: ReturnType<typeof start>): Promise<Exit> =>
  new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));

/** The daemon, as soon as it answers; ended with the test. */
export async function startPruner(t: TestContext, env: Env): Promise<Pruner> {
  const port = await freePort();
  const child = start([], { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`, ...env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = exitOf(child);
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const maybeStatus = async (): Promise<PrunerStatus | undefined> => {
    assert.equal(child.exitCode, null, `the pruner ended by itself; it wrote:\n${output}`);
    const answer = await ask(port, "/status");
    return answer && (JSON.parse(answer.body) as PrunerStatus);
  };
  const pruner: Pruner = {
    port,
    output: () => output,
    statusWhere: async (what, holds) => {
      let last: PrunerStatus | undefined;
      return until(what, async () => ((last = await maybeStatus()) && holds(last) ? last : undefined)).catch(
        (error: Error) => {
          throw new Error(`${error.message}\nlast status: ${JSON.stringify(last, null, 1)}\noutput:\n${output}`);
        },
      );
    },
    stop: async () => {
      child.kill("SIGTERM");
      assert.deepEqual(await exited, { code: 0, signal: null }, output);
    },
  };
  await pruner.statusWhere("an answer", () => true);
  return pruner;
}

/** Runs one command of the bundle to its end. */
export async function runPruner(args: readonly string[], env: Env = {}): Promise<Finished> {
  const child = start(args, env);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  const gaveUp = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const exit = await exitOf(child);
  clearTimeout(gaveUp);
  return { ...exit, ...texts };
}
