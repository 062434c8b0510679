import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keyOf } from "../../../watchdog/kinds.ts";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { ok } from "../../helpers/fakes/telegram.ts";

const LIMIT = { timeout: 20_000 };
const CRIT = { WATCHDOG_DISK_CRIT_ENABLED: "true" };
const toldBy = ({ telegram }: Pipeline, from = 0): string[] =>
  telegram.messages
    .slice(from)
    .flatMap(({ text }) => told(text))
    .map(brief);

/** Lives through levels of the disk `data`, each for so many seconds. */
async function levels(line: Pipeline, steps: readonly (readonly [pct: number, seconds: number])[]): Promise<void> {
  for (const [pct, seconds] of steps) {
    line.scene.dataPct = pct;
    await line.pass(seconds);
  }
}

describe("one disk, one alert", () => {
  it("what is over 97 % at once is one alert, repeated alone, and one recovery", LIMIT, async () => {
    const line = pipeline(CRIT);
    await levels(line, [
      [62, 60],
      [98, 3700],
      [62, 120],
    ]);
    assert.deepEqual(toldBy(line), [
      "🔴 Disk almost full data",
      "🔁 Disk almost full data",
      "🔁 Disk almost full data",
      "🟢 Disk almost full data",
    ]);
  });

  it(
    "the second limit takes over from the first, and gives back to it without a word more than is true",
    LIMIT,
    async () => {
      const line = pipeline(CRIT);
      await levels(line, [
        [62, 60],
        [90, 600],
        [98, 3600],
      ]);
      assert.deepEqual(toldBy(line), ["🔴 Disk data", "🔴 Disk almost full data", "🔁 Disk almost full data"]);
      assert.equal(
        line
          .watch()
          .lastTick()
          ?.signals.find(({ topic }) => keyOf(topic) === "disk:data")?.active,
        true,
        "its signal stays",
      );
      await levels(line, [[90, 1770]]);
      assert.deepEqual(
        toldBy(line).slice(3),
        ["🟢 Disk almost full data"],
        "no second alert, and no re-alert before a cooldown after that",
      );
      assert.match(
        line.telegram.messages.at(-1)?.text ?? "",
        /90% used \(threshold 97%\).* The alert at 85% stands\.$/m,
      );
      await levels(line, [
        [90, 120],
        [62, 120],
      ]);
      assert.deepEqual(toldBy(line).slice(4), ["🔁 Disk data", "🟢 Disk data"]);
    },
  );

  it(
    "a first limit that was never told by itself is told with the second one's recovery, and over later",
    LIMIT,
    async () => {
      const line = pipeline(CRIT);
      await levels(line, [
        [62, 60],
        [98, 60],
        [90, 1700],
        [62, 120],
      ]);
      assert.deepEqual(toldBy(line), ["🔴 Disk almost full data", "🟢 Disk almost full data", "🟢 Disk data"]);
    },
  );

  it("what came and went while Telegram was away is one message, what stands is another", LIMIT, async () => {
    for (const [after, expected] of [
      [62, ["🟢 Disk almost full data"]],
      [90, ["🔴 Disk data", "🟢 Disk almost full data"]],
    ] as const) {
      const line = pipeline(CRIT);
      await levels(line, [[62, 60]]);
      line.telegram.behave("ECONNREFUSED");
      await levels(line, [
        [98, 120],
        [after, 180],
      ]);
      line.telegram.behave(ok);
      await levels(line, [[after, 600]]);
      assert.deepEqual(toldBy(line).sort(), expected);
    }
  });

  it("other disks and inodes have their own alerts, and a muted second limit covers nothing", LIMIT, async () => {
    const line = pipeline(CRIT);
    line.scene.dataInodePct = 95;
    await levels(line, [[98, 60]]);
    assert.deepEqual(toldBy(line).sort(), ["🔴 Disk almost full data", "🔴 Inodes data"]);
    const muted = pipeline({ ...CRIT, WATCHDOG_MUTE: "disk_crit:*" });
    await levels(muted, [[98, 60]]);
    assert.deepEqual(toldBy(muted), ["🔴 Disk data"]);
  });
});

describe("a limit that is switched off between two runs", () => {
  it("is not told to be over: nothing is known of it, and what it covered is told at once", LIMIT, async () => {
    const line = pipeline(CRIT);
    await levels(line, [
      [62, 60],
      [98, 60],
    ]);
    await line.stop();
    await line.restart({ env: { WATCHDOG_DISK_CRIT_ENABLED: "false" } });
    await levels(line, [[98, 120]]);
    assert.deepEqual(toldBy(line), ["🔴 Disk almost full data", "🔴 Disk data"]);
  });

  const OFF: readonly (readonly [string, Readonly<Record<string, string>>, (line: Pipeline) => void, string])[] = [
    [
      "stale metrics",
      { WATCHDOG_METRICS_STALE_S: "0" },
      ({ scene, clock }) => {
        scene.generatedAtS = clock.wallMs() / 1000;
      },
      "🔴 Metrics stale",
    ],
    [
      "the queue",
      { WATCHDOG_QUEUE_STALLED_MIN: "0" },
      ({ scene }) => {
        scene.queue = { queued: 2, running: 0, done: 1, failed: 3 };
      },
      "🔴 Queue stalled",
    ],
    [
      "agents",
      { WATCHDOG_AGENT_HUNG_MIN: "0" },
      ({ scene }) => {
        scene.agents = [{ runId: "r", pid: 1, stage: "s", jobId: "j", cpuTicks: 5 }];
      },
      "🔴 Agent hung: r",
    ],
    [
      "inodes",
      { WATCHDOG_DISK_INODE_PCT: "0" },
      ({ scene }) => {
        scene.dataInodePct = 99;
      },
      "🔴 Inodes data",
    ],
    [
      "disks",
      { WATCHDOG_DISK_ENABLED: "false" },
      ({ scene }) => {
        scene.dataPct = 91;
      },
      "🔴 Disk data",
    ],
  ];
  for (const [name, env, bad, alert] of OFF) {
    it(`${name}: no recovery is told that nobody saw`, LIMIT, async () => {
      const line = pipeline();
      await line.pass(60);
      bad(line);
      await line.pass(7200);
      assert.ok(toldBy(line).includes(alert));
      const before = line.telegram.messages.length;
      await line.stop();
      await line.restart({ env });
      await line.pass(300);
      assert.deepEqual(toldBy(line, before), []);
    });
  }
});
