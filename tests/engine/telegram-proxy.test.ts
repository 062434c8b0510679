// WATCHDOG_TG_PROXY_URL: the bundle on the image's Node, a real tinyproxy, a Bot API over http and one over https.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { ask, freePort, listen } from "../helpers/drivers/net.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { selfSigned } from "../helpers/fakes/certificate.ts";
import { TOKEN } from "../helpers/fakes/telegram.ts";
import { DATA, makeWorld, type World } from "../helpers/fakes/world.ts";
import { nodeOfImage } from "./images.ts";
import { which } from "./run.ts";
import { engineRequired } from "./setup.ts";

const repo = fileURLToPath(new URL("../../", import.meta.url));
const tinyproxy = await which("tinyproxy");
const skip = tinyproxy === undefined && !engineRequired ? "tinyproxy is not installed" : false;

const USER = "watchdog";
/** tinyproxy takes letters, digits and dashes; in the URL the dashes stand percent-encoded, so that decoding is tested too. */
const PASSWORD = "pr0xy-pass-nobody-may-see";
const IN_URL = PASSWORD.replaceAll("-", "%2D");
const SECRETS = [PASSWORD, IN_URL, Buffer.from(`${USER}:${PASSWORD}`).toString("base64"), TOKEN];

interface Proxy {
  readonly url: string;
  /** What it was asked for, one line each. */
  asked(): string[];
  stop(): Promise<void>;
}

async function startProxy(t: TestContext, dir: string, givenPort?: number): Promise<Proxy> {
  const port = givenPort ?? (await freePort());
  const [config, log] = [join(dir, "tinyproxy.conf"), join(dir, "tinyproxy.log")];
  writeFileSync(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nBasicAuth ${USER} ${PASSWORD}\nLogLevel Connect\nLogFile "${log}"\n`,
  );
  const child = spawn(tinyproxy ?? assert.fail("tinyproxy is not installed"), ["-d", "-c", config], {
    stdio: "ignore",
  });
  const gone = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  t.after(stop);
  await until("the proxy", () => ask(port, "/"));
  return {
    stop,
    url: `http://${USER}:${IN_URL}@127.0.0.1:${port}`,
    asked: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            .flatMap((line) => /Request \(file descriptor \d+\): (.+) HTTP/.exec(line)?.[1] ?? [])
            .filter((line) => line !== "GET /")
        : [],
  };
}

/** TLS in front of the make-believe Telegram. */
async function overTls(
  t: TestContext,
  { dir, telegram }: World,
): Promise<{ url: string; env: Readonly<Record<string, string>> }> {
  const { key, cert } = selfSigned();
  const server = createServer({ key, cert }, (socket) => {
    const inner = connect(Number(new URL(telegram.url).port), "127.0.0.1");
    for (const end of [socket, inner]) end.on("error", () => {});
    socket.pipe(inner).pipe(socket);
  });
  const listener = await listen(server);
  t.after(() => listener.close());
  writeFileSync(join(dir, "ca.pem"), cert);
  return { url: `https://127.0.0.1:${listener.port}`, env: { NODE_EXTRA_CA_CERTS: join(dir, "ca.pem") } };
}

describe("Telegram through a proxy, on the image's Node", { skip, timeout: 180_000 }, () => {
  let node: string;
  before(async () => {
    node = await nodeOfImage(repo);
  });

  /** Alert and recovery, all of it through the proxy, nothing else through it, and no secret anywhere. */
  const tellsThrough = async (
    world: World,
    proxy: Proxy,
    env: Readonly<Record<string, string>>,
    asks: RegExp,
  ): Promise<void> => {
    const daemon = await world.start(
      { WATCHDOG_TG_PROXY_URL: proxy.url, WATCHDOG_LOG_LEVEL: "debug", ...env },
      { node },
    );
    world.host.disk(DATA, { usedPct: 93 });
    await world.telegram.waitForMessages(1);
    world.host.disk(DATA, { usedPct: 40 });
    await world.telegram.waitForMessages(2);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Disk data", "🟢 Disk data"]);
    const asked = await until("the proxy's log", () => proxy.asked().length > 0 && proxy.asked());
    assert.ok(
      asked.every((line) => asks.test(line)),
      `asked of the proxy: ${asked.join(" | ")}`,
    );
    const status = JSON.stringify(await daemon.status());
    await daemon.stop();
    for (const secret of SECRETS)
      assert.ok(
        !`${daemon.output()}${status}${JSON.stringify(world.telegram.messages)}`.includes(secret),
        "a secret was shown",
      );
  };

  test("a Bot API over http", async (t) => {
    const world = await makeWorld(t);
    await tellsThrough(world, await startProxy(t, world.dir), {}, /^POST http:\/\/127\.0\.0\.1:\d+\/bot/);
  });

  test("a Bot API over https, by CONNECT", async (t) => {
    const world = await makeWorld(t);
    const { url, env } = await overTls(t, world);
    await tellsThrough(
      world,
      await startProxy(t, world.dir),
      { ...env, WATCHDOG_TG_API_URL: url },
      new RegExp(`^CONNECT ${new URL(url).host}$`),
    );
  });

  for (const scheme of ["http", "https"] as const) {
    test(`a proxy that refuses the password, then one that is gone: kept, reported without the password, told when it is back (${scheme})`, async (t) => {
      const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "2" });
      const tls = scheme === "https" ? await overTls(t, world) : { url: world.telegram.url, env: {} };
      const proxy = await startProxy(t, world.dir);
      const wrong = new URL(proxy.url);
      wrong.password = "wr0ng-password";
      const env = { ...tls.env, WATCHDOG_TG_API_URL: tls.url, WATCHDOG_STATE_FILE: join(world.dir, "state.json") };
      const first = await world.start({ ...env, WATCHDOG_TG_PROXY_URL: wrong.href }, { node });
      world.host.disk(DATA, { usedPct: 93 });
      const refused = await first.statusWhere(
        "a refusal",
        ({ delivery }) => delivery.lastError !== null && delivery.pending === 1,
      );
      // tinyproxy hangs up on a request whose body it does not want.
      assert.match(refused.delivery.lastError ?? "", scheme === "http" ? /40[17]|ECONNRESET/ : /tunnel.+40[17]/);
      assert.ok(!(first.output() + JSON.stringify(refused)).includes("wr0ng-password"));
      await first.stop();
      await proxy.stop();
      const second = await world.start({ ...env, WATCHDOG_TG_PROXY_URL: proxy.url }, { node });
      const away = await second.statusWhere("a refused connection", ({ delivery }) =>
        /ECONNREFUSED/.test(delivery.lastError ?? ""),
      );
      assert.equal(world.telegram.messages.length, 0, "nothing goes past the proxy");
      await startProxy(t, world.dir, Number(new URL(proxy.url).port));
      await world.telegram.waitForMessages(1);
      for (const secret of SECRETS) assert.ok(!(second.output() + JSON.stringify(away)).includes(secret));
    });
  }
});
