import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../helpers/drivers/net.ts";
import { brief } from "../../helpers/drivers/told.ts";
import { DATA, makeWorld } from "../../helpers/fakes/world.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const hasProxy = major > 24 || (major === 24 && minor >= 5);

// With a runtime that has it, tests/engine/telegram-proxy.test.ts sends through a real proxy.
test("a runtime without proxy support says so, hides the password, and reaches Telegram without", {
  skip: hasProxy && "this runtime has proxy support",
}, async (t) => {
  const world = await makeWorld(t);
  const nobody = await freePort();
  const daemon = await world.start({ WATCHDOG_TG_PROXY_URL: `http://watchdog:pr0xy-password@127.0.0.1:${nobody}` });
  const { problems } = await daemon.status();
  assert.deepEqual(problems, [
    "WATCHDOG_TG_PROXY_URL=*** needs Node 24.5 or later, which the image has; Telegram is reached without the proxy",
  ]);
  world.host.disk(DATA, { usedPct: 93 });
  await world.telegram.waitForMessages(1);
  assert.deepEqual(world.telegram.told().map(brief), ["🔴 Disk data"]);
  await daemon.stop();
  assert.match(daemon.output(), /WATCHDOG_TG_PROXY_URL=\*\*\* needs Node 24\.5/);
  assert.ok(!daemon.output().includes("pr0xy-password"));
});

test("a proxy that is none of http is a problem", async (t) => {
  const world = await makeWorld(t);
  const daemon = await world.start({ WATCHDOG_TG_PROXY_URL: "socks5://watchdog:pr0xy-password@127.0.0.1:1080" });
  const { problems } = await daemon.status();
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /^WATCHDOG_TG_PROXY_URL=\*\*\* is not allowed; allowed: http:\/\/host:port/);
  await daemon.stop();
  assert.ok(!daemon.output().includes("pr0xy-password"));
});
