// What the guide says to write into docker-compose.override.yml, as it stands there: the token as a file for watchdog and
// pruner, a company's certificate authority while it runs and while it is built, in both variants.
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Engine, type EngineSource, startEngine } from "./engine.ts";
import { nodeImage, provideImages } from "./images.ts";
import { makeProject, type Project, repo } from "./project.ts";
import { run, until } from "./run.ts";
import { engineRequired, prepare, type Setup } from "./setup.ts";
import { TOKEN as BOT_TOKEN, CHAT_ID, fakeTelegram } from "./telegram.ts";

const TOKEN = "123456789:AAGuideTokenOfTheTestsNobodyMayEverSee00";
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const guide = readFileSync(path.join(repo, "LITE_SETUP.md"), "utf8");
/** The first block of YAML after this text. */
function block(after: string): string {
  const from = guide.indexOf(after);
  assert.notEqual(from, -1, `the guide says: ${after}`);
  return /```yaml\n([\s\S]*?)```/.exec(guide.slice(from))?.[1] ?? assert.fail();
}

const setup = await prepare();
if (typeof setup === "string") {
  test("a real engine can be started here", { skip: engineRequired ? false : setup }, () => assert.fail(setup));
} else {
  // Old and new Compose read the same; the engines were told apart elsewhere.
  const source = setup.engines.at(-1);
  if (source)
    describe(`the guide's override files, on ${source.name}`, { timeout: 480_000 }, () => onEngine(source, setup));
}

function onEngine(source: EngineSource, { client }: Setup): void {
  let engine: Engine;
  const projects: Partial<Record<"plain" | "hardened", Project>> = {};
  const disk = mkdtempSync(path.join(tmpdir(), "watchdog-guide-disk-"));

  before(async () => {
    // Before the engine starts, because that sees the mounts of its own namespace.
    await run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
    engine = await startEngine(source, client);
    await provideImages(engine, repo);
    for (const kind of ["plain", "hardened"] as const) projects[kind] = await makeProject(engine, kind);
  });
  after(async () => {
    await engine?.destroy();
    await run("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  /** `docker compose` in the project's folder, with the files that the guide names and what a build needs on this machine. */
  const compose = (kind: "plain" | "hardened", files: readonly string[], args: readonly string[]) => {
    const { dir } = projects[kind] ?? assert.fail();
    return engine.docker(
      ["compose", "-p", `guide-${kind}`, "--progress", "plain", ...files.flatMap((file) => ["-f", file]), ...args],
      { cwd: dir, timeoutMs: 300_000, env: { HOME: dir } },
    );
  };

  test("while it is built: npm reaches a registry whose certificate only the given authority signs", async () => {
    const { dir } = projects.plain ?? assert.fail();
    // Nothing in it names a certificate: that comes as the secret `ca`.
    writeFileSync(
      path.join(dir, ".npmrc"),
      readFileSync(path.join(dir, "npmrc"), "utf8").replace(/^cafile=.*\n/m, ""),
      { mode: 0o600 },
    );
    copyFileSync(CA_BUNDLE, path.join(dir, "company-ca.pem"));
    writeFileSync(path.join(dir, "docker-compose.override.yml"), block("**While it is built**"));
    writeFileSync(
      path.join(dir, "network.yml"),
      JSON.stringify({ services: { watchdog: { build: { network: "host" } } } }),
    );
    await compose("plain", ["docker-compose.yml", "docker-compose.override.yml", "network.yml"], ["build", "watchdog"]);
    const history = await engine.docker(["history", "--no-trunc", "watchdog:local"]);
    assert.ok(!history.includes("company-ca"), "no layer of the image holds it");
  });

  test("while it runs: the certificate is read in a container whose root is read-only", async () => {
    const { dir, configure } = projects.plain ?? assert.fail();
    configure({ NODE_EXTRA_CA_CERTS: "/etc/company-ca.pem" });
    chmodSync(path.join(dir, "company-ca.pem"), 0o644);
    writeFileSync(path.join(dir, "docker-compose.override.yml"), block("**While it runs**"));
    const script = "console.log(require('tls').getCACertificates('extra').length)";
    const printed = await compose(
      "plain",
      ["docker-compose.yml", "docker-compose.override.yml"],
      ["run", "--rm", "-T", "--entrypoint", "node", "watchdog", "-e", script],
    );
    assert.ok(Number(printed.trim().split("\n").at(-1)) > 0, printed);
  });

  test("a further disk: the container that died on it when it was full is told with that cause, and another one is not", async (t) => {
    const { dir, configure } = projects.plain ?? assert.fail();
    const telegram = await fakeTelegram();
    t.after(() => telegram.close());
    mkdirSync(path.join(disk, "app"));
    writeFileSync(path.join(disk, ".keep"), "");
    writeFileSync(
      path.join(dir, "docker-compose.override.yml"),
      block("Every further one is mounted").replace("/mnt/data", disk),
    );
    configure({
      WATCHDOG_TG_BOT_TOKEN: BOT_TOKEN,
      WATCHDOG_TG_CHAT_ID: CHAT_ID,
      WATCHDOG_TG_API_URL: `http://host.docker.internal:${telegram.port}`,
      WATCHDOG_TG_PER_MIN: "6000",
      WATCHDOG_LANG: "en",
      WATCHDOG_INTERVAL_S: "1",
      WATCHDOG_HTTP_TIMEOUT_S: "1",
      WATCHDOG_CONTAINERS: "writer,bystander",
      WATCHDOG_MEM_PCT: "100",
      WATCHDOG_DISK_INODE_PCT: "0",
    });
    const waiting = (last: string) => ["sh", "-c", `until [ -e /go ]; do sleep 0.1; done; ${last}; exit 1`];
    const go = (name: string) => engine.docker(["exec", name, "sh", "-c", ": >/go"]);
    const fill = `node -e 'require("fs").writeFileSync("/data/zeros", Buffer.alloc(1e7))'`;
    await engine.docker([
      "run",
      "-d",
      "--name",
      "writer",
      "-v",
      `${disk}/app:/data`,
      nodeImage(repo),
      ...waiting(fill),
    ]);
    await engine.docker(["run", "-d", "--name", "bystander", nodeImage(repo), ...waiting(":")]);
    const files = ["docker-compose.yml", "docker-compose.override.yml"];
    await compose("plain", files, ["up", "-d"]);
    t.after(() => compose("plain", files, ["down"]));
    await until("it runs", 60_000, async () => (await compose("plain", files, ["ps"])).includes("(healthy)"));
    await go("writer");
    const told = (title: string) =>
      until(
        title,
        45_000,
        () => telegram.notices().find((notice) => notice.mark === "🔴" && notice.title.includes(title)),
        async () => `${JSON.stringify(telegram.texts, null, 1)}\n${await compose("plain", files, ["logs"])}`,
      );
    assert.match((await told("Container writer")).text, /^Probable cause: disk data is (9[789]|100)(\.\d)?% full\.$/m);
    await go("bystander");
    assert.doesNotMatch((await told("Container bystander")).text, /Probable cause/);
  });

  for (const kind of ["plain", "hardened"] as const) {
    test(`the token as a file reaches the watchdog and the pruner (${kind})`, async () => {
      const { dir, configure } = projects[kind] ?? assert.fail();
      const main = kind === "plain" ? "docker-compose.yml" : "docker-compose.hardened.yml";
      configure({
        WATCHDOG_TG_BOT_TOKEN_FILE: "/run/secrets/tg_bot_token",
        WATCHDOG_TG_CHAT_ID: "-1001",
        WATCHDOG_LANG: "en",
      });
      const file = path.join(dir, "tg_bot_token");
      rmSync(file, { force: true });
      writeFileSync(file, `${TOKEN}\n`);
      // As the guide says: chown root and 400; hardened: chown 65534:0 and 440.
      chownSync(file, kind === "plain" ? 0 : 65534, 0);
      chmodSync(file, kind === "plain" ? 0o400 : 0o440);
      writeFileSync(path.join(dir, "docker-compose.override.yml"), block("### The token as a file"));
      const script = "console.log(require('fs').readFileSync(process.env.WATCHDOG_TG_BOT_TOKEN_FILE, 'utf8').length)";
      for (const service of ["watchdog", "watchdog-pruner"]) {
        const printed = await compose(
          kind,
          [main, "docker-compose.override.yml"],
          ["--profile", "prune", "run", "--rm", "-T", "--no-deps", "--entrypoint", "node", service, "-e", script],
        );
        assert.equal(printed.trim().split("\n").at(-1), String(TOKEN.length + 1), `${service}: ${printed}`);
      }
      if (kind === "hardened") {
        const alone = await compose(kind, [main], ["--profile", "prune", "config"]);
        assert.ok(!/^ *secrets:/m.test(alone), "with -f and one file, Compose does not read the override by itself");
        // The files as Compose itself writes them on its containers, read through the proxy.
        const doctor = (files: readonly string[]) =>
          compose(kind, files, [
            "run",
            "--rm",
            "-T",
            "--entrypoint",
            "/bin/sh",
            "watchdog",
            "-c",
            "node /opt/watchdog/watchdog.mjs doctor || true",
          ]);
        const whole = [main, "docker-compose.override.yml"].map((name) => `-f ${path.join(dir, name)}`).join(" ");
        const unread = await doctor([main]);
        assert.ok(unread.includes(`  → if you have one: docker compose ${whole} up -d\n`), unread);
        assert.match(unread, /^– Override file /m);
        const read = await doctor([main, "docker-compose.override.yml"]);
        assert.match(read, /^✓ Docker /m);
        assert.doesNotMatch(read, /Override file/);
        // A watchdog that runs without it is told also by a doctor that read it.
        await compose(kind, [main], ["up", "-d"]);
        try {
          const beside = await doctor([main, "docker-compose.override.yml"]);
          assert.ok(beside.includes(`  → if you have one: docker compose ${whole} up -d\n`), beside);
        } finally {
          await compose(kind, [main], ["down"]);
        }
      }
    });
  }
}
