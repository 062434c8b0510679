import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type ProcReading, procCollector } from "../../../watchdog/collectors/proc.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";
import { BTIME_S, type FakeProc, fakeProc, statLine } from "../../helpers/fakes/proc.ts";

/** 5,000 s after boot; CLK_TCK is 100 on every Linux that Node runs on. */
const NOW_MS = (BTIME_S + 5000) * 1000;

function setUp(
  t: TestContext,
  patterns: readonly string[] = ["pytest"],
): { proc: FakeProc; scan: (nowMs?: number) => Promise<ProcReading> } {
  const proc = fakeProc(tempDir(t));
  const collector = procCollector(proc.root, patterns, 5000, threadPool(4));
  return {
    proc,
    scan: (wallMs = NOW_MS) => collector.collect({ wallMs, monoMs: 0, signal: new AbortController().signal }),
  };
}
const pids = ({ candidates }: ProcReading): number[] => candidates.map(({ pid }) => pid).sort((a, b) => a - b);

test("a matching process is a candidate with pid, parent, age, CPU time and command", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, ppid: 1, utime: 250, stime: 50, start: 100_000, cmdline: "python\0-m\0pytest\0-x\0" });
  proc.add({ pid: 78, cmdline: "nginx\0" });
  assert.deepEqual(await scan(), {
    candidates: [{ pid: 77, ppid: 1, startTicks: 100_000, ageS: 4000, cpuS: 3, command: "python -m pytest -x" }],
    unreadable: [],
  });
});

test("age follows the boot time, which is read anew at each scan", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, start: 0, cmdline: "pytest\0" });
  assert.equal((await scan()).candidates[0]?.ageS, 5000);
  writeFileSync(join(proc.root, "stat"), `btime ${BTIME_S - 100}\n`);
  assert.equal((await scan()).candidates[0]?.ageS, 5100);
});

test("a kernel thread has an empty command line and is skipped", async (t) => {
  const { proc, scan } = setUp(t, [""]);
  proc.add({ pid: 2, comm: "pytest", cmdline: "" });
  assert.deepEqual(await scan(), { candidates: [], unreadable: [] });
});

test("hostile names do not shift the fields, and their processes are found", async (t) => {
  const { proc, scan } = setUp(t);
  for (const [index, comm] of ["a) (b c", "x\ny) S 0 0", "))"].entries())
    proc.add({ pid: 100 + index, comm, start: 200_000, cmdline: "pytest\0" });
  const { candidates } = await scan();
  assert.deepEqual(
    candidates.map(({ startTicks }) => startTicks),
    [200_000, 200_000, 200_000],
  );
});

test("a command line of 100 kB is matched to its end and shown in 120 characters", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, cmdline: `python\0${"a b\0".repeat(25_000)}pytest\0` });
  const { candidates } = await scan();
  assert.equal(candidates.length, 1);
  assert.ok((candidates[0]?.command.length ?? 0) <= 120);
});

test("a command line of megabytes is read to 2 MiB", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, cmdline: `${"x".repeat(2 * 1024 * 1024 - 6)}pytest` });
  proc.add({ pid: 78, cmdline: `${"x".repeat(2 * 1024 * 1024 - 5)}pytest` });
  assert.deepEqual(pids(await scan()), [77]);
});

test("a long command line read before a short one leaves nothing behind in it", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 10, cmdline: `nginx\0${"pytest\0".repeat(20_000)}` });
  proc.add({ pid: 11, cmdline: "sh\0" });
  assert.deepEqual(pids(await scan()), [10]);
});

test("invalid UTF-8 in a command line is shown as replacement characters", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, cmdline: Buffer.concat([Buffer.from("pytest\0"), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0])]) });
  assert.equal((await scan()).candidates[0]?.command, "pytest \ufffd\ufffd\ufffd(");
});

test("control characters and secrets in a command line are never shown", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, cmdline: "pytest\0\u001b[31m\0--token\0hunter2\0DB=http://u:hunter2@h/\0" });
  const command = (await scan()).candidates[0]?.command ?? "";
  assert.doesNotMatch(command, /hunter2|\u001b/);
  assert.match(command, /--token \*\*\*/);
});

test("any of several patterns matches", async (t) => {
  const { proc, scan } = setUp(t, ["pytest", "coverage run", "тест"]);
  proc.add({ pid: 1, cmdline: "/usr/bin/pytest-3\0" });
  proc.add({ pid: 2, cmdline: "python3\0-m\0coverage\0run\0" });
  proc.add({ pid: 3, cmdline: "sh\0тест\0" });
  proc.add({ pid: 4, cmdline: "python3\0coverage\0-x\0run\0" });
  assert.deepEqual(pids(await scan()), [1, 2, 3]);
});

test("a pattern matches across arguments, with the blank between them, not without", async (t) => {
  const { proc, scan } = setUp(t, ["python -m pytest"]);
  proc.add({ pid: 1, cmdline: "python\0-m\0pytest\0" });
  proc.add({ pid: 2, cmdline: "python\0-mpytest\0" });
  assert.deepEqual(pids(await scan()), [1]);
});

test("a command line rewritten by its process, without NULs, matches too", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 1, cmdline: "worker: pytest idle" });
  assert.deepEqual(
    (await scan()).candidates.map(({ command }) => command),
    ["worker: pytest idle"],
  );
});

test("a process that vanishes before its command line is read is skipped", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 1, cmdline: null, stat: null });
  proc.add({ pid: 2, cmdline: "pytest\0" });
  assert.deepEqual(await scan().then((reading) => [pids(reading), reading.unreadable]), [[2], []]);
});

test("a process that vanishes between command line and stat is skipped", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 1, cmdline: "pytest\0", stat: null });
  assert.deepEqual(await scan(), { candidates: [], unreadable: [] });
});

test("a process whose stat is cut short or broken is unreadable: it neither counts nor vanishes", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 1, cmdline: "pytest\0", stat: statLine({}).slice(0, 60) });
  proc.add({ pid: 2, cmdline: "pytest\0", stat: "" });
  proc.add({ pid: 3, cmdline: "pytest\0", stat: null });
  mkdirSync(join(proc.root, "3", "stat"));
  proc.add({ pid: 4, cmdline: "pytest\0" });
  const reading = await scan();
  assert.deepEqual(pids(reading), [4]);
  assert.deepEqual(reading.unreadable.map(({ pid }) => pid).sort(), [1, 2, 3]);
});

test("a pid that is used again is another process: same pid, other start", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 9, start: 1000, cmdline: "pytest\0" });
  const before = (await scan()).candidates[0];
  proc.remove(9);
  proc.add({ pid: 9, start: 400_000, cmdline: "pytest\0" });
  const after = (await scan()).candidates[0];
  assert.deepEqual([before?.pid, before?.startTicks, after?.pid, after?.startTicks], [9, 1000, 9, 400_000]);
});

test("without a boot time, or without a proc root, there are no candidates but a fault", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 9, cmdline: "pytest\0" });
  writeFileSync(join(proc.root, "stat"), "cpu 1 2\n");
  await assert.rejects(scan(), /stat has no btime/);
  rmSync(proc.root, { recursive: true });
  await assert.rejects(scan(), /btime/);
});

test("thousands of processes are scanned in slices that an abort can end", async (t) => {
  const { proc, scan } = setUp(t);
  for (let pid = 1; pid <= 1000; pid += 1) proc.add({ pid, cmdline: pid % 100 === 0 ? "pytest\0" : "sh\0" });
  assert.equal((await scan()).candidates.length, 10);
  const abort = new AbortController();
  const scanning = procCollector(proc.root, ["pytest"], 5000, threadPool(4)).collect({
    wallMs: NOW_MS,
    monoMs: 0,
    signal: abort.signal,
  });
  abort.abort(new Error("stopped"));
  await assert.rejects(scanning, /stopped/);
});

test("a live procfs that does not list pid 1 hides other users' processes: a failed source, not an empty one", async (t) => {
  const { proc, scan } = setUp(t);
  proc.add({ pid: 77, cmdline: "node\0" });
  writeFileSync(join(proc.root, "self", "stat"), statLine({ pid: 77 }));
  await assert.rejects(scan(), { code: "HIDDEN", message: /hidepid/ });
  proc.add({ pid: 1, cmdline: "init\0" });
  assert.deepEqual(await scan(), { candidates: [], unreadable: [] });
});
