import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { heartbeat } from "../../../watchdog/daemon/heartbeat.ts";
import { runLoop } from "../../../watchdog/daemon/loop.ts";
import { pipeline, SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import { recorder } from "../../helpers/drivers/recorder.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { halfOpen, ok, unauthorized } from "../../helpers/fakes/telegram.ts";
import { makeWorld } from "../../helpers/fakes/world.ts";

it("the bundle asks by GET after ticks, again and again, once getMe was answered, and its URL is a secret", {
  timeout: 60_000,
}, async (t) => {
  const beat = await recorder();
  t.after(() => beat.close());
  const world = await makeWorld(t, {
    WATCHDOG_HEARTBEAT_URL: `${beat.url}/ping/secret-uuid-of-the-check`,
    WATCHDOG_HEARTBEAT_S: "0.5",
  });
  const daemon = await world.start();
  await until("three beats", () => beat.requests.length >= 3);
  assert.deepEqual(
    world.telegram.requests.map(({ call }) => call),
    ["getMe"],
    "nothing was sent, so it is asked, once for half an hour",
  );
  assert.ok(
    beat.requests.every(
      ({ method, path, body }) => method === "GET" && path === "/ping/secret-uuid-of-the-check" && body === "",
    ),
  );
  // A refusal there is no fault here.
  beat.status = 500;
  const sofar = beat.requests.length;
  await until("further beats", () => beat.requests.length > sofar + 1);
  await daemon.stop();
  assert.ok(!daemon.output().includes("secret-uuid"), "the URL is a secret");
});

describe("the dead man's switch, on the virtual clock", () => {
  /** The real heartbeat beside the real watch and outbox; the other end of it is a server, which has no clock. */
  async function switchOf(t: TestContext, everyMs = 60_000) {
    const beat = await recorder();
    t.after(() => beat.close());
    const line = pipeline();
    const beats: number[] = [];
    const pulse = heartbeat({
      url: new URL(beat.url),
      everyMs,
      timeoutMs: 30_000,
      clock: line.clock,
      log: SILENT_LOG,
      channel: line.channel(),
      lastAnswerMonoMs: line.outbox().lastAnswerMonoMs,
      isFailing: line.outbox().isFailing,
    });
    const afterTick = async (): Promise<void> => {
      const before = beat.requests.length;
      await pulse(new AbortController().signal);
      if (beat.requests.length > before) beats.push(line.clock.monoMs());
    };
    const pass = async (minutes: number): Promise<void> => {
      for (let half = 0; half < minutes * 2; half += 1) {
        await line.pass(30);
        await afterTick();
      }
    };
    return { line, beats, pass, afterTick };
  }

  it("is asked at most every WATCHDOG_HEARTBEAT_S, however many ticks there are", { timeout: 60_000 }, async (t) => {
    const { beats, pass } = await switchOf(t, 75_000);
    await pass(30);
    assert.equal(beats.length, 20, "ticks come every 30 s, so each third one beats");
    for (const [index, at] of beats.entries()) assert.equal(at - (beats[index - 1] ?? at - 90_000), 90_000);
  });

  it("stays silent while Telegram refuses the token", { timeout: 60_000 }, async (t) => {
    const { line, beats, pass } = await switchOf(t);
    line.telegram.behave(unauthorized);
    await pass(90);
    assert.ok(
      line.telegram.requests.filter(({ call }) => call === "getMe").length >= 5,
      "it was asked again and again",
    );
    assert.equal(beats.length, 0);
    line.telegram.behave(ok);
    await pass(2);
    assert.ok(beats.length > 0);
  });

  it("stays silent while ticks do not finish", { timeout: 60_000 }, async (t) => {
    const { line, beats, afterTick } = await switchOf(t);
    const stop = new AbortController();
    let tookMs = 0;
    const loop = runLoop(
      async () => {
        await line.clock.sleep(tookMs);
        await afterTick();
      },
      30_000,
      line.clock,
      stop.signal,
      assert.ifError,
    );
    const advance = async (minutes: number): Promise<void> => {
      for (let second = 0; second < minutes * 60; second += 10) {
        await line.clock.advance(10_000);
        // The beat is a real request: it is over before the clock goes on.
        await until("the beat", () => line.clock.sleepers() > sleepersOfOutbox);
      }
    };
    const sleepersOfOutbox = line.clock.sleepers();
    await advance(5);
    assert.ok(beats.length >= 4, `${beats.length} beats`);
    tookMs = 3_600_000;
    await advance(2);
    const sofar = beats.length;
    await advance(50);
    assert.equal(beats.length, sofar, "no tick, no beat");
    tookMs = 0;
    await advance(20);
    assert.ok(beats.length > sofar, "it beats again");
    stop.abort();
    await line.clock.advance(1);
    await loop;
  });

  it("a token revoked while nothing has to be sent stops the beat within the hour, and it begins again by itself", {
    timeout: 60_000,
  }, async (t) => {
    const { line, beats, pass } = await switchOf(t);
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
    assert.ok(
      last - revokedAt <= 61 * 60_000,
      `the last beat was ${(last - revokedAt) / 60_000} min after the token was revoked`,
    );
    assert.ok(line.telegram.requests.some(({ call, atMs }) => call === "getMe" && atMs > revokedAt));
    const silent = beats.length;
    line.telegram.behave(ok);
    await pass(10);
    assert.ok(beats.length >= silent + 5, "it beats again");
  });
});

it("a half-open network gets each message once, until getMe is answered", { timeout: 60_000 }, async () => {
  const line = pipeline();
  const { telegram } = line;
  await line.pass(60);
  telegram.behave(halfOpen);
  line.scene.dataPct = 93;
  await line.pass(1200);
  assert.ok(telegram.requests.filter(({ call }) => call === "getMe").length >= 2, "getMe was asked in vain, twice");
  const sent = (): number => telegram.requests.filter(({ call }) => call === "sendMessage").length;
  assert.equal(sent(), 1, "it went out once, and may have arrived");
  telegram.behave(ok);
  await line.pass(600);
  assert.equal(line.outbox().view().pending, 0);
  const order = telegram.requests.map(({ call }) => call);
  assert.equal(order.at(-2), "getMe");
  assert.equal(sent(), 2, "at least once, not over and over");
});
