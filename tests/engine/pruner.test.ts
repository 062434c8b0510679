// The pruner on real Docker engines: build cache made by real builds, cleared by the project's own compose service, and
// counted by what the engine itself lists before and after. Nothing else of the engine may change.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BuildCache,
  type CacheRecord,
  clearableBytes,
  parseBuildCache,
} from "../../watchdog/engine/build-cache.ts";
import { runPruner } from "../helpers/drivers/pruner.ts";
import { type Engine, type EngineSource, startEngine } from "./engine.ts";
import { nodeImage, provideImages } from "./images.ts";
import { STATUS } from "./inside.ts";
import { makeProject, type Project, repo } from "./project.ts";
import { until, which } from "./run.ts";
import { engineRequired, prepare, type Setup } from "./setup.ts";
import { startSshd } from "./sshd.ts";
import { startSubject } from "./subjects.ts";
import { CHAT_ID, type FakeTelegram, fakeTelegram, TOKEN } from "./telegram.ts";

const SERVICE = "watchdog-pruner";
const SUBJECT = "wdt-bystander";
/** What counts as old here. A build takes less, and a test can wait for it. */
const AGE_S = 20;
const MB = 1024 * 1024;

const setup = await prepare();
const sshd = await which("sshd");
const noSshd = sshd === undefined && !engineRequired ? "sshd is not installed" : false;
if (typeof setup === "string") {
  test("a real engine can be started here", { skip: engineRequired ? false : setup }, () => assert.fail(setup));
} else {
  for (const source of setup.engines)
    describe(`the pruner on ${source.name}`, { timeout: 480_000 }, () => onEngine(source, setup));
}

/** GET /status of the pruner, as far as this reads it. */
type Status = {
  lastReclaimedBytes: number | null;
  lastError: string | null;
  cacheBytes: number | null;
  lastRunAt: string | null;
  disk: { usedPct: number | null };
};

function onEngine(source: EngineSource, { client }: Setup): void {
  let engine: Engine;
  let telegram: FakeTelegram;
  let project: Project;
  let canListAlone = false;
  let builtAt = 0;

  before(async () => {
    engine = await startEngine(source, client);
    canListAlone = Number(engine.apiVersion.split(".")[1]) >= 42;
    console.log(`${source.name}: ${engine.version}, API ${engine.apiVersion}`);
    await provideImages(engine, repo);
    telegram = await fakeTelegram();
    project = await makeProject(engine, "plain");
    await startSubject(engine, nodeImage(repo), SUBJECT);
    await engine.docker(["volume", "create", "wdt-volume"]);
    await project.compose(["build", SERVICE]);
  });
  after(async () => {
    await telegram?.close();
    await engine?.destroy();
  });

  /** A real build whose layers hold this much that no other build has; without a tag the cache alone is left of it. */
  const build = async (name: string, megabytes: number, keep = false): Promise<void> => {
    const dir = path.join(engine.dir, `build-${name}`);
    mkdirSync(dir);
    // Two layers, one built upon the other.
    const write = (file: string) =>
      `RUN node -e 'require("fs").writeFileSync("/${file}", require("crypto").randomBytes(${(megabytes * MB) / 2}))'`;
    writeFileSync(
      path.join(dir, "Dockerfile"),
      `FROM ${nodeImage(repo)}\nRUN echo ${name}\n${write("a")}\n${write("b")}\n`,
    );
    await engine.docker(["build", "-q", "-t", `wdt-${name}`, dir], { timeoutMs: 120_000 });
    if (!keep) await engine.docker(["rmi", `wdt-${name}`]);
    builtAt = performance.now();
  };
  /** Until whatever was built so far is old. */
  const aged = () => sleep(Math.max(0, builtAt + (AGE_S + 2) * 1000 - performance.now()));

  /** What the engine lists now. */
  const cache = async (): Promise<BuildCache & { records: readonly CacheRecord[] }> => {
    const { records, totalBytes } = parseBuildCache(
      await get(engine.sock, `/v${engine.apiVersion}/system/df${canListAlone ? "?type=build-cache" : ""}`),
    );
    assert.ok(records);
    return { records, totalBytes };
  };

  /** Everything of the engine that is not build cache, as its client lists it. */
  const rest = async (): Promise<string> => {
    const id = await project.id(SERVICE);
    const lists = await Promise.all([
      engine.docker(["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}} {{.Image}}"]),
      engine.docker(["images", "-a", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"]),
      engine.docker(["volume", "ls", "--format", "{{.Name}} {{.Driver}}"]),
      engine.docker(["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"]),
    ]);
    // The pruner's own container changes its state, and the engine lists what is equally old in any order.
    return lists
      .map((list) =>
        list
          .split("\n")
          .filter((line) => !line.startsWith(id))
          .sort()
          .join("\n"),
      )
      .join("\n---\n");
  };

  const configure = (env: Record<string, string>) =>
    project.configure({
      WATCHDOG_PRUNE_ENABLED: "true",
      WATCHDOG_PRUNE_UNTIL: `${AGE_S}s`,
      WATCHDOG_PRUNE_NOTIFY_MIN_GB: "0.001",
      WATCHDOG_LANG: "en",
      WATCHDOG_HOST_LABEL: "engine",
      WATCHDOG_TG_BOT_TOKEN: TOKEN,
      WATCHDOG_TG_CHAT_ID: CHAT_ID,
      WATCHDOG_TG_API_URL: `http://host.docker.internal:${telegram.port}`,
      ...env,
    });

  const ran = (service = SERVICE) =>
    until(
      "a run",
      60_000,
      async () => {
        const status = (await project.inside(STATUS, service)) as Status;
        return (status.lastReclaimedBytes !== null || status.lastError !== null) && status;
      },
      () => project.compose(["logs", "--no-color", service]),
    );

  /** Creates the container, looks, starts it, waits for its run, looks again. */
  const prune = async (env: Record<string, string> = {}) => {
    configure(env);
    await project.compose(["--profile", "prune", "create", "--force-recreate", SERVICE]);
    const [before, restBefore] = [await cache(), await rest()];
    const expected = clearableBytes(before, { ageS: AGE_S, all: env["WATCHDOG_PRUNE_ALL"] === "true" }, Date.now());
    await project.compose(["--profile", "prune", "start", SERVICE]);
    const status = await ran();
    const [after, restAfter] = [await cache(), await rest()];
    const left = new Set(after.records.map(({ id }) => id));
    const gone = before.records.filter(({ id }) => !left.has(id));
    return {
      before,
      after,
      gone,
      restBefore,
      restAfter,
      expected,
      status,
      goneBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  };

  test("a plain `docker compose up` does not start it", async () => {
    assert.deepEqual((await project.compose(["config", "--services"])).trim().split("\n"), ["watchdog"]);
    assert.ok((await project.compose(["--profile", "prune", "config", "--services"])).includes(SERVICE));
  });

  test("without WATCHDOG_PRUNE_ENABLED it comes up healthy and clears nothing", async () => {
    await build("first", 20);
    const before = await cache();
    await project.compose(["--profile", "prune", "up", "-d", SERVICE]);
    await project.untilHealthy(SERVICE);
    assert.deepEqual((await cache()).records.map(({ id }) => id).sort(), before.records.map(({ id }) => id).sort());
    await project.compose(["--profile", "prune", "stop", SERVICE]);
    assert.equal((await project.inspect(SERVICE)).State.ExitCode, 0);
  });

  test("it clears the old cache and leaves the young, and frees what the engine's listing lost", async () => {
    await build("old", 30);
    await aged();
    await build("young", 10);
    await build("kept", 10, true);
    const { before, after, gone, goneBytes, expected, status, restBefore, restAfter } = await prune();
    console.log(
      `freed ${status.lastReclaimedBytes}, listing lost ${goneBytes}, foretold ${expected}, cache ${before.totalBytes} -> ${after.totalBytes}, ${gone.length} of ${before.records.length} records`,
    );
    assert.equal(status.lastError, null);
    assert.ok(goneBytes >= 50 * MB, `both old builds, 20 and 30 MB, are gone: ${goneBytes}`);
    assert.equal(status.lastReclaimedBytes, goneBytes);
    assert.equal(expected, goneBytes, "what `once --dry-run` and the disk's alert foretell");
    assert.ok(after.totalBytes >= 10 * MB, "the young build is still there");
    assert.ok(
      gone.every(({ lastUsedMs = 0 }) => lastUsedMs <= Date.now() - AGE_S * 1000),
      "nothing young is gone",
    );
    assert.equal(restAfter, restBefore);
    assert.equal(status.cacheBytes, canListAlone ? after.totalBytes : null);
    assert.ok((status.disk.usedPct ?? 0) > 0, "the disk that holds the engine's data was measured");
  });

  test("the channel is told what was freed", async () => {
    const text = await until("a message", 30_000, () => telegram.texts[0]);
    assert.match(
      text,
      /^ℹ️ engine · Build cache cleared\nFreed \d+(\.\d+)? MB of Docker's build cache older than 20 seconds\./,
    );
    if (canListAlone) assert.match(text, /\nBuild cache: .* before, .* after\./);
    assert.match(text, /\nDocker's disk: [\d.]+% used before, [\d.]+% after\.$/);
    assert.equal(telegram.texts.length, 1);
    assert.deepEqual(telegram.faults, []);
  });

  test("right after it there is nothing to clear, and that is no news", async () => {
    const { goneBytes, status, restBefore, restAfter } = await prune({ WATCHDOG_PRUNE_UNTIL: "1h" });
    assert.deepEqual([status.lastReclaimedBytes, goneBytes, status.lastError], [0, 0, null]);
    assert.equal(restAfter, restBefore);
    assert.equal(telegram.texts.length, 1);
  });

  test("with ALL=true cache that images refer to goes as well, and the images stay", async () => {
    await aged();
    const { before, after, gone, goneBytes, expected, status, restBefore, restAfter } = await prune({
      WATCHDOG_PRUNE_ALL: "true",
    });
    console.log(
      `all: freed ${status.lastReclaimedBytes}, listing lost ${goneBytes}, foretold ${expected}, cache ${before.totalBytes} -> ${after.totalBytes}, ${gone.filter(({ shared }) => shared).length} shared of ${gone.length}`,
    );
    assert.equal(status.lastError, null);
    assert.ok(gone.some(({ shared }) => shared));
    assert.equal(status.lastReclaimedBytes, goneBytes);
    assert.equal(expected, goneBytes);
    assert.equal(restAfter, restBefore);
    await engine.docker([
      "run",
      "--rm",
      "wdt-kept",
      "node",
      "-e",
      `process.exit(require("fs").statSync("/b").size === ${5 * MB} ? 0 : 1)`,
    ]);
  });

  test("once --dry-run in that container names the request, and changes nothing", async () => {
    await build("third", 10);
    const before = await cache();
    const text = await project.compose([
      "exec",
      "-T",
      SERVICE,
      "node",
      "/opt/watchdog/pruner.mjs",
      "once",
      "--dry-run",
    ]);
    console.log(text);
    const version = Math.min(Number(engine.apiVersion.split(".")[1]), 52);
    assert.ok(
      text.includes(`POST /v1.${version}/build/prune?all=1&filters=%7B%22until%22%3A%5B%22${AGE_S}s%22%5D%7D\n`),
      text,
    );
    assert.deepEqual((await cache()).records.map(({ id }) => id).sort(), before.records.map(({ id }) => id).sort());
  });

  test("over a real ssh it clears the same, and only on the host whose key it knows", { skip: noSshd }, async () => {
    await aged();
    const server = await startSshd(sshd ?? "sshd", engine, client);
    try {
      const once = async (env: Record<string, string> = {}) => {
        const { code, stdout } = await runPruner(["once"], {
          WATCHDOG_PRUNE_ENABLED: "true",
          WATCHDOG_PRUNE_UNTIL: `${AGE_S}s`,
          WATCHDOG_PRUNE_SSH_HOST: `127.0.0.1:${server.port}`,
          WATCHDOG_PRUNE_SSH_USER: "root",
          WATCHDOG_PRUNE_SSH_KEY_FILE: server.keyFile,
          WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: server.knownHosts,
          ...env,
        });
        console.log(stdout.trim());
        return `${code} ${stdout}`;
      };
      assert.match(
        await once({ WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: server.emptyHosts }),
        /^1 failed: ssh ended with code 255: No .* host key is known .*Host key verification failed/,
      );
      assert.match(
        await once({ WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: server.changedHosts }),
        /^1 failed: ssh ended with code 255: .*REMOTE HOST IDENTIFICATION HAS CHANGED/,
      );
      assert.match(
        await once({ WATCHDOG_PRUNE_SSH_KEY_FILE: server.strangeKey }),
        /^1 failed: ssh ended with code 255: .*Permission denied/,
      );
      assert.deepEqual(server.commands(), [], "until here nothing was run");
      const [before, restBefore] = [await cache(), await rest()];
      assert.match(await once(), /^0 freed: +10\.49 MB\n/);
      const left = new Set((await cache()).records.map(({ id }) => id));
      assert.ok(before.records.some(({ id }) => !left.has(id)));
      assert.deepEqual(server.commands(), [`docker builder prune -f --filter until=${AGE_S}s`]);
      assert.equal(await rest(), restBefore);
    } finally {
      await server.close();
    }
  });

  test("the compose service without the socket clears over a real ssh, confined as the others", {
    skip: noSshd,
  }, async () => {
    await build("fourth", 10);
    await aged();
    const server = await startSshd(sshd ?? "sshd", engine, client);
    try {
      const dir = path.join(project.dir, "pruner-ssh");
      mkdirSync(dir);
      copyFileSync(server.keyFile, path.join(dir, "key"));
      copyFileSync(server.knownHosts, path.join(dir, "known_hosts"));
      configure({ WATCHDOG_PRUNE_SSH_HOST: `host.docker.internal:${server.port}`, WATCHDOG_PRUNE_SSH_USER: "root" });
      await project.compose(["--profile", "prune-ssh", "up", "-d", "--build", `${SERVICE}-ssh`]);
      await project.untilHealthy(`${SERVICE}-ssh`);
      const { lastReclaimedBytes, lastError } = await ran(`${SERVICE}-ssh`);
      assert.equal(lastError, null);
      assert.ok((lastReclaimedBytes ?? 0) >= 10 * MB, String(lastReclaimedBytes));
      assert.deepEqual(server.commands(), [`docker builder prune -f --filter until=${AGE_S}s`]);
      const { HostConfig: host } = await project.inspect(`${SERVICE}-ssh`);
      assert.ok(!(host.Binds ?? []).some((bind) => bind.includes("docker.sock")));
      assert.deepEqual([host.ReadonlyRootfs, host.CapDrop], [true, ["ALL"]]);
    } finally {
      await project.compose(["--profile", "prune-ssh", "down"]);
      await server.close();
    }
  });

  test("the bystander ran all the while", async () => {
    const state = await engine.docker(["inspect", "--format", "{{.State.Status}} {{.RestartCount}}", SUBJECT]);
    assert.equal(state.trim(), "running 0");
  });
}

function get(socketPath: string, target: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: target, headers: { host: "docker" } }, (answer) => {
      let text = "";
      answer
        .setEncoding("utf8")
        .on("data", (chunk: string) => (text += chunk))
        .on("end", () => resolve(JSON.parse(text)));
    })
      .on("error", reject)
      .end();
  });
}
