import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { BUNDLE, type Env, type Exit, type Status } from "../helpers/drivers/daemon.ts";
import { ask, freePort } from "../helpers/drivers/net.ts";
import { fullPipe } from "../helpers/drivers/outputs.ts";
import { until } from "../helpers/drivers/wait.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const NO_BOT: Env = { WATCHDOG_TG_BOT_TOKEN: "", WATCHDOG_TG_CHAT_ID: "" };

interface Running {
  readonly exited: Promise<Exit>;
  readonly status: () => Promise<Status>;
  stop(): Promise<void>;
}

/** Starts the daemon with this as its standard output. */
async function startOn(t: TestContext, env: Env, stdout: number): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [BUNDLE], {
    stdio: ["ignore", stdout, "ignore"],
    env: {
      PATH: process.env["PATH"] ?? "",
      WATCHDOG_STARTUP_GRACE_S: "0",
      ...env,
      WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`,
    },
  });
  const exited = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const status = (): Promise<Status> =>
    until("an answer of /status", async () => {
      const answer = await ask(port, "/status");
      return answer && (JSON.parse(answer.body) as Status);
    });
  return {
    exited,
    status,
    stop: async () => {
      child.kill("SIGTERM");
      assert.deepEqual(await exited, { code: 0, signal: null });
    },
  };
}

/** What was written there, line by line, without the dots that filled it. */
const linesOf = (text: string): string[] =>
  text
    .replace(/^\.+/, "")
    .split("\n")
    .filter((line) => line !== "");

describe("a log that nobody reads", { concurrency: 2, timeout: 120_000 }, () => {
  for (const format of ["text", "json"]) {
    it(`loses its oldest lines, and begins with their number when it flows again (${format})`, {
      timeout: 60_000,
    }, async (t) => {
      const world = await makeWorld(t, {
        WATCHDOG_LOG_LEVEL: "debug",
        WATCHDOG_LOG_FORMAT: format,
        WATCHDOG_HOST_LABEL: "host-1",
      });
      const pipe = fullPipe(world.dir);
      t.after(pipe.close);
      const daemon = await startOn(
        t,
        {
          ...world.env,
          NODE_OPTIONS: `${world.env["NODE_OPTIONS"]} --import ${new URL("../helpers/fakes/noisy.mjs", import.meta.url).href}`,
        },
        pipe.fd,
      );
      await until("the noise to be over", async () => (await daemon.status()).ticks > 0, 40_000);
      const reader = spawn("cat", [pipe.path], { stdio: ["ignore", "pipe", "ignore"] });
      let text = "";
      reader.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      t.after(() => reader.kill());
      const lines = await until("lines", () => {
        const all = linesOf(text);
        return all.length > 3 && all;
      });
      const told = lines.findIndex((line) => /lines of this log are lost here/.test(line));
      assert.ok(
        told === 0 || told === 1,
        `line ${told}, after the one that was under way: ${lines
          .slice(0, 3)
          .map((line) => line.slice(0, 100))
          .join("\n")}`,
      );
      if (format === "json") assert.ok((JSON.parse(lines[told] ?? "") as { lines: number }).lines > 0);
      else
        assert.match(
          lines[told] ?? "",
          / warn {2}lines of this log are lost here because they could not be written lines=[1-9]\d*$/,
        );
      await daemon.stop();
    });
  }
});

describe("a message whose line was not written is not told", { concurrency: 2, timeout: 120_000 }, () => {
  it("while standard output is a full device", { timeout: 60_000 }, async (t) => {
    const world = await makeWorld(t, NO_BOT);
    world.host.memory(95);
    const fd = openSync("/dev/full", "w");
    t.after(() => closeSync(fd));
    const daemon = await startOn(t, world.env, fd);
    const { delivery, signals } = await until("a send that failed", async () => {
      const status = await daemon.status();
      return status.delivery.lastError !== null && status;
    });
    assert.match(delivery.lastError ?? "", /^the log cannot be written: ENOSPC/);
    assert.deepEqual([delivery.channel, delivery.pending, delivery.lastOkAt], ["console", 1, null]);
    assert.equal(signals.find(({ key }) => key === "host_mem")?.alerting, false);
    await daemon.stop();
  });

  it("while the disk of the file is full, and is told once there is room", { timeout: 60_000 }, async (t) => {
    const world = await makeWorld(t, NO_BOT);
    const mount = mkdtempSync(join(tmpdir(), "wd-full-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], { stdio: "ignore" });
    } catch {
      return t.skip("a tmpfs can be mounted only by root, and this is not root or may not");
    }
    t.after(() => {
      execFileSync("umount", ["-l", mount]);
      rmSync(mount, { recursive: true });
    });
    const ballast = join(mount, "ballast");
    const log = join(mount, "log");
    const fd = openSync(log, "a");
    t.after(() => closeSync(fd));
    try {
      for (let kb = 0; kb < 64; kb += 4) writeFileSync(ballast, Buffer.alloc(4096), { flag: "a" });
    } catch {
      // ENOSPC: full.
    }
    world.host.memory(95);
    const daemon = await startOn(t, world.env, fd);
    const full = await until("a send that failed", async () => {
      const status = await daemon.status();
      return status.delivery.lastError !== null && status;
    });
    assert.match(full.delivery.lastError ?? "", /ENOSPC/);
    assert.equal(full.signals.find(({ key }) => key === "host_mem")?.alerting, false);
    rmSync(ballast);
    await until(
      "the message to be told",
      async () => (await daemon.status()).signals.find(({ key }) => key === "host_mem")?.alerting,
    );
    const lines = linesOf(readFileSync(log, "utf8"));
    assert.match(
      lines.find((line) => !/^\S+ info {2}watchdog starts/.test(line)) ?? "",
      /lines of this log are lost here because they could not be written lines=\d+$/,
    );
    assert.equal(lines.filter((line) => /message: 🔴 host-1 · Host memory/.test(line)).length, 1);
    await daemon.stop();
  });
});

describe("a command whose output is not taken", { concurrency: 2, timeout: 120_000 }, () => {
  const COMMANDS = [["--help"], ["once", "--json"], ["doctor"], ["healthcheck"], ["no-such-command"]];
  for (const command of COMMANDS) {
    it(`${command.join(" ")}: ends, whether the pipe is full or closed or the device is full`, {
      timeout: 60_000,
    }, async (t) => {
      const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "1" });
      const run = async (
        stdio: readonly (number | "pipe")[],
        meanwhile: (child: ReturnType<typeof spawn>) => void = () => {},
      ): Promise<Exit & { readonly stderr: string }> => {
        const child = spawn(process.execPath, [BUNDLE, ...command], {
          stdio: ["ignore", ...stdio],
          env: { PATH: process.env["PATH"] ?? "", ...world.env, WATCHDOG_STATUS_ADDR: "127.0.0.1:1" },
        });
        let stderr = "";
        child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
        meanwhile(child);
        const exit = await new Promise<Exit>((resolve) =>
          child.once("exit", (code, signal) => resolve({ code, signal })),
        );
        return { ...exit, stderr };
      };
      const device = openSync("/dev/full", "w");
      // A pipe each: a Node that ends makes the pipe that it shares with another one block again.
      const [pipe, both] = [fullPipe(world.dir), fullPipe(world.dir)];
      t.after(() => {
        closeSync(device);
        pipe.close();
        both.close();
      });
      const [usual, closed, refused, stuck, mute] = await Promise.all([
        run(["pipe", "pipe"], (child) => child.stdout?.resume()),
        run(["pipe", "pipe"], (child) => child.stdout?.destroy()),
        run([device, "pipe"]),
        run([pipe.fd, "pipe"]),
        run([both.fd, both.fd]),
      ]);
      // What has closed its end wanted no more: no word and no other exit code.
      assert.deepEqual([closed.code, /could not be written/.test(closed.stderr)], [usual.code, false], closed.stderr);
      const prints = command[0] !== "no-such-command";
      assert.deepEqual(
        [refused.code, /the output could not be written: ENOSPC/.test(refused.stderr)],
        prints ? [1, true] : [2, false],
        refused.stderr,
      );
      assert.deepEqual(
        [stuck.code, /nobody read it within 5 s/.test(stuck.stderr)],
        prints ? [1, true] : [2, false],
        stuck.stderr,
      );
      assert.deepEqual(mute, { code: prints ? 1 : 2, signal: null, stderr: "" });
    });
  }
});
