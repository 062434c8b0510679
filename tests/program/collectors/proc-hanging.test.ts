import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { procReader } from "../../../watchdog/collectors/proc/reader.ts";
import { type ProcReading, procCollector } from "../../../watchdog/collectors/proc.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";
import { BTIME_S, fakeProc } from "../../helpers/fakes/proc.ts";
import { settled } from "../../helpers/fakes/virtual-clock.ts";

const LIMIT = { timeout: 20_000 };
const DEADLINE_MS = 1000;

/** A scan whose reads can be made to hang, by path; its deadlines run on a clock that stands still. */
function rig(t: TestContext) {
  const proc = fakeProc(tempDir(t));
  const real = procReader();
  const hanging = new Map<string, (() => void) | undefined>();
  const reads: string[] = [];
  const answering = async (path: string): Promise<void> => {
    const name = path.slice(proc.root.length + 1);
    reads.push(name);
    if (hanging.has(name)) await new Promise<void>((resolve) => hanging.set(name, resolve));
  };
  const collector = procCollector(proc.root, ["pytest"], DEADLINE_MS, threadPool(8), {
    // Synchronously, so that no time passes but on the clock that stands still.
    ofProcess: async (path) => {
      await answering(path);
      const outcome = real(path);
      return Buffer.isBuffer(outcome) ? Buffer.from(outcome) : outcome;
    },
    whole: async (path) => {
      await answering(path);
      return readFileSync(path, "latin1");
    },
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return {
    proc,
    /** What was read in the last scan. */
    reads: () => reads.splice(0),
    hang: (name: string) => hanging.set(name, undefined),
    heal: async (name: string) => {
      hanging.get(name)?.();
      hanging.delete(name);
      await settled();
    },
    /** Time passes, round by round, until the scan is done. */
    scan: async (): Promise<ProcReading> => {
      let over = false;
      const scanning = collector
        .collect({ wallMs: (BTIME_S + 5000) * 1000, monoMs: 0, signal: new AbortController().signal })
        .finally(() => (over = true));
      scanning.catch(() => {});
      while (!over) {
        await settled();
        if (!over) t.mock.timers.tick(DEADLINE_MS);
      }
      return scanning;
    },
  };
}
const pids = ({ candidates }: ProcReading): number[] => candidates.map(({ pid }) => pid).sort((a, b) => a - b);
const unread = ({ unreadable }: ProcReading): string[] => unreadable.map(({ pid, why }) => `${pid} ${why}`).sort();

test("a command line that does not answer costs its own process alone, and is not asked again", LIMIT, async (t) => {
  const { proc, reads, hang, scan } = rig(t);
  for (const pid of [10, 11, 12]) proc.add({ pid, cmdline: "pytest\0" });
  hang("11/cmdline");
  const first = await scan();
  assert.deepEqual([pids(first), unread(first)], [[10, 12], ["11 hangs"]]);
  assert.equal(first.unreadable[0]?.startTicks, 1000, "its stat answers, and says which process it is");
  reads();
  proc.add({ pid: 13, cmdline: "pytest\0" });
  const second = await scan();
  assert.deepEqual([pids(second), unread(second)], [[10, 12, 13], ["11 hangs"]]);
  assert.ok(!reads().includes("11/cmdline"));
});

test(
  "at most two hang at once: what is new then is not tried, what is known goes on being judged",
  LIMIT,
  async (t) => {
    const { proc, reads, hang, heal, scan } = rig(t);
    proc.add({ pid: 9, cmdline: "pytest\0" });
    await scan();
    for (const pid of [10, 11, 12]) {
      proc.add({ pid, cmdline: "pytest\0" });
      hang(`${pid}/cmdline`);
    }
    const first = await scan();
    assert.deepEqual(unread(first), ["10 hangs", "11 hangs", "12 untried"]);
    reads();
    const second = await scan();
    assert.deepEqual([pids(second), unread(second)], [[9], ["10 hangs", "11 hangs", "12 untried"]]);
    assert.deepEqual(
      reads().filter((name) => name.endsWith("cmdline")),
      [],
    );
    await heal("10/cmdline");
    const third = await scan();
    assert.deepEqual(
      [pids(third), unread(third)],
      [
        [9, 10],
        ["11 hangs", "12 hangs"],
      ],
    );
  },
);

test("once it has answered it is read again, and what it says counts", LIMIT, async (t) => {
  const { proc, hang, heal, scan } = rig(t);
  proc.add({ pid: 10, cmdline: "pytest\0" });
  hang("10/cmdline");
  assert.deepEqual(unread(await scan()), ["10 hangs"]);
  await heal("10/cmdline");
  const after = await scan();
  assert.deepEqual([pids(after), unread(after)], [[10], []]);
});

test("a pid that is used again while the old read hangs is another process, and is read", LIMIT, async (t) => {
  const { proc, hang, scan } = rig(t);
  proc.add({ pid: 10, start: 1000, cmdline: "pytest\0" });
  hang("10/cmdline");
  assert.deepEqual(unread(await scan()), ["10 hangs"]);
  proc.remove(10);
  proc.add({ pid: 10, start: 2000, cmdline: "pytest\0-x\0" });
  const again = await scan();
  assert.deepEqual(
    [again.unreadable.length, again.unreadable[0]?.startTicks],
    [1, 2000],
    "a second read was started, for the second process",
  );
});

test("a process that ended while its read hangs is gone, not unreadable", LIMIT, async (t) => {
  const { proc, hang, scan } = rig(t);
  proc.add({ pid: 10, cmdline: "pytest\0" });
  hang("10/cmdline");
  await scan();
  proc.remove(10);
  assert.deepEqual(await scan(), { candidates: [], unreadable: [] });
});

test(
  "a boot time or an owner that hangs: the first fails the source with its reason, the second costs the owner alone",
  LIMIT,
  async (t) => {
    const { proc, hang, heal, scan } = rig(t);
    proc.add({ pid: 10, cmdline: "pytest\0" });
    hang("10/cgroup");
    assert.deepEqual(pids(await scan()), [10]);
    hang("stat");
    await assert.rejects(scan(), /^Error: no btime of .*\/stat: does not answer within 1 s$/);
    await assert.rejects(scan(), /an earlier measurement still hangs/);
    await heal("stat");
    assert.deepEqual(pids(await scan()), [10]);
  },
);

test("what is known and does not match is read in one scan of twenty, what matches in each", LIMIT, async (t) => {
  const { proc, reads, scan } = rig(t);
  for (let pid = 100; pid < 200; pid += 1) proc.add({ pid, cmdline: pid === 100 ? "pytest\0" : "nginx\0" });
  await scan();
  assert.equal(reads().filter((name) => name.endsWith("/cmdline")).length, 100);
  const counts = new Map<string, number>();
  for (let round = 0; round < 20; round += 1) {
    await scan();
    const commandLines = reads().filter((name) => name.endsWith("/cmdline"));
    assert.ok(commandLines.length <= 6, `${commandLines.length} reads in one scan`);
    for (const name of commandLines) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.equal(counts.get("100/cmdline"), 20);
  assert.deepEqual([...counts.values()].filter((count) => count === 1).length, 99);
});

test("a process that is new is looked at twice: exec(2) may follow fork(2) between two scans", LIMIT, async (t) => {
  const { proc, reads, scan } = rig(t);
  await scan();
  proc.add({ pid: 103, cmdline: "sh\0" });
  for (const expected of [1, 1, 0]) {
    reads();
    await scan();
    assert.equal(reads().filter((name) => name === "103/cmdline").length, expected);
  }
});

test("a matching process that turns into another program is no candidate any more", LIMIT, async (t) => {
  const { proc, scan } = rig(t);
  proc.add({ pid: 10, cmdline: "pytest\0" });
  assert.deepEqual(pids(await scan()), [10]);
  proc.add({ pid: 10, cmdline: "nginx\0" });
  assert.deepEqual(pids(await scan()), []);
});

test("a FIFO in place of a command line or a stat stops nobody", LIMIT, async (t) => {
  const proc = fakeProc(tempDir(t));
  proc.add({ pid: 10, cmdline: null });
  proc.add({ pid: 11, cmdline: "pytest\0", stat: null });
  proc.add({ pid: 12, cmdline: "pytest\0" });
  execFileSync("mkfifo", [join(proc.root, "10", "cmdline"), join(proc.root, "11", "stat")]);
  const reading = await procCollector(proc.root, ["pytest"], 9000, threadPool(4)).collect({
    wallMs: 0,
    monoMs: 0,
    signal: new AbortController().signal,
  });
  assert.deepEqual([pids(reading), unread(reading)], [[12], ["11 unreadable"]]);
});
