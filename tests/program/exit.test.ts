import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BUNDLE, type Env, type Exit } from "../helpers/drivers/daemon.ts";
import { ask, freePort } from "../helpers/drivers/net.ts";
import { fullPipe } from "../helpers/drivers/outputs.ts";
import { until } from "../helpers/drivers/wait.ts";
import { hang } from "../helpers/fakes/metrics.ts";
import { blackHole, slow } from "../helpers/fakes/telegram.ts";
import { makeWorld, type World } from "../helpers/fakes/world.ts";

const PRUNER = fileURLToPath(new URL("../../dist/pruner.mjs", import.meta.url));
const HANG_FILE = pathToFileURL(fileURLToPath(new URL("../helpers/fakes/hang-file.mjs", import.meta.url))).href;
const HANG_THREAD = pathToFileURL(fileURLToPath(new URL("../helpers/fakes/hang-thread.mjs", import.meta.url))).href;
/** "Within 5 s"; a busy machine needs a little to see that a process has ended. */
const LIMIT_MS = 5300;
/** A Node without process.execve can end beside a thread that hangs only by a signal. */
const LASTING: Exit = "execve" in process ? { code: 0, signal: null } : { code: null, signal: "SIGTERM" };

/** What becomes of what the program writes. */
const OUTPUTS = {
  read: () => ({ stdio: ["ignore", "pipe", "pipe"] as StdioOptions, close: () => {} }),
  "closed at once": () => ({ stdio: ["ignore", "pipe", "pipe"] as StdioOptions, close: () => {} }),
  "a full pipe": (dir: string) => {
    const { fd, close } = fullPipe(dir);
    return { stdio: ["ignore", fd, fd] as StdioOptions, close };
  },
  "a full device": () => {
    const fd = openSync("/dev/full", "w");
    return { stdio: ["ignore", fd, fd] as StdioOptions, close: () => closeSync(fd) };
  },
} as const;
type Output = keyof typeof OUTPUTS;

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly exited: Promise<Exit>;
}

async function start(t: TestContext, program: string, env: Env, output: Output, hung: boolean): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), "wd-exit-"));
  const { stdio, close } = OUTPUTS[output](dir);
  const fifo = join(dir, "never-written");
  execFileSync("mkfifo", [fifo]);
  const port = await freePort();
  const options = `${env["NODE_OPTIONS"] ?? ""} --import ${HANG_THREAD}`;
  const child = spawn(process.execPath, [program], {
    stdio,
    env: {
      PATH: process.env["PATH"] ?? "",
      WATCHDOG_STARTUP_GRACE_S: "0",
      WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`,
      ...env,
      NODE_OPTIONS: options,
      ...(hung ? { HANG_ON: fifo } : {}),
    },
  });
  const exited = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  if (output === "closed at once") child.stdout?.destroy();
  else child.stdout?.resume();
  child.stderr?.resume();
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { child, port, exited };
}

async function endsWithin(
  started: Started,
  limitMs: number,
  expected: Exit,
  signals: readonly NodeJS.Signals[] = ["SIGTERM"],
): Promise<void> {
  const startedAt = performance.now();
  for (const signal of signals) started.child.kill(signal);
  const late = AbortSignal.timeout(limitMs + 3000);
  const ended = await Promise.race([
    started.exited,
    new Promise<string>((resolve) => late.addEventListener("abort", () => resolve("still alive"))),
  ]);
  assert.deepEqual(ended, expected);
  const took = performance.now() - startedAt;
  assert.ok(took < limitMs, `it took ${Math.round(took)} ms to end`);
}

const alive = ({ port }: Started): Promise<unknown> => until("an answer of /healthz", () => ask(port, "/healthz"));

/** Every moment and state in which a signal may come; `ready` resolves when it has come about. */
const MOMENTS: readonly {
  readonly name: string;
  readonly env?: Env;
  readonly before?: (world: World) => void;
  readonly ready: (world: World, started: Started) => Promise<unknown>;
}[] = [
  { name: "while it is well", ready: (_, started) => alive(started) },
  {
    name: "before its first tick is over",
    env: { WATCHDOG_HTTP_TIMEOUT_S: "60" },
    before: ({ metrics }) => metrics.behave(hang),
    ready: ({ metrics }) => until("the first request", () => metrics.requests() > 0),
  },
  { name: "with the kill switch on", env: { WATCHDOG_ENABLED: "false" }, ready: (_, started) => alive(started) },
  {
    name: "while a send hangs",
    env: { WATCHDOG_HTTP_TIMEOUT_S: "60" },
    before: ({ telegram, host }) => {
      telegram.behave(blackHole);
      host.memory(95);
    },
    ready: ({ telegram }) => telegram.waitForSends(1),
  },
];

describe("SIGTERM ends the watchdog within 5 s and with code 0", { concurrency: 4, timeout: 240_000 }, () => {
  for (const { name, env, before, ready } of MOMENTS) {
    for (const output of Object.keys(OUTPUTS) as Output[]) {
      for (const hung of [false, true]) {
        it(`${name}, its output being ${output}${hung ? ", and a thread that hangs" : ""}`, {
          timeout: 60_000,
        }, async (t) => {
          const world = await makeWorld(t);
          before?.(world);
          const started = await start(t, BUNDLE, { ...world.env, WATCHDOG_LOG_LEVEL: "debug", ...env }, output, hung);
          await ready(world, started);
          await endsWithin(started, LIMIT_MS, hung ? LASTING : { code: 0, signal: null });
        });
      }
    }
  }
});

describe("a secret's file that does not answer", { concurrency: 2, timeout: 60_000 }, () => {
  for (const [program, bundle] of [
    ["watchdog", BUNDLE],
    ["pruner", PRUNER],
  ] as const) {
    const begin = async (t: TestContext): Promise<Started> => {
      const world = await makeWorld(t);
      const fifo = join(world.dir, "never-written");
      execFileSync("mkfifo", [fifo]);
      const file = join(world.dir, "dead-mount");
      return start(
        t,
        bundle,
        {
          ...world.env,
          NODE_OPTIONS: `--import ${HANG_FILE}`,
          HANG_FILE: file,
          HANG_ON: fifo,
          WATCHDOG_FALLBACK_WEBHOOK_URL_FILE: file,
          WATCHDOG_DOCKER_SOCK: "/nowhere/docker.sock",
        },
        "read",
        false,
      );
    };
    it(`does not keep the ${program} from its work, nor from its end`, { timeout: 30_000 }, async (t) => {
      const started = await begin(t);
      await alive(started);
      await endsWithin(started, LIMIT_MS, LASTING);
    });
    it(`does not keep a signal during the start from ending the ${program}`, { timeout: 30_000 }, async (t) => {
      const started = await begin(t);
      // Long enough to be in the middle of the wait, on a busy machine as well: what is asked is only that it ends.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await endsWithin(started, LIMIT_MS, LASTING);
    });
  }
});

describe("a second signal", { concurrency: 2, timeout: 60_000 }, () => {
  it("ends it at once, also while a send hangs", { timeout: 30_000 }, async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(blackHole);
    world.host.memory(95);
    const started = await start(t, BUNDLE, { ...world.env, WATCHDOG_HTTP_TIMEOUT_S: "60" }, "read", false);
    await world.telegram.waitForSends(1);
    started.child.kill("SIGINT");
    const first = performance.now();
    await until("0.6 s to pass", () => performance.now() - first > 600);
    await endsWithin(started, 1500, { code: 0, signal: null }, ["SIGINT"]);
  });

  it("that comes together with the first is the same one: what is under way is still sent", {
    timeout: 30_000,
  }, async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(slow(700));
    world.host.memory(95);
    const started = await start(t, BUNDLE, world.env, "read", false);
    await world.telegram.waitForSends(1);
    await endsWithin(started, LIMIT_MS, { code: 0, signal: null }, ["SIGINT", "SIGTERM"]);
    assert.equal(world.telegram.sends().length, 1);
  });
});

describe("SIGTERM ends the pruner within 5 s and with code 0", { concurrency: 4, timeout: 120_000 }, () => {
  assert.ok(existsSync(PRUNER));
  for (const enabled of ["true", "false"]) {
    for (const output of Object.keys(OUTPUTS) as Output[]) {
      for (const hung of [false, true]) {
        it(`switched ${enabled === "true" ? "on" : "off"}, its output being ${output}${hung ? ", and a thread that hangs" : ""}`, {
          timeout: 60_000,
        }, async (t) => {
          const started = await start(
            t,
            PRUNER,
            {
              WATCHDOG_PRUNE_ENABLED: enabled,
              WATCHDOG_DOCKER_SOCK: "/nowhere/docker.sock",
              WATCHDOG_LOG_LEVEL: "debug",
            },
            output,
            hung,
          );
          await alive(started);
          await endsWithin(started, LIMIT_MS, hung ? LASTING : { code: 0, signal: null });
        });
      }
    }
  }
});
