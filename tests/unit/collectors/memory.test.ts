import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { memoryCollector, parseMeminfo } from "../../../watchdog/collectors/memory.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";
import { statLine } from "../../helpers/fakes/proc.ts";
import { settled } from "../../helpers/fakes/virtual-clock.ts";

const MEMINFO = `MemTotal:       16316412 kB
MemFree:          512340 kB
MemAvailable:    8158206 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
`;
const context = { wallMs: 0, monoMs: 0, signal: new AbortController().signal };

test("meminfo's kB are 1024 bytes", () => {
  assert.deepEqual(parseMeminfo(MEMINFO), { totalBytes: 16_316_412 * 1024, availableBytes: 8_158_206 * 1024 });
});

test("meminfo without MemTotal or MemAvailable is a fault that names it", () => {
  assert.throws(() => parseMeminfo(MEMINFO.replace("MemAvailable", "MemOther")), /no MemAvailable/);
  assert.throws(() => parseMeminfo("SwapMemTotal: 1 kB\n"), /no MemTotal/);
  assert.throws(() => parseMeminfo(""), /no MemTotal/);
});

test("meminfo with absurd numbers is a fault", () => {
  assert.throws(() => parseMeminfo("MemTotal: 0 kB\nMemAvailable: 0 kB\n"), /not plausible/);
  assert.throws(() => parseMeminfo("MemTotal: 10 kB\nMemAvailable: 11 kB\n"), /not plausible/);
  assert.throws(() => parseMeminfo("MemTotal: -5 kB\nMemAvailable: 1 kB\n"), /no MemTotal/);
  assert.throws(() => parseMeminfo("MemTotal: 9999999999999999999 kB\nMemAvailable: 1 kB\n"), /no MemTotal/);
});

test("all memory available is a value, not a fault", () => {
  assert.deepEqual(parseMeminfo("MemTotal: 10 kB\nMemAvailable: 10 kB\n"), {
    totalBytes: 10_240,
    availableBytes: 10_240,
  });
});

test("meminfo is read under the proc root that was given", async (t) => {
  const root = tempDir(t);
  await assert.rejects(memoryCollector(root, 100, 1000, threadPool(4)).collect(context), /ENOENT/);
  writeFileSync(join(root, "meminfo"), MEMINFO);
  assert.equal((await memoryCollector(root, 100, 1000, threadPool(4)).collect(context)).totalBytes, 16_316_412 * 1024);
});

test("a meminfo that does not answer fails memory with that reason, and is not read again until it has answered", {
  timeout: 10_000,
}, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let reads = 0;
  let answer: (text: string) => void = () => {};
  const collector = memoryCollector("/proc", 100, 1000, threadPool(4), () => {
    reads += 1;
    return new Promise((resolve) => (answer = resolve));
  });
  const first = assert.rejects(collector.collect(context), /^Error: meminfo: does not answer within 1 s$/);
  await settled();
  t.mock.timers.tick(1000);
  await first;
  await assert.rejects(collector.collect(context), /^Error: meminfo: an earlier measurement still hangs$/);
  assert.equal(reads, 1);
  answer(MEMINFO);
  await settled();
  const after = collector.collect(context);
  answer(MEMINFO);
  assert.equal((await after).totalBytes, 16_316_412 * 1024);
});

test("from the given use on the three biggest processes are read as well, in pages of 4 KiB", {
  timeout: 10_000,
}, async (t) => {
  const root = tempDir(t);
  writeFileSync(join(root, "meminfo"), MEMINFO);
  for (const [pid, pages] of [
    [11, 3],
    [12, 5000],
    [13, 40],
    [14, 700],
  ] as const) {
    mkdirSync(join(root, String(pid)));
    // statLine's own number of resident pages is 900.
    writeFileSync(join(root, String(pid), "stat"), statLine({ pid, comm: `p${pid}` }).replace(" 900 ", ` ${pages} `));
  }
  mkdirSync(join(root, "15"));
  const read = async (detailPct: number) =>
    (await memoryCollector(root, detailPct, 1000, threadPool(4)).collect(context)).biggest;
  assert.equal(await read(51), undefined, "half of it is used");
  assert.deepEqual(await read(50), [
    { pid: 12, name: "p12", residentBytes: 20_480_000 },
    { pid: 14, name: "p14", residentBytes: 2_867_200 },
    { pid: 13, name: "p13", residentBytes: 163_840 },
  ]);
});
