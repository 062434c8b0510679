import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { makeWorld } from "../../helpers/fakes/world.ts";
import type { Scene } from "../../pipeline/golden/scene.ts";

const UP = { up: true } as const;
const DOWN = { up: false, kind: "refused", reason: "refused" } as const;
const QUICK = {
  WATCHDOG_DEP_DOWN_TICKS: "1",
  WATCHDOG_CLEAR_TICKS: "1",
  WATCHDOG_ORCH_DOWN_TICKS: "1",
  WATCHDOG_BLIND_TICKS: "1",
};

const toldBy = ({ telegram }: Pipeline, from = 0): string[] =>
  telegram.messages
    .slice(from)
    .flatMap(({ text }) => told(text))
    .map(brief);

/** `times` changes, two minutes apart. */
async function toggle(
  line: Pipeline,
  times: number,
  set: (bad: boolean) => void,
  startBad = true,
  apartS = 120,
): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    set((index % 2 === 0) === startBad);
    await line.pass(apartS);
  }
}

it("the bundle: six changes are called flapping, then it is quiet, then it says how it settled", async (t) => {
  const world = await makeWorld(t, { ...QUICK, WATCHDOG_FLAP_STEADY_S: "5" });
  const { telegram, db } = world;
  const daemon = await world.start();
  const change = async (down: boolean): Promise<void> => {
    db.status = down ? 503 : 200;
    await daemon.statusWhere(
      `db ${down ? "down" : "up"}`,
      ({ signals, delivery }) =>
        delivery.pending === 0 && signals.some(({ key, active }) => key === "dep:db" && active === down),
    );
  };
  for (const down of [true, false, true, false, true, false]) await change(down);
  await until("the word for it", () => telegram.told().some(({ mark }) => mark === "🟠"));
  const before = telegram.messages.length;
  assert.deepEqual(
    telegram.told().map(({ mark }) => mark),
    ["🔴", "🟢", "🔴", "🟢", "🔴", "🟠"],
  );
  assert.match(telegram.told().at(-1)?.detail ?? "", /^Flapping: 6 changes of state within .+; good now\./);
  for (const down of [true, false, true, false]) await change(down);
  assert.equal(telegram.messages.length, before, "quiet while it goes on");
  await until("how it settled", () => telegram.messages.length > before);
  assert.equal(brief(telegram.told().at(-1) ?? assert.fail()), "🟢 Dependency db");
  assert.match(telegram.told().at(-1)?.detail ?? "", /it settled; the state changed 10 times within/);
  // Then it is judged as ever.
  await change(true);
  await until("an alert", () => telegram.messages.length === before + 2);
  assert.equal(brief(telegram.told().at(-1) ?? assert.fail()), "🔴 Dependency db");
});

describe("on the virtual clock, with the default periods", () => {
  it("a flapping key that is bad for two minutes on end is told, audibly, and its recovery when it settled", async () => {
    const line = pipeline(QUICK);
    await line.pass(60);
    const set = (bad: boolean): void => void line.scene.deps.set("db", bad ? DOWN : UP);
    await toggle(line, 6, set, true, 60);
    assert.equal(toldBy(line).at(-1), "🟠 Dependency db");
    const before = line.telegram.messages.length;
    await toggle(line, 4, set, true, 60);
    assert.deepEqual(toldBy(line, before), [], "bad for a minute at a time is quiet");
    set(true);
    await line.pass(90);
    assert.deepEqual(toldBy(line, before), []);
    await line.pass(90);
    assert.deepEqual(toldBy(line, before), ["🔴 Dependency db"]);
    assert.equal(line.telegram.messages.at(-1)?.silent, false);
    set(false);
    await line.pass(14 * 60);
    assert.deepEqual(toldBy(line, before), ["🔴 Dependency db"]);
    await line.pass(2 * 60);
    assert.deepEqual(toldBy(line, before), ["🔴 Dependency db", "🟢 Dependency db"]);
  });

  it("a flapping key that settles bad says so and alerts from then on", async () => {
    const line = pipeline({ ...QUICK, WATCHDOG_FLAP_STEADY_S: "100" });
    await line.pass(60);
    await toggle(line, 7, (bad) => void line.scene.deps.set("db", bad ? DOWN : UP), true, 60);
    const before = line.telegram.messages.length;
    await line.pass(120);
    assert.deepEqual(toldBy(line, before), ["🔴 Dependency db"]);
    assert.match(line.telegram.messages.at(-1)?.text ?? "", /It settled, but bad/);
    await line.pass(1800);
    assert.deepEqual(
      toldBy(line, before),
      ["🔴 Dependency db", "🔁 Dependency db"],
      "repeated after the cooldown, as every alert",
    );
  });

  it("six changes in more than the window are no flapping", async () => {
    const line = pipeline(QUICK);
    await line.pass(60);
    await toggle(line, 12, (bad) => void line.scene.deps.set("db", bad ? DOWN : UP), true, 750);
    assert.deepEqual(
      toldBy(line),
      Array.from({ length: 12 }, (_, index) => `${index % 2 === 0 ? "🔴" : "🟢"} Dependency db`),
    );
  });

  it("0 changes switches it off", async () => {
    const line = pipeline({ ...QUICK, WATCHDOG_FLAP_CHANGES: "0" });
    await line.pass(60);
    await toggle(line, 20, (bad) => void line.scene.deps.set("db", bad ? DOWN : UP));
    assert.equal(toldBy(line).length, 20);
  });

  const NEVER: Readonly<Record<string, (scene: Scene, bad: boolean) => void>> = {
    "Orchestrator down": (scene, bad) => void (scene.metrics = bad ? DOWN : undefined),
    "Source unavailable: docker": (scene, bad) => void (scene.docker = bad ? DOWN : undefined),
    "Source unavailable: mem": (scene, bad) => void (scene.memoryPct = bad ? DOWN : 40),
    "Disk data": (scene, bad) => void (scene.dataPct = bad ? 93 : 40),
    "Inodes data": (scene, bad) => void (scene.dataInodePct = bad ? 99 : 10),
  };
  for (const [title, set] of Object.entries(NEVER)) {
    it(`"${title}" is never called flapping: every change of it is told`, async () => {
      const line = pipeline(QUICK);
      await line.pass(60);
      await toggle(line, 16, (bad) => set(line.scene, bad));
      assert.deepEqual(
        toldBy(line),
        Array.from({ length: 16 }, (_, index) => `${index % 2 === 0 ? "🔴" : "🟢"} ${title}`),
      );
    });
  }
});
