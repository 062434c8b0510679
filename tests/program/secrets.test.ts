import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Daemon, runWatchdog } from "../helpers/drivers/daemon.ts";
import { ask } from "../helpers/drivers/net.ts";
import { until } from "../helpers/drivers/wait.ts";
import { CONTAINER_SECRET } from "../helpers/fakes/docker.ts";
import { type MetricsBehaviour, status500 } from "../helpers/fakes/metrics.ts";
import {
  apiError,
  type Behaviour,
  badGateway,
  blackHole,
  cut,
  ok,
  raw,
  TOKEN,
  unauthorized,
} from "../helpers/fakes/telegram.ts";
import { makeWorld, type World } from "../helpers/fakes/world.ts";

const PASSWORD = "hunter2-&-pässword";
const ENCODED = encodeURIComponent(PASSWORD);
const QUERY = "query-secret-4711";
/** What nothing that leaves the process may hold. */
const SECRETS = [TOKEN, TOKEN.split(":")[1] ?? "", PASSWORD, ENCODED, QUERY, CONTAINER_SECRET];

async function assertSilent(world: World, daemon: Daemon): Promise<void> {
  const shown = {
    output: daemon.output(),
    status: (await ask(daemon.port, "/status"))?.body ?? "",
    healthz: (await ask(daemon.port, "/healthz"))?.body ?? "",
    messages: world.telegram
      .sends()
      .map(({ body }) => JSON.stringify(body))
      .join("\n"),
  };
  for (const [where, text] of Object.entries(shown)) {
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} stands in ${where}:\n${text}`);
  }
}

const withCredentials = (url: string): string => url.replace("http://", `http://user:${ENCODED}@`);

/** Everything that may hold a secret holds one, and the log says all it can say. */
const telling = (world: World): Record<string, string> => ({
  WATCHDOG_LOG_LEVEL: "debug",
  WATCHDOG_METRICS_URL: `${withCredentials(world.metrics.url)}?token=${QUERY}`,
  WATCHDOG_DEPS: `db=${withCredentials(world.db.url)}/path?key=${QUERY}`,
  WATCHDOG_TG_API_URL: withCredentials(world.telegram.url),
  WATCHDOG_HTTP_TIMEOUT_S: "0.5",
});

/** Answers that hand back what they were asked with. */
const echoing: Behaviour = ({ path }) =>
  apiError(
    401,
    `Unauthorized: no such bot at ${path} (${TOKEN})`,
  )({ method: "", path, call: "", body: {}, atMs: 0, number: 1 });
const redirecting: Behaviour = raw(302, `moved to http://user:${ENCODED}@elsewhere/bot${TOKEN}/sendMessage`);

const TELEGRAM_FAULTS: readonly (readonly [string, Behaviour | "refused"])[] = [
  ["is well", ok],
  ["refuses", "refused"],
  ["hangs", blackHole],
  ["cuts", cut(false)],
  ["is a broken proxy", badGateway],
  ["does not know the bot", unauthorized],
  ["answers with the token", echoing],
  ["redirects with the token", redirecting],
];

const echoMetrics: MetricsBehaviour = (response) => {
  response.writeHead(500, { "x-echo": PASSWORD });
  response.end(PASSWORD);
};

describe("secrets are told to nobody", { concurrency: 6 }, () => {
  for (const [name, behaviour] of TELEGRAM_FAULTS) {
    for (const format of ["text", "json"]) {
      it(`while Telegram ${name} (${format} log)`, async (t) => {
        const world = await makeWorld(t);
        world.metrics.behave(echoMetrics);
        world.db.status = 500;
        world.docker.set("web", {
          health: "unhealthy",
          healthOutput: `GET http://user:${PASSWORD}@db/?token=${QUERY} failed, password=${PASSWORD}`,
        });
        world.host.start({ pid: 50, command: `pytest --token ${QUERY} --db=http://u:${ENCODED}@db/x`, ageS: 7200 });
        if (behaviour === "refused") await world.telegram.refuse();
        else world.telegram.behave(behaviour);
        const daemon = await world.start({ ...telling(world), WATCHDOG_LOG_FORMAT: format });
        await daemon.statusWhere(
          "all of it observed",
          ({ signals, delivery }) =>
            ["orchestrator_down", "dep:db", "container:web", "proc_blocking:50"].every((key) =>
              signals.some((signal) => signal.key === key && signal.active),
            ) &&
            (delivery.lastError !== null || delivery.lastOkAt !== null),
        );
        await assertSilent(world, daemon);
        await daemon.stop();
        assert.ok(!SECRETS.some((secret) => daemon.output().includes(secret)), daemon.output());
      });
    }
  }

  it("when dependencies and metrics cannot be reached at all", async (t) => {
    const world = await makeWorld(t);
    await world.db.refuse();
    await world.metrics.refuse();
    const daemon = await world.start({ ...telling(world), WATCHDOG_LANG: "ru" });
    await daemon.statusWhere(
      "both down",
      ({ signals }) =>
        signals.filter(({ key, alerting }) => alerting && (key === "dep:db" || key === "orchestrator_down")).length ===
        2,
    );
    await assertSilent(world, daemon);
    await daemon.stop();
  });

  it("when they stand in a configuration that is wrong", async (t) => {
    const world = await makeWorld(t);
    const plain = "Tr0ub4dor";
    const daemon = await world.start(
      {
        WATCHDOG_LOG_LEVEL: "debug",
        WATCHDOG_TG_BOT_TOKEN: `${TOKEN}/sendMessage`,
        WATCHDOG_METRICS_URL: `htp://user:${plain}@host/metrics`,
        WATCHDOG_TG_API_URL: `http://user:${plain} with a space@host`,
        WATCHDOG_DEPS: `a=ftp://user:${plain}@host,b=http://user:${plain}/with/slashes@host:x,c=https://host:99999/?token=${plain},d=tcp://user:${plain}@host`,
        WATCHDOG_DOCKER_SOCK: `tcp://user:${plain}@host`,
        WATCHDOG_STATUS_ADDR_FILE: TOKEN,
      },
      { ready: false },
    );
    const output = await until(
      "the last of its problems",
      () => daemon.output().includes("messages go to") && daemon.output(),
    );
    assert.ok(!output.includes(plain) && !output.includes(TOKEN.split(":")[1] ?? ""), output);
    await daemon.stop();
  });

  it("when they come from files", async (t) => {
    const world = await makeWorld(t);
    const tokenFile = join(world.dir, "token");
    writeFileSync(tokenFile, `${TOKEN}\n`);
    world.telegram.behave(echoing);
    world.host.memory(95);
    const daemon = await world.start({ WATCHDOG_TG_BOT_TOKEN: "", WATCHDOG_TG_BOT_TOKEN_FILE: tokenFile });
    await daemon.statusWhere("the refusal", ({ delivery }) => delivery.lastError !== null);
    assert.ok(world.telegram.requests.length > 0, "the file's token was used");
    await assertSilent(world, daemon);
    await daemon.stop();
  });

  it("by once, neither in its report nor in its log", async (t) => {
    const world = await makeWorld(t);
    world.metrics.behave(status500);
    await world.db.refuse();
    for (const args of [["once"], ["once", "--json"]]) {
      const { stdout, stderr } = await runWatchdog(args, { ...world.env, ...telling(world) });
      for (const secret of SECRETS)
        assert.ok(!`${stdout}${stderr}`.includes(secret), `${secret} in ${stdout}${stderr}`);
    }
  });
});
