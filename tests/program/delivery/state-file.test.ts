import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Problem } from "../../../watchdog/config/table.ts";
import type { Saved } from "../../../watchdog/state/codec.ts";
import { stateFile, writeAtomically } from "../../../watchdog/state/file.ts";
import type { Status } from "../../helpers/drivers/daemon.ts";
import { SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";
import { brief } from "../../helpers/drivers/told.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { ok } from "../../helpers/fakes/telegram.ts";
import { DATA, makeWorld, type World } from "../../helpers/fakes/world.ts";

const fileOf = ({ dir }: World): string => join(dir, "state.json");
const withFile = (world: World): Readonly<Record<string, string>> => ({ WATCHDOG_STATE_FILE: fileOf(world) });
const briefs = ({ telegram }: World): string[] => telegram.told().map(brief);

/** Ours, but not whole. */
const DAMAGED: Readonly<Record<string, (good: string) => string>> = {
  torn: (good) => good.slice(0, good.length / 2),
  "of brackets by the million, which would not fit into memory": (good) =>
    good.replace(/\}\s*$/, `,"z":[${"[],".repeat(1_000_000)}[]]}`),
  "torn in its first word": (good) => good.slice(0, 12),
  "with a part of the wrong type": (good) => good.replace('"ledger":[', '"ledger":[7,'),
};
/** Not ours to touch, with what is said of it. */
const FOREIGN: Readonly<Record<string, readonly [(good: string) => string, RegExp]>> = {
  "another program's": [
    () => JSON.stringify({ format: "somebody-elses", version: 1, ledger: [] }),
    /another program's file/,
  ],
  "no JSON": [() => "\u0000\u0001 not JSON", /another program's file/],
  "of a later version": [(good) => good.replace('"version":1', '"version":2'), /later version/],
};

const SHARED = "is written by another running watchdog too; give each of them a file of its own";
const savedWith = (failedJobs: number): Saved => ({
  ledger: new Map(),
  damping: new Map(),
  counted: { agents: [], restarts: [] },
  telegram: {},
  failedJobs,
});

/** One run of the program on the file, as far as it is about that. */
interface Run {
  readonly problems: readonly string[];
  /** What it found of the run before. */
  readonly loaded: number | undefined;
  save(failedJobs: number): Promise<void>;
}

const TAKEN: Readonly<Record<string, (temporary: string, victim: string) => void>> = {
  "a file": (temporary) => writeFileSync(temporary, "somebody's"),
  "a link to a file": (temporary, victim) => symlinkSync(victim, temporary),
  "a link to nothing": (temporary, victim) => symlinkSync(`${victim}-to-be`, temporary),
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
    await first.statusWhere(
      "both told",
      ({ delivery, signals }) => delivery.pending === 0 && signals.filter(({ alerting }) => alerting).length === 2,
    );
    // The file is written beside the loop, a moment after a delivery.
    await until(
      "both told in the file",
      () => readFileSync(fileOf(world), "utf8").match(/"alerting":true/g)?.length === 2,
    );
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

  it("an alert is in the file before it is sent, so that a run killed in between leaves none without its end", {
    timeout: 60_000,
  }, async (t) => {
    const world = await makeWorld(t);
    const first = await world.start(withFile(world));
    await until("a file", () => existsSync(fileOf(world)));
    world.telegram.behave((request) => {
      assert.match(readFileSync(fileOf(world), "utf8"), /"key":"dep:db"/);
      return ok(request);
    });
    world.db.status = 503;
    await world.telegram.waitForMessages(1);
    await first.kill();
    world.db.status = 200;
    await world.start(withFile(world));
    // Killed before the delivery was noted it may be told once more; its end is told in any case.
    await until("the end of it", () => briefs(world).includes("🟢 Dependency db"));
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
    await until(
      "the baseline",
      () => existsSync(fileOf(world)) && /"failedJobs":3/.test(readFileSync(fileOf(world), "utf8")),
    );
    await first.kill();
    world.metrics.orchestrator.counts.failed = 5;
    await world.start(withFile(world));
    const [message] = await world.telegram.waitForMessages(1);
    assert.match(message?.text ?? "", /^🔴 host-1 · Job failed\n2 new failures/);
  });

  for (const [what, spoil] of Object.entries(DAMAGED)) {
    it(`a file of ours that is ${what} is set aside under a free name, and the watch begins anew`, {
      timeout: 60_000,
    }, async (t) => {
      const world = await makeWorld(t);
      const first = await world.start(withFile(world));
      world.host.disk(DATA, { usedPct: 93 });
      await world.telegram.waitForMessages(1);
      await first.stop();
      const spoilt = spoil(readFileSync(fileOf(world), "utf8"));
      writeFileSync(fileOf(world), spoilt);
      writeFileSync(`${fileOf(world)}.bad`, "an older one");
      const second = await world.start(withFile(world));
      await world.telegram.waitForMessages(2);
      assert.match(second.output(), /warn .+WATCHDOG_STATE_FILE could not be used and was set aside/);
      assert.equal(readFileSync(`${fileOf(world)}.bad`, "utf8"), "an older one");
      assert.equal(readFileSync(`${fileOf(world)}.bad.1`, "utf8"), spoilt);
      assert.deepEqual(briefs(world), ["🔴 Disk data", "🔴 Disk data"]);
      await until("a good file", () => {
        try {
          return JSON.parse(readFileSync(fileOf(world), "utf8")) !== undefined;
        } catch {
          return false;
        }
      });
    });
  }

  for (const [what, [spoil, says]] of Object.entries(FOREIGN)) {
    it(`a file that is ${what} stays as it is, byte for byte, and is a problem`, { timeout: 60_000 }, async (t) => {
      const world = await makeWorld(t);
      const first = await world.start(withFile(world));
      await until("a file", () => existsSync(fileOf(world)));
      await first.stop();
      const text = spoil(readFileSync(fileOf(world), "utf8"));
      writeFileSync(fileOf(world), text);
      const second = await world.start(withFile(world));
      world.host.disk(DATA, { usedPct: 93 });
      await world.telegram.waitForMessages(1);
      const { problems } = await second.ticks(3);
      assert.ok(
        problems.some((problem) => says.test(problem)),
        problems.join("\n"),
      );
      await second.stop();
      assert.equal(readFileSync(fileOf(world), "utf8"), text);
      assert.deepEqual(
        readdirSync(world.dir).filter((name) => name.startsWith("state.json")),
        ["state.json"],
      );
    });
  }

  it("an empty file, as one touches it for a mount, is used", { timeout: 60_000 }, async (t) => {
    const world = await makeWorld(t);
    writeFileSync(fileOf(world), "");
    const daemon = await world.start(withFile(world));
    await until("a document", () => readFileSync(fileOf(world), "utf8").startsWith('{"format":"watchdog-state"'));
    assert.deepEqual((await daemon.status()).problems, []);
  });

  it("a pipe holds nothing up, and a link where the temporary file would be is neither followed nor replaced", {
    timeout: 60_000,
  }, async (t) => {
    const world = await makeWorld(t);
    execFileSync("mkfifo", [join(world.dir, "pipe")]);
    const daemon = await world.start({ WATCHDOG_STATE_FILE: join(world.dir, "pipe") });
    await daemon.ticks(2);
    await daemon.stop();
    writeFileSync(join(world.dir, "victim"), "kept");
    symlinkSync(join(world.dir, "victim"), `${fileOf(world)}.tmp`);
    const second = await world.start(withFile(world));
    await until("a document", () => existsSync(fileOf(world)));
    await second.stop();
    assert.equal(readFileSync(join(world.dir, "victim"), "utf8"), "kept");
    assert.equal(readlinkSync(`${fileOf(world)}.tmp`), join(world.dir, "victim"));
  });

  it("of two daemons on one file each one notices, says so in /status and log, and keeps nothing from then on", {
    timeout: 60_000,
  }, async (t) => {
    const world = await makeWorld(t);
    const first = await world.start(withFile(world));
    await until("its document", () => existsSync(fileOf(world)));
    const second = await world.start(withFile(world));
    const isShared = ({ problems }: Status): boolean => problems.some((problem) => problem.includes(SHARED));
    await first.statusWhere("the problem of the first one", (status) => {
      // Each change is something to write.
      world.host.disk(DATA, { usedPct: 93 });
      return isShared(status);
    });
    world.db.status = 503;
    await second.statusWhere("the problem of the second one", isShared);
    const text = readFileSync(fileOf(world), "utf8");
    world.host.disk(DATA, { usedPct: 40 });
    await until("the end of it", () => briefs(world).filter((one) => one === "🟢 Disk data").length === 2);
    for (const daemon of [first, second]) {
      const status = await daemon.ticks(2);
      assert.equal(status.problems.length, 1, status.problems.join("\n"));
      assert.equal(
        (status as unknown as { stateFile: { lastError: string | null } }).stateFile.lastError,
        "is written by another running watchdog too",
      );
      assert.equal(
        daemon
          .output()
          .match(
            /error .*configuration: WATCHDOG_STATE_FILE=.* is written by another running watchdog too; give each of them a file of its own/g,
          )?.length,
        1,
      );
    }
    assert.equal(readFileSync(fileOf(world), "utf8"), text, "nobody writes any more");
    await second.stop();
    await first.kill();
    const third = await world.start(withFile(world));
    await until("that one's document", () => readFileSync(fileOf(world), "utf8") !== text);
    world.host.disk(DATA, { usedPct: 93 });
    await until("its news", () => /"alerting":true/.test(readFileSync(fileOf(world), "utf8")));
    assert.deepEqual((await third.ticks(2)).problems, [], "alone on it again, it goes on");
  });

  it("whichever of two or three writes first, all of them are told, and runs that follow one another never", {
    timeout: 10_000,
  }, async (t) => {
    const path = join(tempDir(t), "state.json");
    const begin = async (): Promise<Run> => {
      const problems: Problem[] = [];
      const file = stateFile(path, SILENT_LOG, problems);
      const loaded = await file.load({ wallMs: 0, monoMs: 0 });
      return {
        get problems() {
          return problems.map(({ text }) => text);
        },
        loaded: loaded?.failedJobs,
        save: async (failedJobs) => {
          file.save(savedWith(failedJobs));
          await file.settled();
        },
      };
    };
    // Each of these ends as after kill -9, without a word; the last one also follows a run that wrote nothing.
    let last: Run | undefined;
    for (const failedJobs of [1, 2, 3]) {
      last = await begin();
      assert.equal(last.loaded, failedJobs === 1 ? undefined : failedJobs - 1);
      await last.save(failedJobs);
      await last.save(failedJobs + 0.5);
      await last.save(failedJobs);
      assert.deepEqual(last.problems, []);
    }
    await begin();
    const [one, two, three] = [await begin(), await begin(), await begin()];
    await one.save(10);
    assert.deepEqual(one.problems, [], "the run that it loaded from is not there any more");
    await two.save(20);
    await one.save(11);
    await three.save(30);
    const [said] = one.problems;
    assert.match(
      said ?? "",
      /^WATCHDOG_STATE_FILE=".*" is written by another running watchdog too; give each of them a file of its own; until then nothing is kept/,
    );
    for (const { problems } of [one, two, three]) assert.deepEqual(problems, [said]);
    assert.equal((await begin()).loaded, 30);
  });

  for (const [what, put] of Object.entries(TAKEN)) {
    it(`where ${what} has the temporary file's name, nothing is written, neither to it nor through it`, {
      timeout: 10_000,
    }, async (t) => {
      const dir = tempDir(t);
      const [path, temporary, victim] = [
        join(dir, "state.json"),
        join(dir, "state.json.0123456789abcdef.tmp"),
        join(dir, "victim"),
      ];
      writeFileSync(path, "state before");
      writeFileSync(victim, "precious");
      put(temporary, victim);
      const before = [lstatSync(temporary).ino, readdirSync(dir).sort()];
      await assert.rejects(writeAtomically(path, temporary, "new state"), /EEXIST/);
      assert.deepEqual(
        [lstatSync(temporary).ino, readdirSync(dir).sort()],
        before,
        "what has the name keeps it, and nothing new is there",
      );
      assert.equal(readFileSync(victim, "utf8"), "precious");
      assert.equal(readFileSync(path, "utf8"), "state before");
      if (what === "a file") assert.equal(readFileSync(temporary, "utf8"), "somebody's");
    });
  }

  for (const [when, beginsWith] of [
    ["before the first write", "nothing"],
    ["after it", "a document of ours"],
  ] as const) {
    it(`another program's file that appears ${when} stays as it is too`, { timeout: 10_000 }, async (t) => {
      const path = join(tempDir(t), "state.json");
      const problems: Problem[] = [];
      const file = stateFile(path, SILENT_LOG, problems);
      await file.load({ wallMs: 0, monoMs: 0 });
      const save = async (failedJobs: number): Promise<void> => {
        file.save(savedWith(failedJobs));
        await file.settled();
      };
      if (beginsWith !== "nothing") await save(1);
      writeFileSync(path, "precious");
      await save(2);
      assert.equal(readFileSync(path, "utf8"), "precious");
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.text ?? "", /another program's file/);
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
      const { stateFile } = (await daemon.status()) as unknown as {
        stateFile: { path: string; lastError: string | null };
      };
      assert.equal(stateFile.path, path);
      assert.notEqual(stateFile.lastError, null);
      assert.equal(daemon.output().match(/WATCHDOG_STATE_FILE cannot be written/g)?.length, 1);
      await daemon.stop();
      if (what === "a folder")
        assert.equal(
          readFileSync(join(path, "somebody-elses"), "utf8"),
          "kept",
          "it is no file of ours: nothing is moved",
        );
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
    assert.deepEqual(
      { inode: inode(), text: readFileSync(fileOf(world), "utf8") },
      quiet,
      "nothing happened: nothing is written",
    );
    assert.equal(statSync(fileOf(world)).mode & 0o777, 0o600);
    world.host.disk(DATA, { usedPct: 93 });
    await world.telegram.waitForMessages(1);
    await until("the news in it", () => readFileSync(fileOf(world), "utf8").includes('"alerting":true'));
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
