import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FoundContainer } from "../../../watchdog/collectors/containers.ts";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { ok } from "../../helpers/fakes/telegram.ts";
import { WALL_START_MS } from "../../helpers/fakes/virtual-clock.ts";
import { container } from "../golden/scene.ts";

process.env["TZ"] = "UTC";
const REFUSED = { kind: "refused", reason: "refused" } as const;
const LIMIT = { timeout: 20_000 };

const toldBy = ({ telegram }: Pipeline, from = 0): string[] =>
  telegram.messages
    .slice(from)
    .flatMap(({ text }) => told(text))
    .map(brief);
const textOf = ({ telegram }: Pipeline, notice: string): string =>
  telegram.messages.flatMap(({ text }) => told(text)).findLast((one) => brief(one) === notice)?.detail ?? "";
const set = (line: Pipeline, changes: Partial<FoundContainer>): void =>
  void line.scene.containers.set("web", container(changes));
/** Seconds after the pipeline's start, in wall time. */
const at = (seconds: number): number => WALL_START_MS + seconds * 1000;

describe("the times that are told are the real ones", () => {
  it("a container's: from the engine's FinishedAt to its StartedAt", LIMIT, async () => {
    const line = pipeline();
    await line.pass(60);
    set(line, { state: "exited", exitCode: 1, finishedAtMs: at(40) });
    await line.pass(120);
    assert.match(textOf(line, "🔴 Container web"), /^Since 03:04:45 UTC\.$/m);
    set(line, { startedAtMs: at(160) });
    await line.pass(90);
    assert.match(
      textOf(line, "🟢 Container web"),
      /^recovered: it lasted 2 minutes \(03:04:45 UTC – 03:06:45 UTC\)\.$/m,
    );
  });

  it("a start of the watchdog is not since when a container is down", LIMIT, async () => {
    const line = pipeline();
    set(line, { state: "exited", exitCode: 1, finishedAtMs: at(-7200) });
    await line.pass(60);
    assert.match(textOf(line, "🔴 Container web"), /^Since 01:04:05 UTC\.$/m);
    assert.doesNotMatch(textOf(line, "🔴 Container web"), /late/);
  });

  it("an engine whose clock is another one is not believed", LIMIT, async () => {
    // Ahead, and behind: neither fits between the readings.
    for (const [finishedAtMs, startedAtMs] of [
      [at(7200), at(7300)],
      [at(-7200), at(-7100)],
    ] as const) {
      const line = pipeline();
      await line.pass(60);
      set(line, { state: "exited", exitCode: 1, finishedAtMs });
      await line.pass(60);
      assert.match(textOf(line, "🔴 Container web"), /^Since 03:05:05 UTC\.$/m);
      set(line, { startedAtMs });
      await line.pass(90);
      assert.match(textOf(line, "🟢 Container web"), /\(03:05:05 UTC – 03:06:05 UTC\)/);
    }
  });

  it("with a health check it ends when that says so, not with the start", LIMIT, async () => {
    const line = pipeline();
    await line.pass(30);
    set(line, { state: "exited", exitCode: 1, finishedAtMs: at(20) });
    await line.pass(60);
    set(line, { health: "starting", startedAtMs: at(80) });
    await line.pass(60);
    set(line, { health: "healthy", startedAtMs: at(80) });
    await line.pass(60);
    assert.match(textOf(line, "🟢 Container web"), /\(03:04:25 UTC – 03:06:35 UTC\)/);
  });

  it(
    "everything else's: from the first bad to the first good reading, and the recovery is not late for that",
    LIMIT,
    async () => {
      const line = pipeline({ WATCHDOG_CLEAR_TICKS: "5" });
      await line.pass(60);
      line.scene.memoryPct = 95;
      await line.pass(300);
      line.scene.memoryPct = 40;
      await line.pass(300);
      assert.deepEqual(toldBy(line), ["🔴 Host memory", "🟢 Host memory"]);
      assert.match(
        textOf(line, "🟢 Host memory"),
        /^recovered: it lasted 5 minutes \(03:05:05 UTC – 03:10:05 UTC\)\.$/m,
      );
      assert.doesNotMatch(textOf(line, "🟢 Host memory"), /late/);
    },
  );

  it("a good reading that did not last ends nothing", LIMIT, async () => {
    const line = pipeline();
    for (const [memoryPct, seconds] of [
      [95, 60],
      [40, 30],
      [95, 60],
      [40, 90],
    ] as const) {
      line.scene.memoryPct = memoryPct;
      await line.pass(seconds);
    }
    assert.match(textOf(line, "🟢 Host memory"), /\(03:04:05 UTC – 03:06:35 UTC\)/);
  });
});

describe("jobs that failed while the orchestrator was down", () => {
  for (const env of [{}, { WATCHDOG_ORCH_CONTAINER: "web" }]) {
    it(`ring once it is back (${Object.keys(env).join() || "no container named"})`, LIMIT, async () => {
      const line = pipeline(env);
      await line.pass(60);
      line.scene.metrics = REFUSED;
      set(line, { state: "exited", exitCode: 1 });
      await line.pass(180);
      assert.deepEqual(new Set(toldBy(line)), new Set(["🔴 Container web", "🔴 Orchestrator down"]));
      const before = line.telegram.messages.length;
      line.scene.metrics = undefined;
      set(line, {});
      line.scene.queue = { ...line.scene.queue, failed: line.scene.queue.failed + 4 };
      await line.pass(120);
      const job = line.telegram.messages.slice(before).find(({ text }) => text.includes("Job failed"));
      assert.deepEqual([job?.silent, job?.replyTo], [false, undefined]);
      assert.match(textOf(line, "🔴 Job failed"), /^4 new failures/);
    });
  }

  it("ring too while its container comes up but its health check has not spoken", LIMIT, async () => {
    const line = pipeline({ WATCHDOG_ORCH_CONTAINER: "web" });
    await line.pass(60);
    line.scene.metrics = REFUSED;
    set(line, { state: "exited", exitCode: 1 });
    await line.pass(180);
    line.scene.metrics = undefined;
    set(line, { health: "starting" });
    line.scene.queue = { ...line.scene.queue, failed: line.scene.queue.failed + 1 };
    await line.pass(30);
    assert.equal(line.telegram.messages.find(({ text }) => text.includes("Job failed"))?.silent, false);
  });
});

describe("flapping is what changes now", () => {
  it("a loop that became steady ten minutes ago is recovered, though that is its sixth change", LIMIT, async () => {
    const line = pipeline();
    await line.pass(60);
    // Two short stops, then a restart loop: five changes.
    for (const changes of [{ state: "exited" }, {}, { state: "exited" }, {}] as const) {
      set(line, changes);
      await line.pass(90);
    }
    for (let restartCount = 1; restartCount <= 4; restartCount += 1) {
      set(line, { restartCount, startedAtMs: line.clock.wallMs() });
      await line.pass(30);
    }
    const before = line.telegram.messages.length;
    assert.equal(toldBy(line).at(-1), "🔴 Container web");
    await line.pass(13 * 60);
    assert.deepEqual(toldBy(line, before), ["🟢 Container web"]);
    assert.match(textOf(line, "🟢 Container web"), /^recovered: it lasted 30 seconds /m);
  });

  it("a stop long after the changes is told at once", LIMIT, async () => {
    const line = pipeline({ WATCHDOG_CLEAR_TICKS: "1", WATCHDOG_CONTAINER_DOWN_TICKS: "1" });
    await line.pass(60);
    for (const changes of [{ state: "exited" }, {}, { state: "exited" }, {}] as const) {
      set(line, changes);
      await line.pass(120);
    }
    assert.deepEqual(toldBy(line), ["🔴 Container web", "🟢 Container web", "🔴 Container web", "🟢 Container web"]);
    await line.pass(16 * 60);
    for (const changes of [{ state: "exited" }, {}] as const) {
      set(line, changes);
      await line.pass(30);
    }
    assert.deepEqual(
      toldBy(line).slice(4),
      ["🔴 Container web", "🟢 Container web"],
      "six changes within the hour, but with a quiet quarter between them",
    );
  });

  it("what flapped while Telegram was away and has settled since is told as what it is", LIMIT, async () => {
    const QUICK = { WATCHDOG_CLEAR_TICKS: "1", WATCHDOG_CONTAINER_DOWN_TICKS: "1" };
    for (const [last, expected] of [
      [{}, "🟢 Container web"],
      [{ state: "exited" }, "🔴 Container web"],
    ] as const) {
      const line = pipeline(QUICK);
      await line.pass(60);
      line.telegram.behave("ECONNREFUSED");
      for (const changes of [
        { state: "exited" },
        {},
        { state: "exited" },
        {},
        { state: "exited" },
        {},
        { state: "exited" },
        last,
      ] as const) {
        set(line, changes);
        await line.pass(60);
      }
      await line.pass(240);
      line.telegram.behave(ok);
      await line.pass(600);
      assert.deepEqual(toldBy(line), [expected]);
    }
  });
});
