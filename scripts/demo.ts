// npm run demo [-- ru]: the real daemon through one outage, seconds long, with its status page. Everything it talks to is make-believe and on
// loopback; memory and disks on the page are this machine's, and muted, so that the story is the same everywhere.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LANG_CODES, LANGS, type LangCode } from "../watchdog/lang/index.ts";

const DAEMON = fileURLToPath(new URL("../dist/watchdog.mjs", import.meta.url));
const DEADLINE = performance.now() + 25_000;
const STEP_MS = 8_000;

/** The language: the argument, else WATCHDOG_LANG, else English. */
function langCode(argument: string | undefined, fromEnv: string | undefined): LangCode | undefined {
  const asked = argument ?? fromEnv?.trim().toLowerCase();
  return LANG_CODES.find((code) => code === asked) ?? (argument === undefined ? "en" : undefined);
}

const code = langCode(process.argv[2], process.env["WATCHDOG_LANG"]);
if (code === undefined) {
  console.error(`usage: npm run demo [-- ${LANG_CODES.join("|")}]`);
  process.exit(2);
}
const { titles } = LANGS[code];

async function listen(handler: RequestListener, port = 0): Promise<Server> {
  const server = createServer(handler).listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** Waits for something that must happen; throws, naming it, when it does not. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Math.min(performance.now() + STEP_MS, DEADLINE);
  while (!holds()) {
    if (daemon.exitCode !== null || performance.now() >= end) throw new Error(`this did not happen: ${what}`);
    await sleep(20);
  }
}

// The make-believe orchestrator.
const world = { failed: 3, cpuTicks: 81_000, agentWorks: true, scrapes: 0 };
const metrics: RequestListener = (_request, response) => {
  world.scrapes += 1;
  if (world.agentWorks) world.cpuTicks += 7;
  response.setHeader("content-type", "application/json").end(
    JSON.stringify({
      schema_version: 1,
      generated_at: Date.now() / 1000,
      queue: { counts: { queued: 2, running: 1, done: 40, failed: world.failed } },
      agents: [{ run_id: "r-17", job_id: 9, pid: 4211, stage: "review", cpu_ticks: world.cpuTicks }],
    }),
  );
};

// The make-believe Telegram.
const texts: string[] = [];
const telegram = await listen((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("end", () => {
      const { text } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { text: string };
      const shown = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
      texts.push(shown);
      console.log(`\n${shown.replace(/^/gm, "    ")}`);
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ ok: true, result: { message_id: texts.length } }));
    });
});

/** A message with this mark and title, after the first `from` ones. */
const arrives = (mark: string, title: string, from: number): Promise<void> =>
  until(`a message "${mark} … ${title}"`, () =>
    texts.slice(from).some((text) => text.split("\n").some((line) => line.startsWith(mark) && line.endsWith(title))),
  );
const say = (line: string): void => console.log(`\n-- ${line}`);

const spare = await listen(() => {});
const statusAddress = `127.0.0.1:${portOf(spare)}`;
close(spare);
let orchestrator = await listen(metrics);
const orchestratorPort = portOf(orchestrator);
// Nothing of the caller's environment but the time zone: the demo is the same everywhere.
const { TZ } = process.env;
const daemon = spawn(process.execPath, [DAEMON], {
  stdio: ["ignore", "pipe", "pipe"],
  env: {
    ...(TZ === undefined ? {} : { TZ }),
    WATCHDOG_LANG: code,
    WATCHDOG_HOST_LABEL: "demo-host",
    WATCHDOG_INTERVAL_S: "0.5",
    WATCHDOG_TG_BOT_TOKEN: "1:demo",
    WATCHDOG_TG_CHAT_ID: "1",
    WATCHDOG_TG_PER_MIN: "600",
    WATCHDOG_TG_API_URL: `http://127.0.0.1:${portOf(telegram)}`,
    WATCHDOG_METRICS_URL: `http://127.0.0.1:${orchestratorPort}/metrics`,
    WATCHDOG_AGENT_HUNG_MIN: "0.05",
    WATCHDOG_MUTE: "host_mem,disk:*,inodes:*,blind:*",
    WATCHDOG_DOCKER_SOCK: "",
    WATCHDOG_STATUS_ADDR: statusAddress,
  },
});
let log = "";
for (const stream of [daemon.stdout, daemon.stderr])
  stream.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
const exited = new Promise<number | null>((resolve) => daemon.on("exit", resolve));
process.on("exit", () => daemon.kill("SIGKILL"));
let onInterrupt = (): void => process.exit(130);
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => onInterrupt());

async function outage(): Promise<void> {
  say("the watchdog starts; a make-believe orchestrator is well and runs one agent");
  await until("two reads of /metrics", () => world.scrapes >= 2);
  say(`its status page: http://${statusAddress}/`);

  say("one of its jobs fails");
  world.failed += 1;
  await arrives("🔴", titles.jobFailed, 0);

  say("its agent stops making progress (the limit is 3 seconds here, 15 minutes by default)");
  world.agentWorks = false;
  await arrives("🔴", titles.agentHung("r-17"), 0);

  say("the orchestrator itself goes down; what is known of its agent stays as it was");
  close(orchestrator);
  await arrives("🔴", titles.orchestratorDown, 0);

  say("it comes back, and its agent works again");
  const from = texts.length;
  world.agentWorks = true;
  orchestrator = await listen(metrics, orchestratorPort);
  await arrives("🟢", titles.orchestratorDown, from);
  await arrives("🟢", titles.agentHung("r-17"), from);
}

try {
  await outage();
  if (process.stdout.isTTY && process.stdin.isTTY) {
    say(`the outage is over; the page stays at http://${statusAddress}/ until Ctrl-C`);
    await new Promise<void>((resolve) => (onInterrupt = resolve));
  }
  daemon.kill("SIGTERM");
  const status = await Promise.race([exited, sleep(6_000, "no exit within 6 s", { ref: false })]);
  if (status !== 0) throw new Error(`the daemon did not end well: ${status}`);
  const count = texts.join("\n").match(/^[🔴🔁🟢] /gmu)?.length;
  if (count !== 5) throw new Error(`5 notices were expected, ${count} came`);
  say("that was all: 3 alerts, 2 recoveries, nothing twice");
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}\nThe daemon's log:\n${log}`);
  process.exitCode = 1;
} finally {
  close(telegram);
  close(orchestrator);
  daemon.kill("SIGKILL");
}
