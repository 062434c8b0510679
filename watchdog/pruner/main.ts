import { healthcheck } from "../cli/healthcheck.ts";
import { systemClock } from "../clock.ts";
import { variablesHelp } from "../config/help.ts";
import { PRUNER_VARIABLES, parsePrunerConfig } from "../config/pruner.ts";
import { contain } from "../contain.ts";
import { leave, stopSignal } from "../exit.ts";
import { readFacts } from "../facts.ts";
import { isRecord, parseJson } from "../net/exchange.ts";
import { openLog, say } from "../output.ts";
import { hideSecrets, reasonOf } from "../safe.ts";
import { threadPool, threadsOf } from "../thread-pool.ts";
import { runPruner } from "./daemon.ts";
import { dryRun, pruneOnce } from "./once.ts";
import { createRunner } from "./runner.ts";

/** Set by the build; the sources run unbundled under tsx, where it is not. */
declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "dev" : __VERSION__;

const USAGE = `usage: pruner [command]

Clears Docker build cache that was not used for a while, and can do nothing else.

commands:
  run                clear it once a period until stopped (the default)
  once [--dry-run]   clear it now; with --dry-run only say what would be asked and freed
  healthcheck        exit 0 while the running pruner is fresh, else 1
  --help             this text
  --version          the version

environment (NAME, default, meaning; NAME[_FILE] may also name a file that holds the value):
`;

/** The only reader of argv and of the environment in this program. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [command = "run", ...options] = args;
  const allowed = command === "once" ? ["--dry-run"] : [];
  const known = ["run", "once", "healthcheck", "--help", "-h", "--version"].includes(command);
  const unknown = known ? options.find((option) => !allowed.includes(option)) : command;
  if (unknown !== undefined) {
    return complain(
      `unknown ${known ? `option ${JSON.stringify(unknown)} of ${command}` : `command ${JSON.stringify(unknown)}`}; see pruner --help`,
      2,
    );
  }
  if (command === "--version") return print(VERSION);
  if (command === "--help" || command === "-h") return print(`${USAGE}${variablesHelp(PRUNER_VARIABLES)}`);

  // Before anything that takes time: a signal during the start is one that ends the start.
  const stop = command === "run" ? stopSignal() : new AbortController().signal;
  const facts = await readFacts(PRUNER_VARIABLES, env, threadPool(threadsOf(env["UV_THREADPOOL_SIZE"])), stop);
  const parsed = parsePrunerConfig(env, facts);
  const redact = hideSecrets(parsed.secrets);
  const { config } = parsed;
  const { log, written } = openLog(command === "run" ? 1 : 2, {
    level: config.logLevel,
    format: config.logFormat,
    redact,
    wallMs: systemClock.wallMs,
  });
  logged = written;
  contain(log);
  const surroundings = { parsed, inContainer: facts.inContainer, path: env["PATH"], clock: systemClock, log };

  switch (command) {
    case "healthcheck": {
      const settings = { enabled: config.pruneEnabled, statusAddr: config.statusAddr };
      const { exitCode, text } = await healthcheck(settings, "WATCHDOG_PRUNE_ENABLED", isPruner);
      return print(redact(text), exitCode);
    }
    case "once": {
      for (const { text } of parsed.problems) log.warn(`configuration: ${text}`);
      const { exitCode, text } = await (options.includes("--dry-run") ? dryRun : pruneOnce)(
        config,
        createRunner(surroundings),
        facts.hostname,
      );
      return print(redact(text), exitCode);
    }
    default: {
      await runPruner({ ...surroundings, redact, version: VERSION, systemHostname: facts.hostname, stop });
      return 0;
    }
  }
}

/** The watchdog answers on the same default address: where both share a network, its health is not ours. */
function isPruner(body: string): boolean {
  const json = parseJson(body);
  return isRecord(json) && json["program"] === "pruner";
}

/** Resolves with the exit code: what could not be printed is a failure too. */
async function print(text: string, exitCode = 0): Promise<number> {
  const error = await say(1, `${text}\n`);
  return error ? complain(`the output could not be written: ${reasonOf(error)}`, 1) : exitCode;
}

async function complain(text: string, exitCode: number): Promise<number> {
  await say(2, `pruner: ${text}\n`);
  return exitCode;
}

/** What the log still has to write; nothing before there is one. */
let logged = (): Promise<void> => Promise.resolve();

const exitCode = await main(process.argv.slice(2), process.env).catch((error: unknown) => complain(reasonOf(error), 1));
await leave(exitCode, logged());
