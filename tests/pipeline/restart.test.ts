import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pipeline, pipeline } from "../helpers/drivers/pipeline.ts";
import { brief, told } from "../helpers/drivers/told.ts";
import { ok } from "../helpers/fakes/telegram.ts";
import { container, type Scene } from "./golden/scene.ts";

/** SIGKILL with a state file, on the virtual clock: what stands is neither told anew nor taken for recovered. */

const toldBy = ({ telegram }: Pipeline): string[] => telegram.messages.flatMap(({ text }) => told(text)).map(brief);

interface Standing {
  readonly tells: string;
  readonly bad: (scene: Scene, line: Pipeline) => void | Promise<void>;
  readonly good: (scene: Scene) => void;
}

const hung = { runId: "r-1", pid: 7, cpuTicks: 500 };

/** Every kind of signal, those above all that count over a longer time. */
const STANDING: readonly Standing[] = [
  { tells: "Disk data", bad: (scene) => void (scene.dataPct = 93), good: (scene) => void (scene.dataPct = 40) },
  {
    tells: "Agent hung: r-1",
    bad: (scene) => void (scene.agents = [hung]),
    good: (scene) => void (scene.agents = [{ ...hung, cpuTicks: 501 }]),
  },
  {
    tells: "Queue stalled",
    bad: (scene) => void (scene.queue = { queued: 4, running: 0, done: 40, failed: 3 }),
    good: (scene) => void (scene.queue = { queued: 3, running: 1, done: 41, failed: 3 }),
  },
  {
    tells: "Metrics stale",
    bad: (scene, { clock }) => void (scene.generatedAtS = clock.wallMs() / 1000),
    good: (scene) => void (scene.generatedAtS = undefined),
  },
  {
    tells: "Container web",
    good: (scene) => void scene.containers.set("web", container({ restartCount: 3 })),
    bad: async (scene, line) => {
      for (let restartCount = 1; restartCount <= 3; restartCount += 1) {
        scene.containers.set("web", container({ restartCount }));
        await line.pass(30);
      }
    },
  },
  {
    tells: "Dependency db",
    bad: (scene) => void scene.deps.set("db", { up: false, kind: "refused", reason: "refused" }),
    good: (scene) => void scene.deps.set("db", { up: true }),
  },
  {
    tells: "Source unavailable: docker",
    bad: (scene) => void (scene.docker = { kind: "refused", reason: "refused" }),
    good: (scene) => void (scene.docker = undefined),
  },
  {
    tells: "Blocking process 77",
    bad: (scene, { clock }) =>
      void scene.processes.set(77, { startedMs: clock.wallMs() - 7_200_000, command: "pytest" }),
    good: (scene) => scene.processes.clear(),
  },
  {
    tells: "Orchestrator down",
    bad: (scene) => void (scene.metrics = { kind: "refused", reason: "refused" }),
    good: (scene) => void (scene.metrics = undefined),
  },
];

for (const { tells, bad, good } of STANDING) {
  test(`killed while "${tells}" stands: not told again after the restart, and its end is told once`, async () => {
    const line = pipeline({
      WATCHDOG_COOLDOWN_S: "86400",
      WATCHDOG_PROC_ENABLED: "true",
      WATCHDOG_PROC_COOLDOWN_S: "86400",
    });
    await line.pass(60);
    await bad(line.scene, line);
    for (let minutes = 0; toldBy(line).length === 0 && minutes < 40; minutes += 1) await line.pass(60);
    assert.deepEqual(toldBy(line), [`🔴 ${tells}`]);

    line.kill();
    await line.clock.advance(60_000);
    await line.restart();
    await line.pass(180);
    assert.deepEqual(toldBy(line), [`🔴 ${tells}`], "it still stands: there is nothing to tell");

    good(line.scene);
    await line.pass(15 * 60);
    assert.deepEqual(toldBy(line), [`🔴 ${tells}`, `🟢 ${tells}`]);
  });

  test(`"${tells}" ends while nobody watches: its end is told`, async () => {
    const line = pipeline({
      WATCHDOG_COOLDOWN_S: "86400",
      WATCHDOG_PROC_ENABLED: "true",
      WATCHDOG_PROC_COOLDOWN_S: "86400",
    });
    await line.pass(60);
    await bad(line.scene, line);
    for (let minutes = 0; toldBy(line).length === 0 && minutes < 40; minutes += 1) await line.pass(60);
    line.kill();
    good(line.scene);
    await line.clock.advance(20 * 60_000);
    await line.restart();
    await line.pass(15 * 60);
    assert.deepEqual(toldBy(line), [`🔴 ${tells}`, `🟢 ${tells}`]);
  });
}

test("killed within the grace after a reboot: the reboot is told by the next run", async () => {
  const line = pipeline({ WATCHDOG_STARTUP_GRACE_S: "60" });
  await line.pass(60);
  line.kill();
  line.scene.containers.set("web", container({ state: "exited", exitCode: 1 }));
  await line.restart({ bootId: "boot-2" });
  await line.pass(30);
  assert.deepEqual(toldBy(line), [], "it is awaited");
  line.kill();
  await line.restart({ bootId: "boot-2" });
  await line.pass(120);
  assert.deepEqual(toldBy(line).sort(), ["ℹ️ Host rebooted", "🔴 Container web"].sort());
  assert.equal(line.telegram.messages.length, 1);
  line.kill();
  await line.restart({ bootId: "boot-2" });
  await line.pass(120);
  assert.equal(toldBy(line).length, 2, "and only once");
});

test("a summary of the fallback that was flushed at the end is not told again", async () => {
  const line = pipeline({
    WATCHDOG_FALLBACK_WEBHOOK_URL: "http://hook.example/secret-path",
    WATCHDOG_FALLBACK_AFTER_S: "60",
  });
  await line.pass(60);
  line.telegram.behave("ECONNREFUSED");
  line.scene.dataPct = 93;
  await line.pass(300);
  assert.equal(line.webhook.bodies.length, 1);
  line.telegram.behave(ok);
  await line.stop();
  assert.deepEqual(toldBy(line), ["ℹ️ Telegram is back"]);
  await line.restart();
  await line.pass(300);
  assert.deepEqual(toldBy(line), ["ℹ️ Telegram is back"]);
});
