import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { runWatchdog } from "../helpers/drivers/daemon.ts";
import { freePort, listen } from "../helpers/drivers/net.ts";
import { status500 } from "../helpers/fakes/metrics.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

interface OnceReport {
  readonly host: string;
  readonly sources: Readonly<Record<string, { readonly state: string; readonly error?: string }>>;
  readonly signals: readonly Readonly<Record<"key" | "action" | "title" | "detail", string> & { active: boolean }>[];
  readonly tickMs: number;
}

describe("once", { concurrency: 6 }, () => {
  it("--json prints one document of exactly the agreed shape, and sends nothing", async (t) => {
    const world = await makeWorld(t);
    world.host.memory(95);
    world.db.status = 500;
    world.docker.set("web", { state: "exited", exitCode: 1 });
    const { code, stdout, stderr } = await runWatchdog(["once", "--json"], {
      ...world.env,
      WATCHDOG_LOG_LEVEL: "debug",
    });
    assert.deepEqual([code, stderr], [0, ""]);
    const report = JSON.parse(stdout) as OnceReport;
    assert.deepEqual(Object.keys(report), ["host", "sources", "signals", "tickMs"]);
    assert.equal(report.host, "host-1");
    assert.deepEqual(Object.keys(report.sources), ["metrics", "mem", "disk", "docker", "deps", "proc"]);
    for (const signal of report.signals)
      assert.deepEqual(Object.keys(signal), ["key", "active", "action", "title", "detail"]);
    const verdicts = Object.fromEntries(report.signals.map(({ key, active, action }) => [key, [active, action]]));
    assert.deepEqual(verdicts, {
      orchestrator_down: [false, "none"],
      metrics_stale: [false, "none"],
      queue_stalled: [false, "none"],
      job_failed: [false, "none"],
      host_mem: [true, "alert"],
      "disk:data": [false, "none"],
      "inodes:data": [false, "none"],
      "container:web": [true, "alert"],
      "dep:db": [true, "alert"],
      "blind:mem": [false, "none"],
      "blind:disk": [false, "none"],
      "blind:docker": [false, "none"],
      "blind:proc": [false, "none"],
    });
    assert.ok(typeof report.tickMs === "number" && report.tickMs >= 0);
    assert.equal(world.telegram.requests.length, 0);
  });

  it("tells conditions without debounce: one failing reading is enough", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_CONTAINERS: "web" });
    world.metrics.behave(status500);
    await world.docker.vanish();
    world.host.hideProc();
    const { code, stdout } = await runWatchdog(["once", "--json"], world.env);
    assert.equal(code, 0, "a tick that finished is a success, whatever it found");
    const { signals, sources } = JSON.parse(stdout) as OnceReport;
    assert.deepEqual(
      signals
        .filter(({ active }) => active)
        .map(({ key, action }) => `${key} ${action}`)
        .sort(),
      ["blind:docker alert", "blind:mem alert", "blind:proc alert", "orchestrator_down alert"],
    );
    assert.match(sources["metrics"]?.error ?? "", /HTTP status 500/);
    assert.deepEqual(
      Object.values(sources).map(({ state }) => state),
      ["failed", "failed", "ok", "failed", "ok", "failed"],
    );
  });

  it("without --json is for people: every source and every signal, and problems on stderr", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_MEM_PCT: "0", WATCHDOG_LANG: "ru" });
    world.host.memory(95);
    const { code, stdout, stderr } = await runWatchdog(["once"], world.env);
    assert.equal(code, 0);
    assert.match(stdout, /^host-1: one tick in [\d.]+ ms\nsources:\n {2}metrics +ok\n/);
    assert.match(stdout, /🔴 host_mem → alert\n {5}Память хоста\n {5}Занято 95% \(порог 90%\)/);
    assert.match(stdout, /🟢 disk:data → none/);
    assert.match(stderr, /^\S+ warn {2}configuration: WATCHDOG_MEM_PCT="0" is not allowed.+\n$/);
  });

  it("leaves a source that is off out of its signals", async () => {
    const { stdout } = await runWatchdog(["once", "--json"], {
      WATCHDOG_DOCKER_SOCK: "",
      WATCHDOG_MEM_ENABLED: "false",
      WATCHDOG_DISK_PATHS: "root=/",
      WATCHDOG_DISK_INODE_PCT: "0",
      WATCHDOG_DISK_PCT: "100",
    });
    const { signals, sources } = JSON.parse(stdout) as OnceReport;
    assert.deepEqual(
      signals.map(({ key }) => key),
      ["disk:root", "blind:disk"],
    );
    assert.deepEqual(
      Object.entries(sources)
        .filter(([, { state }]) => state !== "off")
        .map(([name]) => name),
      ["disk"],
    );
  });
});

describe("healthcheck", { concurrency: 6 }, () => {
  const check = (port: number): ReturnType<typeof runWatchdog> =>
    runWatchdog(["healthcheck"], { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}` });

  it("exits 0 while the daemon is fresh, and 1 once it is gone", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    const fresh = await check(daemon.port);
    assert.equal(fresh.code, 0);
    assert.match(fresh.stdout, /"status": "ok"/);
    await daemon.stop();
    const gone = await check(daemon.port);
    assert.equal(gone.code, 1);
    assert.match(gone.stdout, /ECONNREFUSED/);
  });

  it("exits 1 when the daemon does not answer any more", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    daemon.send("SIGSTOP");
    const { code, stdout } = await check(daemon.port);
    daemon.send("SIGCONT");
    assert.equal(code, 1);
    assert.match(stdout, /within 4 s/);
    await daemon.stop();
  });

  it("exits 1 when the last tick is stale", async (t) => {
    const server = await listen(
      createServer((_request, response) => {
        response.writeHead(503, { "content-type": "application/json" });
        response.end('{"status":"stale"}');
      }),
    );
    t.after(() => server.close());
    const { code, stdout } = await check(server.port);
    assert.equal(code, 1);
    assert.match(stdout, /stale/);
  });

  it("exits 0 and says so when the status server is off", async () => {
    const { code, stdout } = await runWatchdog(["healthcheck"], { WATCHDOG_STATUS_ADDR: "" });
    assert.equal(code, 0);
    assert.match(stdout, /status server is off/);
  });

  it("exits 1 when nobody ever started the daemon", async () => {
    assert.equal((await check(await freePort())).code, 1);
  });
});

describe("the command line", { concurrency: 6 }, () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };

  it("--version is the package's", async () => {
    assert.deepEqual(await runWatchdog(["--version"]), { code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
  });

  it("--help names every command and variable", async () => {
    const { code, stdout, stderr } = await runWatchdog(["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const name of [
      "run",
      "once [--json]",
      "healthcheck",
      "WATCHDOG_ENABLED",
      "WATCHDOG_TG_BOT_TOKEN[_FILE]",
      "WATCHDOG_STATUS_ADDR",
    ])
      assert.ok(stdout.includes(name), name);
    assert.deepEqual((await runWatchdog(["-h"])).stdout, stdout);
  });

  for (const args of [
    ["frobnicate"],
    ["toString"],
    ["once", "--yaml"],
    ["healthcheck", "--json"],
    ["--json"],
    [""],
    ["run", "now"],
  ]) {
    it(`\`watchdog ${args.join(" ")}\` is refused in one line, with exit code 2`, async () => {
      const { code, stdout, stderr } = await runWatchdog(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^watchdog: unknown .+\n$/);
    });
  }
});
