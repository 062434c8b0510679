import assert from "node:assert/strict";
import test from "node:test";
import { parseReclaimed, parseSize, sizeOf } from "../../../watchdog/pruner/size.ts";

test("decimal units are powers of 1000, however the k is written", () => {
  const sizes = {
    "0B": 0,
    "17B": 17,
    "1kB": 1000,
    "1KB": 1000,
    "24.68kB": 24_680,
    "1MB": 1e6,
    "1.183GB": 1_183_000_000,
    "2TB": 2e12,
    "3PB": 3e15,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
});

test("binary units are powers of 1024", () => {
  const sizes = {
    "1KiB": 1024,
    "1.5MiB": 1_572_864,
    "1GiB": 2 ** 30,
    "1TiB": 2 ** 40,
    "1PiB": 2 ** 50,
    "1gib": 2 ** 30,
  };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
});

test("a blank before the unit does not matter, nor do blanks around", () =>
  assert.equal(parseSize("  1.2 GB\n"), 1_200_000_000));

test("what is no size is none", () => {
  for (const text of [
    "",
    "GB",
    "1",
    "1XB",
    "1G",
    "-1GB",
    "1.2.3GB",
    "1,2GB",
    "NaN",
    "InfinityB",
    "1iB",
    "99999PB",
    "1GBs",
  ])
    assert.equal(parseSize(text), undefined, text);
});

test("docker's total is found below its list of deleted caches", () => {
  assert.equal(parseReclaimed("Deleted build cache objects:\nabc123\n\nTotal reclaimed space: 9.8GB\n"), 9_800_000_000);
  assert.equal(parseReclaimed("Total reclaimed space: 0B"), 0);
});

test("buildx's total is found below its table", () => {
  assert.equal(
    parseReclaimed("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\nabc\ttrue\t24.68kB\t2 days ago\nTotal:\t1.2GB\n"),
    1_200_000_000,
  );
});

test("the last total counts, and one inside another line does not", () => {
  assert.equal(parseReclaimed("Total: 1GB\nTotal reclaimed space: 2GB\n"), 2e9);
  assert.equal(parseReclaimed("motd: Total reclaimed space: 5GB free\n"), undefined);
});

test("output without a total says nothing, whatever it is", () => {
  for (const output of [
    "",
    "permission denied",
    "Total reclaimed space:",
    "Total reclaimed space: lots",
    "\0".repeat(100),
  ])
    assert.equal(parseReclaimed(output), undefined);
});

test("a size is written as the docker client writes it, so that the two can be compared", { timeout: 10_000 }, () => {
  // go-units, HumanSize: four digits, powers of 1000.
  const written = {
    0: "0 B",
    999: "999 B",
    1000: "1 kB",
    24680: "24.68 kB",
    1183000000: "1.183 GB",
    9663676416: "9.664 GB",
    2e12: "2 TB",
    5e18: "5000 PB",
  };
  for (const [bytes, text] of Object.entries(written)) assert.equal(sizeOf(Number(bytes)), text);
  for (const bytes of [17, 1500, 24_680, 1_183_000_000])
    assert.equal(parseSize(sizeOf(bytes)), bytes, "read back as the same number");
});
