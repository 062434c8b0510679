// What the status server of the running daemon shows, to whom, and what the page does when the daemon is gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout, startChromium } from "../helpers/drivers/chromium.ts";
import { runWatchdog } from "../helpers/drivers/daemon.ts";
import { ask, freePort } from "../helpers/drivers/net.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { DATA, makeWorld } from "../helpers/fakes/world.ts";

const TOKEN = "correct-horse-battery";

test("the page and the metrics show what was measured, what is bad, and the message that told it", async (t) => {
  const world = await makeWorld(t);
  const daemon = await world.start();
  world.host.disk(DATA, { usedPct: 91 });
  await until("the alert", () => world.telegram.told().some((one) => brief(one) === "🔴 Disk data"));
  const page = await until("the told alert on the page", async () => {
    const got = await ask(daemon.port, "/");
    return got?.body.includes('<span class="tag told">') ? got : undefined;
  });
  assert.match(page.body, /<h1>.*<span>1 alert<\/span>/);
  assert.match(page.body, /<h3>Disk data<\/h3>/);
  assert.match(page.body, /<span class="name">data<\/span><b class="bad">91%<\/b>/);
  assert.match(page.body, /<details class="message" id="m\d+"><summary><span class="head">🔴 Disk data<\/span>/);
  const metrics = (await ask(daemon.port, "/metrics"))?.body ?? "";
  assert.match(metrics, /^watchdog_disk_used_ratio\{disk="data"\} 0\.91$/m);
  assert.match(metrics, /^watchdog_signal_alerting\{kind="disk",key="disk:data"\} 1$/m);
  assert.match(metrics, /^watchdog_sends_total\{channel="telegram",result="delivered"\} [1-9]\d*$/m);
  assert.match(metrics, /^watchdog_tick_duration_seconds_count [1-9]\d*$/m);
  await daemon.stop();
});

test("with a token the healthcheck goes on and everything else asks for it; it is written nowhere", async (t) => {
  const world = await makeWorld(t);
  const port = await freePort();
  const env = { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}`, WATCHDOG_STATUS_TOKEN: TOKEN };
  const daemon = await world.start({ ...env, WATCHDOG_LOG_LEVEL: "debug" }, { ready: false });
  await until("an answer", async () => (await ask(port, "/healthz"))?.status === 200);
  for (const path of ["/", "/status", "/metrics", "/?token=wrong-token"])
    assert.equal((await ask(port, path))?.status, 401, path);
  for (const path of ["/", "/status", "/metrics"]) {
    const got = await ask(port, `${path}?token=${TOKEN}`);
    assert.equal(got?.status, 200, path);
    assert.ok(!got.body.includes(TOKEN), `${path} shows the token`);
  }
  assert.equal((await runWatchdog(["healthcheck"], { ...world.env, ...env })).code, 0);
  await daemon.stop();
  assert.ok(!daemon.output().includes(TOKEN), "the log shows the token");
});

test("the page of a daemon that is gone says so, and is live again when it is back", {
  skip: skipWithout("chromium", "chromium"),
  timeout: 90_000,
}, async (t) => {
  const world = await makeWorld(t);
  const port = await freePort();
  const env = { WATCHDOG_STATUS_ADDR: `127.0.0.1:${port}` };
  const first = await world.start(env, { ready: false });
  await until("an answer", async () => (await ask(port, "/healthz"))?.status === 200);
  const browser = await startChromium();
  t.after(() => browser.close());
  const tab = await browser.open({ width: 360, height: 740 });
  await tab.goto(`http://127.0.0.1:${port}/`);
  const textOf = async (selector: string): Promise<string> =>
    String(await tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`));
  await until("all well", async () => (await textOf("h1")) === "All is well");
  assert.deepEqual(tab.complaints(), []);
  await first.stop();
  await until("no answer", async () => (await textOf(".bar")).startsWith("The watchdog has not answered for"), 30_000);
  await world.start(env, { ready: false });
  await until(
    "live again",
    async () => (await textOf(".bar")) === "" && /checked \d s ago/.test(await textOf(".hero")),
    30_000,
  );
});
