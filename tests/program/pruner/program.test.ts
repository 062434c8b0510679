import assert from "node:assert/strict";
import { createServer } from "node:http";
import test, { type TestContext } from "node:test";
import type { Env } from "../../helpers/drivers/daemon.ts";
import { ask, listen } from "../../helpers/drivers/net.ts";
import { type Pruner, runPruner, startPruner } from "../../helpers/drivers/pruner.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { type FakePruneEngine, fakePruneEngine, record } from "../../helpers/fakes/prune-engine.ts";
import { fakeSsh } from "../../helpers/fakes/ssh.ts";
import { badGateway, type FakeTelegram, fakeTelegram, ok, TOKEN } from "../../helpers/fakes/telegram.ts";

const HOUR = 3600;
const GB = 1e9;

interface Scene {
  readonly engine: FakePruneEngine;
  readonly telegram: FakeTelegram;
  readonly env: Env;
  start(env?: Env): Promise<Pruner>;
}

/** The built program between a made-up engine and a made-up Telegram; on, and quick. */
async function scene(t: TestContext, more: Env = {}): Promise<Scene> {
  const engine = await fakePruneEngine(t);
  const telegram = await fakeTelegram();
  t.after(() => telegram.close());
  const env: Env = {
    WATCHDOG_PRUNE_ENABLED: "true",
    WATCHDOG_DOCKER_SOCK: engine.socketPath,
    WATCHDOG_HOST_LABEL: "box",
    WATCHDOG_PRUNE_NOTIFY_MIN_GB: "1",
    WATCHDOG_TG_API_URL: telegram.url,
    WATCHDOG_TG_BOT_TOKEN: TOKEN,
    WATCHDOG_TG_CHAT_ID: "-1001",
    WATCHDOG_TG_PER_MIN: "6000",
    ...more,
  };
  return { engine, telegram, env, start: (own = {}) => startPruner(t, { ...env, ...own }) };
}

test("it prunes at start, says what it freed, and shows it in the status", async (t) => {
  const { engine, telegram, start } = await scene(t);
  engine.records = [record("old", 9 * GB, 80 * HOUR), record("young", GB, HOUR)];
  const pruner = await start();
  const status = await pruner.statusWhere(
    "a run",
    ({ lastRunAt, lastReclaimed }) => lastRunAt !== null && lastReclaimed !== null,
  );
  const {
    enabled,
    intervalS,
    until: age,
    all,
    lastReclaimedBytes,
    lastReclaimed,
    lastError,
    cacheBytes,
    problems,
  } = status;
  assert.deepEqual(
    { enabled, intervalS, age, all, lastReclaimedBytes, lastReclaimed, lastError, cacheBytes, problems },
    {
      enabled: true,
      intervalS: 86_400,
      age: "72h",
      all: false,
      lastReclaimedBytes: 9 * GB,
      lastReclaimed: "9 GB",
      lastError: null,
      cacheBytes: GB,
      problems: [],
    },
  );
  assert.match(String(status.lastRunAt), /^\d{4}-\d\d-\d\dT.*Z$/);
  await telegram.waitForMessages(1);
  assert.deepEqual(
    telegram.told().map(({ mark, host, title }) => [mark, host, title]),
    [["ℹ️", "box", "Build cache cleared"]],
  );
  assert.match(telegram.told()[0]?.detail ?? "", /Freed 9 GB .*\nBuild cache: 10 GB before, 1 GB after\./);
  await pruner.stop();
  assert.equal(engine.prunes().length, 1);
});

test("it prunes once an interval, whatever a run came to", async (t) => {
  const { engine, start } = await scene(t, { WATCHDOG_PRUNE_INTERVAL_S: "0.3" });
  const pruner = await start();
  await until("three prunes", () => engine.prunes().length >= 3);
  engine.trouble = { path: /prune/, is: { status: 500, body: '{"message":"broken"}' } };
  await pruner.statusWhere("the error", ({ lastError }) => lastError?.includes("broken") ?? false);
  engine.trouble = undefined;
  await pruner.statusWhere("no error any more", ({ lastError }) => lastError === null);
  await pruner.stop();
});

test("a failure is told once with its reason, and its end", async (t) => {
  const { engine, telegram, start } = await scene(t, { WATCHDOG_PRUNE_INTERVAL_S: "0.3" });
  engine.trouble = { path: /prune/, is: { status: 500, body: '{"message":"broken"}' } };
  await start();
  await telegram.waitForMessages(1);
  await until("further failing runs", () => engine.prunes().length >= 4);
  engine.trouble = undefined;
  await telegram.waitForMessages(2);
  assert.deepEqual(
    telegram.told().map(({ mark, title }) => `${mark} ${title}`),
    ["🔴 Build cache is not being cleared", "🟢 Build cache is not being cleared"],
  );
});

test("a prune that freed nothing of an old and large cache is told", async (t) => {
  const { engine, telegram, start } = await scene(t);
  engine.records = [record("old", 9 * GB, 80 * HOUR)];
  engine.idle = true;
  await start();
  await telegram.waitForMessages(1);
  assert.equal(telegram.told()[0]?.title, "Clearing the build cache frees nothing");
});

test("what could not be delivered is delivered later", async (t) => {
  const { engine, telegram, start } = await scene(t);
  engine.records = [record("old", 9 * GB, 80 * HOUR)];
  telegram.behave(badGateway);
  const pruner = await start();
  await telegram.waitForSends(1);
  await pruner.statusWhere("one pending", ({ delivery }) => delivery.pending === 1);
  telegram.behave(ok);
  await telegram.waitForMessages(1);
  await pruner.statusWhere("none pending", ({ delivery }) => delivery.pending === 0);
});

test("a full disk brings the prune with half the age", async (t) => {
  // The data root that the made-up engine names is /, or in a container its own file: either is fuller than 1 %.
  const { engine, start } = await scene(t, { WATCHDOG_PRUNE_DISK_PCT: "1" });
  const { disk, lastUntil } = await (await start()).statusWhere("a run", (status) => status.lastUntil !== null);
  assert.deepEqual([disk.pressed, lastUntil], [true, "36h"]);
  assert.ok(engine.prunes()[0]?.includes("36h"));
});

test("switched off it asks nobody anything, stays up and is healthy", async (t) => {
  const { engine, telegram, env, start } = await scene(t, { WATCHDOG_PRUNE_ENABLED: "false" });
  const pruner = await start();
  assert.equal((await pruner.statusWhere("off", ({ enabled }) => !enabled)).lastRunAt, null);
  assert.equal((await ask(pruner.port, "/healthz"))?.status, 200);
  assert.equal((await runPruner(["healthcheck"], env)).code, 0);
  const once = await runPruner(["once"], env);
  assert.deepEqual([once.code, once.stdout], [0, "switched off by WATCHDOG_PRUNE_ENABLED: nothing was pruned\n"]);
  await pruner.stop();
  assert.deepEqual([engine.requests, telegram.sends()], [[], []]);
});

test("without a target it stays up and says so in the status", async (t) => {
  const { start } = await scene(t, { WATCHDOG_DOCKER_SOCK: "" });
  const pruner = await start();
  const { lastError, target } = await pruner.statusWhere("a look", ({ lastRunAt }) => lastRunAt !== null);
  assert.equal(target, null);
  assert.match(lastError ?? "", /nothing to prune on/);
  await pruner.stop();
});

test("a hostile age is reported, and the default age is what the engine hears", async (t) => {
  const { engine, start } = await scene(t, { WATCHDOG_PRUNE_UNTIL: "72h; rm -rf /" });
  const { problems } = await (await start()).statusWhere(
    "a run",
    ({ lastRunAt, lastReclaimed }) => lastRunAt !== null && lastReclaimed !== null,
  );
  assert.match(problems.join(), /WATCHDOG_PRUNE_UNTIL="72h; rm -rf \/" is not allowed/);
  assert.deepEqual(engine.prunes(), [`POST /v1.47/build/prune?filters=${encodeURIComponent('{"until":["72h"]}')}`]);
});

test("over ssh the fake ssh hears the exact command, and the channel what it freed", async (t) => {
  const ssh = fakeSsh(t);
  const { engine, telegram, start } = await scene(t, {
    PATH: `${ssh.dir}:/usr/bin:/bin`,
    WATCHDOG_PRUNE_SSH_HOST: "box.example",
    WATCHDOG_PRUNE_SSH_USER: "ops",
    WATCHDOG_PRUNE_SSH_KEY_FILE: ssh.keyFile,
    WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: ssh.knownHosts,
  });
  const status = await (await start()).statusWhere("a run", ({ lastReclaimedBytes }) => lastReclaimedBytes !== null);
  assert.deepEqual(
    [status.lastReclaimedBytes, status.target, status.cacheBytes],
    [9_800_000_000, "ssh ops@box.example", null],
  );
  assert.deepEqual(
    ssh.calls().map((call) => call.slice(-3)),
    [["--", "box.example", "docker builder prune -f --filter until=72h"]],
  );
  await telegram.waitForMessages(1);
  assert.match(telegram.told()[0]?.detail ?? "", /^Freed 9\.8 GB of Docker's build cache older than 72 h\.$/);
  assert.deepEqual(engine.requests, []);
});

test("once --dry-run says the exact request and what it would free, and asks for no prune", async (t) => {
  const { engine, telegram, env } = await scene(t, {
    WATCHDOG_PRUNE_ENABLED: "false",
    WATCHDOG_PRUNE_ALL: "true",
    WATCHDOG_PRUNE_UNTIL: "24h",
  });
  engine.records = [record("old", 9 * GB, 80 * HOUR), record("young", GB, HOUR)];
  const { code, stdout } = await runPruner(["once", "--dry-run"], env);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^request: +POST \/v1\.47\/build\/prune\?all=1&filters=%7B%22until%22%3A%5B%2224h%22%5D%7D$/m);
  assert.match(stdout, /^build cache: +10 GB$/m);
  assert.match(stdout, /^would free: +9 GB$/m);
  assert.deepEqual([engine.prunes(), telegram.sends()], [[], []]);
});

test("once --dry-run over ssh says the exact command and starts no ssh", async (t) => {
  const ssh = fakeSsh(t);
  const env = {
    PATH: `${ssh.dir}:/usr/bin:/bin`,
    WATCHDOG_PRUNE_SSH_HOST: "box",
    WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: ssh.knownHosts,
  };
  const { code, stdout } = await runPruner(["once", "--dry-run"], env);
  assert.equal(code, 0, stdout);
  assert.match(
    stdout,
    /^command: +ssh .*StrictHostKeyChecking=yes .* -- box 'docker builder prune -f --filter until=72h'$/m,
  );
  assert.deepEqual(ssh.calls(), []);
});

test("over ssh an end without a total is a success of unknown size, in status, log and once, and the channel hears nothing", {
  timeout: 60_000,
}, async (t) => {
  const ssh = fakeSsh(t);
  ssh.does("echo done");
  const { telegram, start, env } = await scene(t, {
    PATH: `${ssh.dir}:/usr/bin:/bin`,
    WATCHDOG_PRUNE_SSH_HOST: "box.example",
    WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: ssh.knownHosts,
  });
  const pruner = await start();
  const status = await pruner.statusWhere("a run", ({ lastReclaimed }) => lastReclaimed !== null);
  assert.deepEqual(
    [status.lastReclaimed, status.lastReclaimedBytes, status.lastError, status.disk.usedPct],
    ["unknown", null, null, null],
  );
  await until("the line of its end", () => /prune ended freedBytes=unknown/.test(pruner.output()));
  await pruner.stop();
  assert.deepEqual(telegram.sends(), []);
  const { code, stdout } = await runPruner(["once"], env);
  assert.deepEqual([code, stdout], [0, "freed:       not known: docker did not say\nhost:        box\n"]);
});

test("its start is one line with what it will do", { timeout: 30_000 }, async (t) => {
  const { start } = await scene(t, { WATCHDOG_PRUNE_INTERVAL_S: "7200", WATCHDOG_PRUNE_DISK_PCT: "85" });
  const pruner = await start();
  assert.match(
    pruner.output(),
    /pruner starts .*intervalS=7200 until=72h all=false target="Docker engine at \S+" diskPct=85 untilFloor=6h timeoutS=300/,
  );
});

test("once names the host as the operator does, else as its engine does", { timeout: 60_000 }, async (t) => {
  const { env } = await scene(t);
  assert.match((await runPruner(["once", "--dry-run"], env)).stdout, /^host: +box$/m);
  assert.match((await runPruner(["once"], env)).stdout, /^host: +box$/m);
  assert.match((await runPruner(["once"], { ...env, WATCHDOG_HOST_LABEL: "" })).stdout, /^host: +\S+$/m);
});

test("once --dry-run without a target exits 1 with the reason", async () => {
  const { code, stdout } = await runPruner(["once", "--dry-run"], { WATCHDOG_DOCKER_SOCK: "/nowhere/docker.sock" });
  assert.equal(code, 1);
  assert.match(stdout, /none: there is no Docker socket at \/nowhere\/docker\.sock/);
});

test("once prunes now and exits 0, or 1 with the reason", async (t) => {
  const { engine, telegram, env } = await scene(t);
  engine.records = [record("old", 9 * GB, 80 * HOUR)];
  const good = await runPruner(["once"], env);
  assert.deepEqual([good.code, /^freed: +9 GB$/m.test(good.stdout)], [0, true], good.stdout);
  engine.trouble = { path: /prune/, is: "cut" };
  const bad = await runPruner(["once"], env);
  assert.deepEqual([bad.code, /^failed: socket hang up$/m.test(bad.stdout)], [1, true], bad.stdout);
  assert.deepEqual(telegram.sends(), [], "it tells the terminal alone");
});

test("healthcheck asks the running pruner, and is not fooled by another program on that address", async (t) => {
  const { env, start } = await scene(t);
  const pruner = await start();
  const address = { WATCHDOG_STATUS_ADDR: `127.0.0.1:${pruner.port}` };
  assert.equal((await runPruner(["healthcheck"], { ...env, ...address })).code, 0);
  await pruner.stop();
  assert.equal((await runPruner(["healthcheck"], { ...env, ...address })).code, 1);
  // As the watchdog's own /healthz answers.
  const page = await listen(createServer((_request, response) => response.end('{"status":"ok"}')));
  t.after(() => page.close());
  const other = await runPruner(["healthcheck"], { ...env, WATCHDOG_STATUS_ADDR: `127.0.0.1:${page.port}` });
  assert.deepEqual([other.code, /answered by another program/.test(other.stdout)], [1, true], other.stdout);
});

test("SIGTERM in the middle of a prune ends it at once, exit code 0", async (t) => {
  const { engine, start } = await scene(t);
  engine.trouble = { path: /prune/, is: "hang" };
  const pruner = await start();
  await until("the prune is under way", () => engine.prunes().length === 1);
  const before = performance.now();
  await pruner.stop();
  assert.ok(performance.now() - before < 4000);
});

test("the token is in no output and no status", async (t) => {
  const { telegram, start } = await scene(t, { WATCHDOG_LOG_LEVEL: "debug" });
  telegram.behave(() => ({
    kind: "answer",
    status: 401,
    ok: false,
    body: JSON.stringify({ ok: false, error_code: 401, description: `Unauthorized ${TOKEN}` }),
  }));
  const pruner = await start({ WATCHDOG_DOCKER_SOCK: "/nowhere/docker.sock" });
  await telegram.waitForSends(1);
  await until("the refusal in the log", () => pruner.output().includes("Unauthorized"));
  assert.ok(!pruner.output().includes(TOKEN));
  assert.ok(!(await ask(pruner.port, "/status"))?.body.includes(TOKEN));
});

test("an unknown command or option is one line and exit code 2", async () => {
  for (const args of [["prune-everything"], ["once", "--force"], ["run", "--dry-run"]]) {
    const { code, stdout, stderr } = await runPruner(args);
    assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], args.join(" "));
  }
});

test("--help lists every variable of both tables, --version the version", async () => {
  const { code, stdout } = await runPruner(["--help"]);
  assert.equal(code, 0);
  for (const name of [
    "WATCHDOG_PRUNE_UNTIL_FLOOR",
    "WATCHDOG_PRUNE_SSH_KNOWN_HOSTS",
    "WATCHDOG_TG_BOT_TOKEN[_FILE]",
    "WATCHDOG_STATUS_ADDR",
  ])
    assert.ok(stdout.includes(name), name);
  assert.match((await runPruner(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});
