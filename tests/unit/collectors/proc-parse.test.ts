import assert from "node:assert/strict";
import test from "node:test";
import { parseBtime, parseClockTicks, parseStat } from "../../../watchdog/collectors/proc/parse.ts";
import { statLine } from "../../helpers/fakes/proc.ts";

test("utime and stime are fields 14 and 15, starttime is field 22, ppid is field 4", () => {
  assert.deepEqual(parseStat(statLine({ pid: 42, ppid: 7, utime: 100, stime: 20, start: 987_654 })), {
    comm: "pytest",
    ppid: 7,
    cpuTicks: 120,
    startTicks: 987_654,
    rssPages: 900,
  });
});

for (const comm of [
  "a) (b c",
  ") S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
  "line\nbreak",
  "((((",
  "))))",
  "",
  "tab\tname",
  "42 (x) S",
]) {
  test(`a process named ${JSON.stringify(comm)} does not shift its fields`, () => {
    assert.deepEqual(parseStat(statLine({ comm, ppid: 7, utime: 100, stime: 20, start: 987_654 })), {
      comm,
      ppid: 7,
      cpuTicks: 120,
      startTicks: 987_654,
      rssPages: 900,
    });
  });
}

test("a stat cut short anywhere up to the end of field 22 is not understood", () => {
  const line = statLine({ start: 987_654 });
  const end = line.indexOf("987654") + "987654".length;
  for (let cut = 0; cut <= end; cut += 1) assert.equal(parseStat(line.slice(0, cut)), undefined, line.slice(0, cut));
  assert.equal(parseStat(line.slice(0, end + 2))?.startTicks, 987_654);
});

test("fields that are no numbers are not understood", () => {
  assert.equal(parseStat(statLine({}).replace(/ 500 /, " x ")), undefined);
  assert.equal(parseStat("garbage"), undefined);
  assert.equal(parseStat(`1 ${"1 ".repeat(40)}`), undefined);
});

test("btime is the line of that name", () => {
  assert.equal(parseBtime("cpu  1 2 3\nbtime 1781234567\nprocesses 5\n"), 1_781_234_567);
  for (const text of ["", "cpu 1\n", "xbtime 5\n", "btime\n", "btime x\n", "btime -5\n", "btime 17812345 67\n"])
    assert.equal(parseBtime(text), undefined, text);
});

function auxv(pairs: readonly (readonly [number, number])[], wordBytes: 4 | 8, little: boolean): Buffer {
  const buffer = Buffer.alloc(pairs.length * 2 * wordBytes);
  pairs.flat().forEach((word, index) => {
    const at = index * wordBytes;
    if (wordBytes === 8) {
      if (little) buffer.writeBigUInt64LE(BigInt(word), at);
      else buffer.writeBigUInt64BE(BigInt(word), at);
    } else if (little) buffer.writeUInt32LE(word, at);
    else buffer.writeUInt32BE(word, at);
  });
  return buffer;
}

test("CLK_TCK is the value of type 17, in every word size and byte order", () => {
  const pairs = [
    [33, 0x7fff0000],
    [16, 17],
    [17, 250],
    [6, 4096],
    [0, 0],
  ] as const;
  for (const bytes of [4, 8] as const)
    for (const little of [true, false]) assert.equal(parseClockTicks(auxv(pairs, bytes, little), bytes, little), 250);
});

test("CLK_TCK is 100 where it is missing, cut, zero or absurd", () => {
  assert.equal(parseClockTicks(Buffer.alloc(0), 8, true), 100);
  assert.equal(
    parseClockTicks(
      auxv(
        [
          [16, 1],
          [0, 0],
        ],
        8,
        true,
      ),
      8,
      true,
    ),
    100,
  );
  assert.equal(parseClockTicks(auxv([[17, 250]], 8, true).subarray(0, 15), 8, true), 100);
  assert.equal(parseClockTicks(auxv([[17, 0]], 8, true), 8, true), 100);
  assert.equal(parseClockTicks(auxv([[17, 100_000]], 8, true), 8, true), 100_000);
  assert.equal(parseClockTicks(auxv([[17, 100_001]], 8, true), 8, true), 100);
});
