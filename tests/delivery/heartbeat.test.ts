import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heartbeat } from "../../watchdog/daemon/heartbeat.ts";
import { halfOpen, ok, unauthorized } from "../helpers/fake-telegram.ts";
import { pipeline, SILENT_LOG } from "../helpers/pipeline.ts";
import { recorder } from "../helpers/recorder.ts";
import { until } from "../helpers/wait.ts";
import { DATA, makeWorld } from "../helpers/world.ts";

describe("the dead man's switch", { concurrency: 4 }, () => {
  it("is asked by GET after ticks, at most every WATCHDOG_HEARTBEAT_S, once getMe was answered", async (t) => {
    const beat = await recorder();
    t.after(() => beat.close());
    const world = await makeWorld(t, { WATCHDOG_HEARTBEAT_URL: `${beat.url}/ping/secret-uuid-of-the-check`, WATCHDOG_HEARTBEAT_S: "0.5" });
    const daemon = await world.start();
    await until("three beats", () => beat.requests.length >= 3);
    assert.deepEqual(world.telegram.requests.map(({ call }) => call), ["getMe"], "nothing was sent, so it is asked, once for half an hour");
    assert.ok(beat.requests.every(({ method, path, body }) => method === "GET" && path === "/ping/secret-uuid-of-the-check" && body === ""));
    for (const [index, { atMs }] of beat.requests.entries()) {
      const before = beat.requests[index - 1];
      if (before) assert.ok(atMs - before.atMs > 350, `two beats within ${atMs - before.atMs} ms`);
    }
    // A refusal there is no fault here.
    beat.status = 500;
    const sofar = beat.requests.length;
    await until("further beats", () => beat.requests.length > sofar + 1);
    await daemon.stop();
    assert.ok(!daemon.output().includes("secret-uuid"), "the URL is a secret");
  });

  it("stays silent while Telegram refuses the token", async (t) => {
    const beat = await recorder();
    t.after(() => beat.close());
    const world = await makeWorld(t, { WATCHDOG_HEARTBEAT_URL: beat.url, WATCHDOG_HEARTBEAT_S: "0.1" });
    world.telegram.behave(unauthorized);
    const daemon = await world.start();
    await until("Telegram asked again and again", () => world.telegram.requests.length >= 5);
    assert.equal(beat.requests.length, 0);
    world.telegram.behave(ok);
    await until("a beat", () => beat.requests.length > 0);
    await daemon.ticks(2);
  });

  it("stays silent while ticks do not finish", async (t) => {
    const beat = await recorder();
    t.after(() => beat.close());
    const world = await makeWorld(t, { WATCHDOG_HEARTBEAT_URL: beat.url, WATCHDOG_HEARTBEAT_S: "0.05", WATCHDOG_INTERVAL_S: "3600" });
    const daemon = await world.start();
    await until("the beat of the first tick", () => beat.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(beat.requests.length, 1, "no tick, no beat");
    await daemon.stop();
  });
});

it("a token revoked while nothing has to be sent stops the beat within the hour, and it begins again by itself", async (t) => {
  const beat = await recorder();
  t.after(() => beat.close());
  const line = pipeline();
  const beats: number[] = [];
  const pulse = heartbeat({
    url: new URL(beat.url), everyMs: 60_000, timeoutMs: 5000, clock: line.clock, log: SILENT_LOG, sender: line.sender(), lastAnswerMonoMs: line.outbox().lastAnswerMonoMs, isFailing: line.outbox().isFailing,
  });
  const pass = async (minutes: number): Promise<void> => {
    for (let half = 0; half < minutes * 2; half += 1) {
      await line.pass(30);
      const before = beat.requests.length;
      await pulse(new AbortController().signal);
      if (beat.requests.length > before) beats.push(line.clock.monoMs());
    }
  };
  await pass(10);
  assert.equal(beats.length, 10, "every minute, though there are two ticks in it");
  line.scene.dataPct = 93;
  await pass(5);
  line.scene.dataPct = 40;
  await pass(25);
  line.telegram.behave(unauthorized);
  const revokedAt = line.clock.monoMs();
  // Nothing to tell meanwhile: nobody but the beat looks.
  await pass(180);
  const last = beats.at(-1) ?? 0;
  assert.ok(last - revokedAt <= 61 * 60_000, `the last beat was ${(last - revokedAt) / 60_000} min after the token was revoked`);
  assert.ok(line.telegram.requests.some(({ call, atMs }) => call === "getMe" && atMs > revokedAt));
  const silent = beats.length;
  line.telegram.behave(ok);
  await pass(10);
  assert.ok(beats.length >= silent + 5, "it beats again");
});

it("a half-open network gets each message once, until getMe is answered", async (t) => {
  const world = await makeWorld(t, { WATCHDOG_HTTP_TIMEOUT_S: "1" });
  const daemon = await world.start();
  const { telegram } = world;
  telegram.behave(halfOpen);
  world.host.disk(DATA, { usedPct: 93 });
  await until("getMe asked in vain, twice", () => telegram.requests.filter(({ call }) => call === "getMe").length >= 2);
  assert.equal(telegram.sends().length, 1, "it went out once, and may have arrived");
  telegram.behave(ok);
  await telegram.waitForMessages(2);
  await daemon.statusWhere("nothing pending", ({ delivery }) => delivery.pending === 0);
  await daemon.ticks(3);
  const order = telegram.requests.map(({ call }) => call);
  assert.equal(order.at(-2), "getMe");
  assert.equal(order.filter((call) => call === "sendMessage").length, 2, "at least once, not over and over");
});
