import { chatIds } from "./cli/doctor/chat-id.ts";
import { reportOf, tableOf } from "./cli/doctor/check.ts";
import { doctor, doctorBot } from "./cli/doctor.ts";
import { healthcheck } from "./cli/healthcheck.ts";
import { formatReport, once } from "./cli/once.ts";
import { run } from "./cli/run.ts";
import { systemClock } from "./clock.ts";
import { parseConfig } from "./config/config.ts";
import { variablesHelp } from "./config/help.ts";
import type { Facts } from "./config/table.ts";
import { VARIABLES } from "./config/variables.ts";
import { contain } from "./contain.ts";
import { leave, stopSignal } from "./exit.ts";
import { readFacts } from "./facts.ts";
import type { Place } from "./lang/facts.ts";
import { DOCTOR_TEXTS, LANGS } from "./lang/index.ts";
import { openLog, say } from "./output.ts";
import { hideSecrets, reasonOf, redactJson } from "./safe.ts";
import { threadPool, threadsOf } from "./thread-pool.ts";

/** Set by the build; the sources run unbundled under tsx, where it is not. */
declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "dev" : __VERSION__;

const USAGE = `usage: watchdog [command]

commands:
  run              watch this host until stopped (the default)
  once [--json]    one tick: print every source and signal, send nothing
  doctor [--json] [--send]
                   prove the set-up, point by point; --send posts a test message
  doctor chat-id   list the chats and topics in which the bot was last spoken to
  healthcheck      exit 0 while the running watchdog is fresh, else 1
  --help           this text
  --version        the version

environment (NAME, default, meaning; NAME[_FILE] may also name a file that holds the value):
`;

/** Each command with the options it has. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  run: [],
  once: ["--json"],
  doctor: ["--json", "--send"],
  "doctor chat-id": [],
  healthcheck: [],
  "--help": [],
  "-h": [],
  "--version": [],
};

/** The only reader of argv and of the environment. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = args[0] === "doctor" && args[1] === "chat-id" ? "doctor chat-id" : (args[0] ?? "run");
  const options = args.slice(command === "doctor chat-id" ? 2 : 1);
  const allowed = Object.hasOwn(ALLOWED, command) ? ALLOWED[command] : undefined;
  const unknown = allowed ? options.find((option) => !allowed.includes(option)) : command;
  if (unknown !== undefined) {
    return complain(
      `unknown ${allowed ? `option ${JSON.stringify(unknown)} of ${command}` : `command ${JSON.stringify(unknown)}`}; see watchdog --help`,
      2,
    );
  }
  if (command === "--version") return print(`${VERSION}\n`);
  if (command === "--help" || command === "-h") return print(`${USAGE}${variablesHelp(VARIABLES)}\n`);

  // Before anything that takes time: a signal during the start is one that ends the start.
  const stop = command === "run" ? stopSignal() : new AbortController().signal;
  const pool = threadPool(threadsOf(env["UV_THREADPOOL_SIZE"]));
  const facts = await readFacts(VARIABLES, env, pool, stop);
  const parsed = parseConfig(env, facts);
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

  switch (command) {
    case "healthcheck": {
      const { exitCode, text } = await healthcheck(config);
      return print(`${redact(text)}\n`, exitCode);
    }
    case "once": {
      for (const { text } of parsed.problems) log.warn(`configuration: ${text}`);
      const report = redactJson(
        await once({
          config,
          lang: LANGS[config.lang],
          clock: systemClock,
          log,
          redact,
          pool,
          system: facts,
        }),
        redact,
      );
      return print(options.includes("--json") ? `${JSON.stringify(report)}\n` : formatReport(report));
    }
    case "doctor": {
      // Before they are laid out: a secret with a blank in it may be wrapped there.
      const checks = redactJson(
        await doctor({
          parsed,
          place: placeOf(facts),
          clock: systemClock,
          log,
          pool,
          system: facts,
          send: options.includes("--send"),
          uid: process.getuid?.() ?? 0,
        }),
        redact,
      );
      const report = reportOf(checks);
      return print(
        options.includes("--json")
          ? `${JSON.stringify(report)}\n`
          : tableOf(checks, DOCTOR_TEXTS[config.lang], process.stdout.columns ?? 100),
        report.ok ? 0 : 1,
      );
    }
    case "doctor chat-id": {
      const { text, exitCode } = await chatIds(doctorBot(parsed, systemClock), {
        config,
        t: DOCTOR_TEXTS[config.lang],
        place: placeOf(facts),
      });
      return print(redact(text), exitCode);
    }
    default: {
      await run({ parsed, clock: systemClock, log, pool, redact, version: VERSION, system: facts, stop });
      return 0;
    }
  }
}

function placeOf({ inContainer }: Facts): Place {
  // The one place where the shipped files differ in what they hand in.
  const hardened = inContainer && process.env["WATCHDOG_DOCKER_SOCK"] === "tcp://docker-proxy:2375";
  return {
    inContainer,
    hardened,
    command: inContainer ? "docker compose run --rm watchdog" : `node ${process.argv[1] ?? "watchdog.mjs"}`,
  };
}

/** Resolves with the exit code: what could not be printed is a failure too. */
async function print(text: string, exitCode = 0): Promise<number> {
  const error = await say(1, text);
  return error ? complain(`the output could not be written: ${reasonOf(error)}`, 1) : exitCode;
}

async function complain(text: string, exitCode: number): Promise<number> {
  await say(2, `watchdog: ${text}\n`);
  return exitCode;
}

/** What the log still has to write; nothing before there is one. */
let logged = (): Promise<void> => Promise.resolve();

const exitCode = await main(process.argv.slice(2), process.env).catch((error: unknown) => complain(reasonOf(error), 1));
await leave(exitCode, logged());
