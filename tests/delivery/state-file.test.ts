import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { brief } from "../helpers/told.ts";
import { until } from "../helpers/wait.ts";
import { DATA, makeWorld, type World } from "../helpers/world.ts";

const fileOf = ({ dir }: World): string => join(dir, "state.json");
const withFile = (world: World): Readonly<Record<string, string>> => ({ WATCHDOG_STATE_FILE: fileOf(world) });
const briefs = ({ telegram }: World): string[] => telegram.told().map(brief);

/** Not of this program, of a later one, or not whole. */
const UNUSABLE: Readonly<Record<string, (good: string) => string>> = {
  "torn": (good) => good.slice(0, good.length / 2),
  "empty": () => "",
  "foreign": () => JSON.stringify({ format: "somebody-elses", version: 1, ledger: [] }),
  "no JSON": () => "\u0000\u0001 not JSON",
  "newer": (good) => good.replace("\"version\":1", "\"version\":2"),
  "with a part of the wrong type": (good) => good.replace("\"ledger\":[", "\"ledger\":[7,"),
};

describe("WATCHDOG_STATE_FILE", { concurrency: 5 }, () => {
  it("lets a killed watchdog go on: what stands is not told again, what ended meanwhile is", async (t) => {
    const world = await makeWorld(t);
    const { telegram, host, db } = world;
    const first = await world.start(withFile(world));
    host.disk(DATA, { usedPct: 93 });
    await telegram.waitForMessages(1);
    db.status = 503;
    await telegram.waitForMessages(2);
    await first.statusWhere("both told", ({ delivery, signals }) => delivery.pending === 0 && signals.filter(({ alerting }) => alerting).length === 2);
    await first.kill();
    db.status = 200;
    const second = await world.start(withFile(world));
    await telegram.waitForMessages(3);
    await second.ticks(5);
    assert.deepEqual(briefs(world), ["🔴 Disk data", "🔴 Dependency db", "🟢 Dependency db"]);
    host.disk(DATA, { usedPct: 40 });
    await telegram.waitForMessages(4);
    assert.deepEqual(briefs(world).at(-1), "🟢 Disk data");
  });

  it("unset: after a restart an alert that stands is sent once more", async (t) => {
    const world = await makeWorld(t);
    const first = await world.start();
    world.host.disk(DATA, { usedPct: 93 });
    await world.telegram.waitForMessages(1);
    await first.kill();
    const second = await world.start();
    await world.telegram.waitForMessages(2);
    await second.ticks(4);
    assert.deepEqual(briefs(world), ["🔴 Disk data", "🔴 Disk data"]);
  });

  it("counts failed jobs on from where the run before stopped", async (t) => {
    const world = await makeWorld(t);
    const first = await world.start(withFile(world));
    await until("the baseline", () => existsSync(fileOf(world)) && /"failedJobs":3/.test(readFileSync(fileOf(world), "utf8")));
    await first.kill();
    world.metrics.orchestrator.counts.failed = 5;
    await world.start(withFile(world));
    const [message] = await world.telegram.waitForMessages(1);
    assert.match(message?.text ?? "", /^🔴 host-1 · Job failed\n2 new failures/);
  });

  for (const [what, spoil] of Object.entries(UNUSABLE)) {
    it(`a file that is ${what} is set aside with a warning, and the watch begins anew`, async (t) => {
      const world = await makeWorld(t);
      const first = await world.start(withFile(world));
      world.host.disk(DATA, { usedPct: 93 });
      await world.telegram.waitForMessages(1);
      await first.stop();
      const spoilt = spoil(readFileSync(fileOf(world), "utf8"));
      writeFileSync(fileOf(world), spoilt);
      const second = await world.start(withFile(world));
      await world.telegram.waitForMessages(2);
      assert.match(second.output(), /warn .+WATCHDOG_STATE_FILE could not be used and was set aside/);
      assert.equal(readFileSync(`${fileOf(world)}.bad`, "utf8"), spoilt);
      assert.deepEqual(briefs(world), ["🔴 Disk data", "🔴 Disk data"]);
      await until("a good file", () => existsSync(fileOf(world)) && JSON.parse(readFileSync(fileOf(world), "utf8")));
    });
  }

  const UNWRITABLE: Readonly<Record<string, (world: World) => string>> = {
    "in a folder that is not there": ({ dir }) => join(dir, "nowhere", "state.json"),
    "below a file": ({ dir }) => {
      writeFileSync(join(dir, "file"), "kept");
      return join(dir, "file", "state.json");
    },
    "a folder": ({ dir }) => {
      mkdirSync(join(dir, "volume"));
      writeFileSync(join(dir, "volume", "somebody-elses"), "kept");
      return join(dir, "volume");
    },
    "a device": () => "/dev/full",
  };
  for (const [what, pathOf] of Object.entries(UNWRITABLE)) {
    it(`a path ${what} is reported once, and the watch goes on without`, async (t) => {
      const world = await makeWorld(t);
      const path = pathOf(world);
      const daemon = await world.start({ WATCHDOG_STATE_FILE: path });
      world.host.disk(DATA, { usedPct: 93 });
      await world.telegram.waitForMessages(1);
      await daemon.ticks(3);
      const { stateFile } = (await daemon.status()) as unknown as { stateFile: { path: string; lastError: string | null } };
      assert.equal(stateFile.path, path);
      assert.notEqual(stateFile.lastError, null);
      assert.equal(daemon.output().match(/WATCHDOG_STATE_FILE cannot be written/g)?.length, 1);
      await daemon.stop();
      if (what === "a folder") assert.equal(readFileSync(join(path, "somebody-elses"), "utf8"), "kept", "it is no file of ours: nothing is moved");
      if (what === "below a file") assert.equal(readFileSync(join(world.dir, "file"), "utf8"), "kept");
      assert.ok(statSync("/dev/full").isCharacterDevice() && !existsSync("/dev/full.bad"));
    });
  }

  it("is written only when something changed, and readable by nobody else", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start(withFile(world));
    await daemon.ticks(3);
    const inode = (): number => statSync(fileOf(world)).ino;
    const quiet = { inode: inode(), text: readFileSync(fileOf(world), "utf8") };
    await daemon.ticks(10);
    assert.deepEqual({ inode: inode(), text: readFileSync(fileOf(world), "utf8") }, quiet, "nothing happened: nothing is written");
    assert.equal(statSync(fileOf(world)).mode & 0o777, 0o600);
    world.host.disk(DATA, { usedPct: 93 });
    await world.telegram.waitForMessages(1);
    await until("the news in it", () => readFileSync(fileOf(world), "utf8").includes("\"alerting\":true"));
    await daemon.ticks(2);
    const standing = inode();
    // Every tick words the reading anew.
    for (const usedPct of [93.5, 94, 94.5]) {
      world.host.disk(DATA, { usedPct });
      await daemon.ticks(2);
    }
    assert.equal(inode(), standing, "other words are no news");
    assert.ok(!readFileSync(fileOf(world), "utf8").includes(world.env["WATCHDOG_TG_BOT_TOKEN"] ?? "-"));
  });
});
