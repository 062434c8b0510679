import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { type Daemon, runWatchdog } from "../helpers/drivers/daemon.ts";
import { ask, freePort, listen } from "../helpers/drivers/net.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf } from "../helpers/fakes/canaries.ts";
import { hang } from "../helpers/fakes/metrics.ts";
import { blackHole, ok, serverError, slow } from "../helpers/fakes/telegram.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

/** Ends it by a signal and gives the milliseconds it took. */
async function endedWithin(daemon: Daemon, limitMs: number, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const startedAt = performance.now();
  daemon.send(signal);
  assert.deepEqual(await daemon.exited, { code: 0, signal: null }, daemon.output());
  const took = performance.now() - startedAt;
  assert.ok(took < limitMs, `it took ${Math.round(took)} ms to end`);
}

describe("the kill switch", { concurrency: 6 }, () => {
  for (const value of ["false", "0", "No", "OFF"]) {
    it(`WATCHDOG_ENABLED=${value}: it stays up, says so, and touches nothing`, async (t) => {
      const world = await makeWorld(t, { WATCHDOG_ENABLED: value });
      world.host.memory(99);
      const daemon = await world.start();
      const { startedAt, ...status } = await daemon.status();
      assert.deepEqual([status.enabled, status.ticks, status.lastTickAt, status.signals.length], [false, 0, null, 0]);
      await until("ten intervals to pass", () => Date.now() - Date.parse(startedAt) > 1000);
      assert.equal(world.telegram.requests.length, 0);
      assert.equal(world.metrics.requests(), 0);
      assert.equal(world.docker.requests.length, 0);
      assert.equal(world.db.requests(), 0);
      assert.equal((await daemon.status()).ticks, 0);
      const health = await ask(daemon.port, "/healthz");
      assert.equal(health?.status, 200);
      assert.match(health?.body ?? "", /disabled/);
      const check = await runWatchdog(["healthcheck"], {
        ...world.env,
        WATCHDOG_STATUS_ADDR: `127.0.0.1:${daemon.port}`,
      });
      assert.equal(check.code, 0);
      await endedWithin(daemon, 2000);
    });
  }
});

describe("SIGTERM", { concurrency: 6 }, () => {
  it("lets a send under way finish, so that it is told once", async (t) => {
    const world = await makeWorld(t);
    world.telegram.behave(slow(700));
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForSends(1);
    await endedWithin(daemon, 4000);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Host memory"]);
    assert.equal(world.telegram.sends().length, 1);
  });

  it("flushes what waits for a later try", async (t) => {
    const world = await makeWorld(t);
    world.telegram.next(serverError, serverError, serverError);
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForSends(3);
    await daemon.statusWhere(
      "a message that waits",
      ({ delivery }) => delivery.pending === 1 && delivery.lastError !== null,
    );
    world.telegram.behave(ok);
    await endedWithin(daemon, 5300);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Host memory"]);
  });

  it("gives a Telegram that does not answer five seconds, not more", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "60" });
    world.telegram.behave(blackHole);
    world.host.memory(95);
    const daemon = await world.start();
    await world.telegram.waitForSends(1);
    await endedWithin(daemon, 5300);
    assert.match(daemon.output(), /stopped pending=1/);
  });

  it("ends a tick that hangs", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "60" });
    const daemon = await world.start();
    world.metrics.behave(hang);
    world.docker.fail({ kind: "hang" });
    world.db.hangs = true;
    const asked = world.metrics.requests();
    await until("the tick to hang", () => world.metrics.requests() > asked);
    await endedWithin(daemon, 3000);
    assert.deepEqual(world.telegram.told(), [], "being stopped is no fault of theirs");
  });

  it("ends it before its first tick is over", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "60" });
    world.metrics.behave(hang);
    const daemon = await world.start({}, { ready: false });
    await until("the first request", () => world.metrics.requests() > 0);
    await endedWithin(daemon, 3000);
  });

  it("may come twice, and may be SIGINT", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    daemon.send("SIGINT");
    await endedWithin(daemon, 3000);
  });
});

describe("the daemon goes on", { concurrency: 6 }, () => {
  it("without a status server when its port is taken, and reports that", async (t) => {
    const port = await freePort();
    const other = await listen(createServer(), { port });
    t.after(() => other.close());
    const world = await makeWorld(t, { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}` });
    world.host.memory(95);
    const daemon = await world.start({}, { ready: false });
    await detailOf(world, "🔴 Host memory");
    assert.match(
      daemon.output(),
      new RegExp(`error configuration: WATCHDOG_STATUS_ADDR=127\\.0\\.0\\.1:${port} cannot be listened on`),
    );
    await daemon.stop();
  });

  it("with every bad value replaced by its default, all of them reported at once", async (t) => {
    const world = await makeWorld(t, {
      WATCHDOG_MEM_PCT: "ninety",
      WATCHDOG_DISK_PCT: "850",
      WATCHDOG_LANG: "de",
      WATCHDOG_DEPS: "nonsense,db=ftp://x,ok=tcp://127.0.0.1:1",
      WATCHDOG_INTERVALS: "3",
    });
    const daemon = await world.start();
    const { problems } = await daemon.status();
    assert.equal(problems.length, 6);
    for (const says of [
      /WATCHDOG_MEM_PCT="ninety".+default 90/,
      /WATCHDOG_DISK_PCT="850".+1 to 100.+default 85/,
      /WATCHDOG_LANG="de".+ru or en.+default ru/,
      /WATCHDOG_DEPS: entry "nonsense"/,
      /WATCHDOG_DEPS: entry "db=ftp/,
      /WATCHDOG_INTERVALS is not a known variable; did you mean WATCHDOG_INTERVAL_S\?/,
    ]) {
      assert.ok(
        problems.some((problem) => says.test(problem)),
        `${String(says)} in ${problems.join("\n")}`,
      );
      assert.match(daemon.output(), says);
    }
    assert.match(await detailOf(world, "🔴 Зависимость ok"), /отклонено/);
    await daemon.stop();
  });

  it("when nobody reads its output any more", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_LOG_LEVEL: "debug" });
    const daemon = await world.start();
    daemon.closeOutput();
    await daemon.ticks(3);
    world.host.memory(95);
    await detailOf(world, "🔴 Host memory");
    await daemon.stop();
  });

  it("answering only GET and HEAD of the paths it has", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    assert.equal((await ask(daemon.port, "/status", "POST"))?.status, 405);
    assert.equal((await ask(daemon.port, "/status", "DELETE"))?.status, 405);
    assert.equal((await ask(daemon.port, "/__proto__"))?.status, 404);
    assert.deepEqual(await ask(daemon.port, "/healthz", "HEAD"), { status: 200, body: "" });
    await daemon.stop();
  });
});
