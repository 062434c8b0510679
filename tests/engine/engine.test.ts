// The watchdog on real Docker engines, an old one and a newer one, as an operator would run it: the project's own
// compose files, real containers, a real orphan. Telegram alone is make-believe.
//
// `npm run test:docker`. It skips, saying why, where no engine can be started; with CI=true or
// WATCHDOG_ENGINE_REQUIRED=1 that is a failure. WATCHDOG_ENGINE_PULL=1 takes the official base images instead of
// stand-ins; WATCHDOG_ENGINE_CACHE is where downloads are kept.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Engine, type EngineSource, startEngine } from "./engine.ts";
import { nodeImage, provideImages } from "./images.ts";
import { askProxy, type Confinement, confinement, isStatus, STATUS } from "./inside.ts";
import { makeProject, type Project, repo } from "./project.ts";
import { ALLOWED, REFUSED, startProxy } from "./proxy.ts";
import { until, which } from "./run.ts";
import { engineRequired, prepare, type Setup } from "./setup.ts";
import {
  NAMES,
  type Orphan,
  orphanProgram,
  SICK_OUTPUT,
  setHealth,
  startOrphan,
  startStuck,
  startSubject,
} from "./subjects.ts";
import { CHAT_ID, type FakeTelegram, fakeTelegram, type Notice, TOKEN } from "./telegram.ts";

const noStuck =
  engineRequired || ((await which("gcc")) !== undefined && existsSync("/dev/fuse"))
    ? false
    : "gcc and /dev/fuse make the process that hangs";
const setup = await prepare();
if (typeof setup === "string") {
  test("a real engine can be started here", { skip: engineRequired ? false : setup }, () => assert.fail(setup));
} else {
  for (const source of setup.engines)
    describe(`on ${source.name}`, { timeout: 480_000 }, () => onEngine(source, setup));
}

const haproxy = await which("haproxy");
const noHaproxy = haproxy === undefined && !engineRequired ? "haproxy is not installed" : false;
describe("the proxy of the hardened variant", { skip: noHaproxy, timeout: 60_000 }, proxyRules);

function onEngine(source: EngineSource, { client }: Setup): void {
  let engine: Engine;
  let telegram: FakeTelegram;
  let plain: Project;
  let hardened: Project;
  let orphan: Orphan | undefined;

  before(async () => {
    engine = await startEngine(source, client);
    console.log(`${source.name}: ${engine.version}, API ${engine.apiVersion}`);
    await provideImages(engine, repo);
    telegram = await fakeTelegram();
    plain = await makeProject(engine, "plain");
    hardened = await makeProject(engine, "hardened");
    for (const name of Object.values(NAMES)) await startSubject(engine, nodeImage(repo), name);
  });
  after(async () => {
    orphan?.end();
    await telegram?.close();
    await engine?.destroy();
  });

  const environment = (watched: readonly string[]) => ({
    WATCHDOG_TG_BOT_TOKEN: TOKEN,
    WATCHDOG_TG_CHAT_ID: CHAT_ID,
    WATCHDOG_TG_API_URL: `http://host.docker.internal:${telegram.port}`,
    WATCHDOG_TG_PER_MIN: "6000",
    WATCHDOG_LANG: "en",
    WATCHDOG_INTERVAL_S: "1",
    WATCHDOG_HTTP_TIMEOUT_S: "1",
    WATCHDOG_CONTAINERS: watched.join(","),
    // How full this machine is is not what is tested.
    WATCHDOG_MEM_PCT: "100",
    WATCHDOG_DISK_PCT: "100",
    WATCHDOG_DISK_INODE_PCT: "0",
    WATCHDOG_PROC_ENABLED: "true",
    WATCHDOG_PROC_AGE_MIN: "0.05",
    WATCHDOG_PROC_PATTERNS: orphanProgram(engine),
  });

  const arrives = (project: Project, mark: string, title: string): Promise<Notice> => {
    const context = async () => `arrived: ${JSON.stringify(telegram.texts, null, 1)}\n${await project.logs()}`;
    const wanted = (notice: Notice) => notice.mark === mark && notice.title.includes(title);
    return until(`${mark} ${title}`, 45_000, () => telegram.notices().find(wanted), context);
  };

  /** Causes an incident, awaits its alert, undoes it, awaits its recovery, and returns the alert's text. */
  const incident = async (
    project: Project,
    title: string,
    cause: () => unknown,
    undo: () => unknown,
  ): Promise<string> => {
    const from = telegram.notices().length;
    await cause();
    const alert = await arrives(project, "🔴", title);
    await undo();
    const recovery = await arrives(project, "🟢", title);
    assert.match(recovery.text, /recovered/);
    const marks = telegram
      .notices()
      .slice(from)
      .map((notice) => notice.mark);
    assert.deepEqual(marks, ["🔴", "🟢"], JSON.stringify(telegram.texts, null, 1));
    return alert.text;
  };

  const confined = async (project: Project) => {
    const { State } = await project.inspect("watchdog");
    return (await project.inside(confinement(State.Pid))) as Confinement;
  };

  const ticking = (project: Project, ticks: number) =>
    until(
      `${ticks} ticks`,
      30_000,
      async () => {
        const status = await project.inside(STATUS);
        assert.ok(isStatus(status), JSON.stringify(status));
        return status.ticks >= ticks && status;
      },
      project.logs,
    );

  test("it comes up healthy from the compose file alone, with no .env.watchdog", async () => {
    assert.equal(existsSync(path.join(plain.dir, ".env.watchdog")), false);
    await plain.compose(["up", "-d", "--build"]);
    await plain.untilHealthy("watchdog");
  });

  test("the engine confines it as the compose file says", async () => {
    const { HostConfig: host } = await plain.inspect("watchdog");
    assert.equal(host.PidMode, "host");
    assert.equal(host.ReadonlyRootfs, true);
    assert.deepEqual(host.CapDrop, ["ALL"]);
    // An engine may add its own, such as label=disable for the shared pid namespace.
    assert.ok(host.SecurityOpt?.includes("no-new-privileges:true"));
    assert.equal(host.RestartPolicy.Name, "always");
    assert.ok(host.Memory > 0 && host.NanoCpus > 0 && (host.PidsLimit ?? 0) > 0);
  });

  test("seen from inside, the daemon has no capability, a read-only root and the host's processes", async () => {
    const inside = await confined(plain);
    assert.match(inside.cmdline, /^node \/opt\/watchdog\/watchdog\.mjs/);
    assert.equal(inside.pidNamespace, readlinkSync("/proc/self/ns/pid"));
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      assert.match(inside.status, new RegExp(`^${set}:\\t0{16}$`, "m"));
    }
    assert.match(inside.status, /^NoNewPrivs:\t1$/m);
    assert.deepEqual(inside.writes, { "/": "EROFS", "/tmp": "EROFS", "/opt/watchdog": "EROFS", "/host": "EROFS" });
    assert.deepEqual(inside.binds, ["/host/root ro", "/var/run/docker.sock ro"]);
    assert.ok(inside.files.includes("watchdog.mjs"));
    assert.deepEqual(
      inside.files.filter((file) => !file.endsWith(".mjs")),
      [],
    );
  });

  test("doctor runs as the documents say, with nothing set, and all is good", async () => {
    const text = await plain.compose(["run", "--rm", "-T", "watchdog", "doctor"]);
    assert.match(text, /^✓ Docker/m);
    assert.match(text, /^Всё в порядке: /m);
  });

  test("doctor finds the container as the compose file makes it: nothing to write, no capability, the host's processes", async () => {
    const checks = await plain.doctor({ WATCHDOG_PROC_ENABLED: "true" });
    const failed = Object.values(checks).filter((check) => check?.state === "failed");
    assert.deepEqual(failed, []);
    for (const id of [
      "root_readonly",
      "capabilities",
      "no_new_privs",
      "pid_namespace",
      "processes",
      "memory",
      "engine",
      "containers",
      "disk:root",
    ]) {
      assert.equal(checks[id]?.state, "ok", `${id}: ${JSON.stringify(checks[id])}`);
    }
    assert.ok(checks["engine"]?.detail.includes(engine.version), JSON.stringify(checks["engine"]));
    assert.match(checks["proxy_post"]?.detail ?? "", /the socket is mounted itself/);
  });

  test("doctor sees a real engine's answer to a POST that a proxy let through", async () => {
    // A proxy that forbids nothing: bytes to the socket and back.
    const open = createServer((client) => {
      const upstream = connect(engine.sock);
      client.on("error", () => upstream.destroy()).pipe(upstream);
      upstream.on("error", () => client.destroy()).pipe(client);
    }).listen(0, "0.0.0.0");
    await once(open, "listening");
    try {
      const { port } = open.address() as AddressInfo;
      const checks = await plain.doctor({ WATCHDOG_DOCKER_SOCK: `tcp://host.docker.internal:${port}` });
      assert.equal(checks["engine"]?.state, "ok", JSON.stringify(checks["engine"]));
      assert.equal(checks["proxy_post"]?.state, "failed", JSON.stringify(checks["proxy_post"]));
      assert.match(checks["proxy_post"]?.advice ?? "", /haproxy\.docker\.cfg/);
    } finally {
      open.close();
    }
  });

  test("SIGTERM ends it at once, with exit code 0", async () => {
    const before = performance.now();
    await plain.compose(["stop"]);
    const took = performance.now() - before;
    const { State } = await plain.inspect("watchdog");
    assert.equal(State.ExitCode, 0);
    assert.ok(took < 5_000, `took ${Math.round(took)} ms`);
  });

  // Before the engine restarts: under running containers, engine 20.10 comes back without its host-gateway address,
  // and containers that are made then do not find host.docker.internal.
  test("the hardened variant watches the same through the proxy, not as root and without the socket", async () => {
    hardened.configure(environment([NAMES.stopped]));
    await hardened.compose(["up", "-d", "--build"]);
    await hardened.untilHealthy("watchdog");
    const status = await ticking(hardened, 3);
    assert.equal(status.sources["docker"]?.state, "ok", JSON.stringify(status.sources));
    const inside = await confined(hardened);
    assert.match(inside.status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    assert.match(inside.status, /^CapBnd:\t0{16}$/m);
    assert.deepEqual(inside.binds, ["/host/root ro"]);
    const stop = () => engine.docker(["stop", NAMES.stopped]);
    await incident(hardened, `Container ${NAMES.stopped}`, stop, () => engine.docker(["start", NAMES.stopped]));
    assert.deepEqual(telegram.faults, []);
  });

  test("doctor proves that proxy, and the bot, from the hardened container", async () => {
    const checks = await hardened.doctor();
    assert.deepEqual(
      Object.values(checks).filter((check) => check?.state === "failed"),
      [],
    );
    for (const id of [
      "telegram.bot",
      "telegram.chat",
      "telegram.right",
      "clock",
      "engine",
      "proxy_post",
      "root_readonly",
      "capabilities",
      "no_new_privs",
      "pid_namespace",
    ]) {
      assert.equal(checks[id]?.state, "ok", `${id}: ${JSON.stringify(checks[id])}`);
    }
    assert.match(checks["proxy_post"]?.detail ?? "", /refused: 403/);
  });

  test("through that proxy the real engine answers what is allowed and never sees the rest", async () => {
    const statuses = (requests: readonly (readonly [string, string])[]) => hardened.inside(askProxy(requests));
    const api = `/v${engine.apiVersion}`;
    const good = ["/version", "/info", "/containers/json", `/containers/${NAMES.stopped}/json`];
    const allowed = [...good, ...good.map((target) => `${api}${target}`)].map((target) => ["GET", target] as const);
    assert.deepEqual(
      await statuses(allowed),
      allowed.map(() => 200),
    );
    const cache = ["GET", `${api}/system/df?type=build-cache`] as const;
    const canListCache = Number(engine.apiVersion.split(".")[1]) >= 42;
    assert.deepEqual(await statuses([cache]), [canListCache ? 200 : 403]);
    const one = `${api}/containers/${NAMES.stopped}`;
    const refused = [
      ...["archive?path=/etc/passwd", "logs?stdout=1", "export", "json/../archive"].map(
        (what) => ["GET", `${one}/${what}`] as const,
      ),
      ...["/images/json", "/system/df", "/_ping"].map((target) => ["GET", `${api}${target}`] as const),
      ...["stop", "kill", "exec"].map((what) => ["POST", `${one}/${what}`] as const),
      ...[["DELETE", one] as const, ["HEAD", `${one}/json`] as const, ["PUT", `${one}/archive?path=/`] as const],
    ];
    assert.deepEqual(
      await statuses(refused),
      refused.map(() => 403),
    );
    await hardened.compose(["down"]);
  });

  test("with a channel and containers to watch, it finds all in order and says nothing", async () => {
    telegram.texts.length = 0;
    plain.configure(environment(Object.values(NAMES)));
    await plain.compose(["up", "-d"]);
    const status = await ticking(plain, 5);
    for (const source of ["mem", "disk", "docker", "proc"]) assert.equal(status.sources[source]?.state, "ok", source);
    assert.deepEqual(status.problems, []);
    assert.deepEqual(telegram.texts, []);
  });

  test("a container that was stopped is told once, and its recovery once", async () => {
    const stop = () => engine.docker(["stop", NAMES.stopped]);
    await incident(plain, `Container ${NAMES.stopped}`, stop, () => engine.docker(["start", NAMES.stopped]));
  });

  test("a container that was killed is told with its exit code", async () => {
    const kill = () => engine.docker(["kill", NAMES.killed]);
    const undo = () => engine.docker(["start", NAMES.killed]);
    assert.match(await incident(plain, `Container ${NAMES.killed}`, kill, undo), /137/);
  });

  test("a container that turned unhealthy is told with what its health check printed", async () => {
    const turn = (healthy: boolean) => () => setHealth(engine, NAMES.sick, healthy);
    const text = await incident(plain, `Container ${NAMES.sick}`, turn(false), turn(true));
    assert.ok(text.includes(SICK_OUTPUT), text);
  });

  test("a container that was removed is told, and its return", async () => {
    const remove = () => engine.docker(["rm", "-f", NAMES.removed]);
    const undo = () => startSubject(engine, nodeImage(repo), NAMES.removed);
    await incident(plain, `Container ${NAMES.removed}`, remove, undo);
  });

  test("an engine restart is told as blindness, and of no container", async () => {
    await incident(plain, "Source unavailable: docker", engine.stop, engine.start);
  });

  test("an orphaned test run on the host is told, and its end", async () => {
    orphan = await startOrphan(orphanProgram(engine));
    const { pid, end } = orphan;
    const text = await incident(plain, `Blocking process ${pid}`, () => undefined, end);
    assert.match(text, /pytest/);
  });

  test("nothing but these six incidents was ever said", async () => {
    const { ticks } = await ticking(plain, 1);
    await ticking(plain, ticks + 3);
    assert.equal(telegram.notices().length, 12, JSON.stringify(telegram.texts, null, 1));
    assert.deepEqual(telegram.faults, []);
  });

  // Kept short: as long as it hangs, it hangs every `ps` on this machine.
  test("a process whose command line never answers stops nothing, is named, and does not keep SIGTERM from ending the watch", {
    skip: noStuck,
    timeout: 120_000,
  }, async () => {
    const program = `${orphanProgram(engine)}-stuck`;
    const stuck = await startStuck(program);
    let other: Orphan | undefined;
    try {
      await arrives(plain, "🔴", `Blocking process ${stuck.pid}`);
      stuck.hang();
      const { text } = await arrives(plain, "🔴", "Source unavailable: proc");
      assert.ok(text.includes(`pid ${stuck.pid}: its command line does not answer`), text);
      other = await startOrphan(`${orphanProgram(engine)}-other`);
      await arrives(plain, "🔴", `Blocking process ${other.pid}`);

      const { ticks } = await ticking(plain, 1);
      const status = await ticking(plain, ticks + 3);
      for (const source of ["mem", "disk", "docker"]) assert.equal(status.sources[source]?.state, "ok", source);
      const healthy =
        'require("http").get("http://127.0.0.1:9876/healthz", (answer) => { console.log(answer.statusCode); answer.resume(); })';
      assert.equal(await plain.inside(healthy), 200);
      assert.equal(
        telegram.notices().some(({ mark, title }) => mark === "🟢" && title.includes(String(stuck.pid))),
        false,
        "its state stands still",
      );

      const before = performance.now();
      await plain.compose(["stop"]);
      const took = performance.now() - before;
      const { State } = await plain.inspect("watchdog");
      assert.equal(State.ExitCode, 0);
      assert.ok(took < 5_000, `took ${Math.round(took)} ms`);
    } finally {
      await stuck.end();
      other?.end();
    }
    await plain.compose(["down"]);
  });
}

function proxyRules(): void {
  const open = () => startProxy(haproxy ?? "haproxy", path.join(repo, "haproxy.docker.cfg"));
  const request = (method: string, target: string, headers = "") =>
    `${method} ${target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n${headers}\r\n`;

  test("every allowed path passes as it is", async () => {
    const proxy = await open();
    try {
      for (const target of ALLOWED) assert.deepEqual(await proxy.raw(request("GET", target)), [200], target);
      assert.deepEqual(
        proxy.seen,
        ALLOWED.map((target) => `GET ${target}`),
      );
    } finally {
      await proxy.close();
    }
  });

  test("every other path, spelling and method is refused before the engine sees it", async () => {
    const proxy = await open();
    try {
      for (const [method, target] of REFUSED) {
        const [status = 0] = await proxy.raw(request(method, target));
        // 400: haproxy itself finds it malformed.
        assert.ok([400, 403].includes(status), `${method} ${target}: ${status}`);
      }
      assert.deepEqual(proxy.seen, []);
    } finally {
      await proxy.close();
    }
  });

  test("a body, an upgrade, HTTP/2 and a second request on the same connection open no way round", async () => {
    const proxy = await open();
    try {
      const tricks = [
        request("GET", "/version", "Content-Length: 5\r\n").concat("hello"),
        request("GET", "/version", "Transfer-Encoding: chunked\r\n").concat("0\r\n\r\n"),
        request("GET", "/version", "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /images/json\r\n\r\n",
      ];
      for (const trick of tricks) {
        const [status = 0] = await proxy.raw(trick);
        assert.ok([0, 400, 403].includes(status), `${JSON.stringify(trick)}: ${status}`);
      }
      assert.deepEqual(proxy.seen, []);
      const first = "GET /version HTTP/1.1\r\nHost: docker\r\n\r\n";
      assert.deepEqual(await proxy.raw(`${first}${request("GET", "/images/json")}`), [200, 403]);
      assert.deepEqual(proxy.seen, ["GET /version"]);
    } finally {
      await proxy.close();
    }
  });
}
