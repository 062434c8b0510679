import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { type GoDuration, goDuration, goSeconds, goText } from "../../../watchdog/config/duration.ts";
import {
  decidePrune,
  dueInS,
  pressureAge,
  pruneCommand,
  pruneRequest,
  shellQuote,
} from "../../../watchdog/pruner/plan.ts";
import { tempDir } from "../../helpers/drivers/temp-dir.ts";

const age = (text: string): GoDuration => ({ text, seconds: goSeconds(text) ?? NaN });
const H72 = age("72h");
/** Nothing of this passes the configuration; should it ever, it is still one word of data. */
const HOSTILE = [
  "72h; rm -rf /",
  "72h && reboot",
  "$(reboot)",
  "`reboot`",
  "72h'",
  "72h' ; reboot; '",
  "72h\nreboot",
  "72h -a",
  "-a",
  "--all",
  "72h|sh",
  "72h>x",
  "~",
  "*",
  "",
  " ",
  "72h\\",
  '"',
  "72h&all=1",
  '72h"]}&all=1#',
];

test("without an earlier run it prunes", () => {
  assert.equal(decidePrune(undefined, 0, 86_400), true);
  assert.equal(decidePrune(null, 1e9, 86_400), true);
});

test("it prunes again once the whole interval has passed, and not before", () => {
  assert.equal(decidePrune(1000, 1000, 60), false);
  assert.equal(decidePrune(1000, 1059.9, 60), false);
  assert.equal(decidePrune(1000, 1060, 60), true);
  assert.equal(decidePrune(1000, 2000, 60), true);
});

test("a run at moment 0 is an earlier run", () => assert.equal(decidePrune(0, 59, 60), false));

test("the next prune is due when the interval is over, under pressure an hour after the last at the latest", () => {
  assert.equal(dueInS(undefined, 500, 86_400, false), 0);
  assert.equal(dueInS(100, 200, 86_400, false), 86_300);
  assert.equal(dueInS(100, 200, 86_400, true), 3500);
  assert.equal(dueInS(100, 3699, 86_400, true), 1);
  assert.equal(dueInS(100, 3700, 86_400, true), 0);
});

test("pressure never makes a short interval longer", () => assert.equal(dueInS(0, 100, 600, true), 500));

test("the age is halved at each early prune down to the floor", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map((halvings) => pressureAge(H72, age("6h"), halvings).text),
    ["36h", "18h", "9h", "6h", "6h", "6h"],
  );
  assert.deepEqual(
    [1, 2, 3].map((halvings) => pressureAge(age("1h30m"), age("15m"), halvings).text),
    ["45m", "22m30s", "15m"],
  );
});

test("a floor above the age makes nothing older", () => assert.equal(pressureAge(age("4h"), age("6h"), 1).text, "4h"));

test("the request is POST /build/prune with the age as a filter", () => {
  const { method, path } = pruneRequest("1.45", { until: H72, all: false });
  assert.equal(method, "POST");
  const url = new URL(path, "http://docker");
  assert.equal(url.pathname, "/v1.45/build/prune");
  assert.deepEqual([...url.searchParams], [["filters", '{"until":["72h"]}']]);
});

test("the request says all=1 for the cache that is referred to, and has no query for any age", () => {
  const url = new URL(pruneRequest("1.41", { until: age("24h"), all: true }).path, "http://docker");
  assert.deepEqual(
    [...url.searchParams],
    [
      ["all", "1"],
      ["filters", '{"until":["24h"]}'],
    ],
  );
  assert.equal(pruneRequest("1.41", { until: undefined, all: false }).path, "/v1.41/build/prune");
});

test("the command is docker builder prune -f in every combination of -a and age", () => {
  assert.equal(pruneCommand({ until: undefined, all: false }), "docker builder prune -f");
  assert.equal(pruneCommand({ until: H72, all: false }), "docker builder prune -f --filter until=72h");
  assert.equal(pruneCommand({ until: age("1h30m"), all: true }), "docker builder prune -f -a --filter until=1h30m");
});

test("everything of any age is refused, as a request and as a command", () => {
  assert.throws(() => pruneRequest("1.45", { until: undefined, all: true }), /never cleared/);
  assert.throws(() => pruneCommand({ until: undefined, all: true }), /never cleared/);
});

test("what is no API version gets into no path", () => {
  for (const version of ["", "1.45/../containers", "2.0", "v1.45", "1.45?x"])
    assert.throws(() => pruneRequest(version, { until: H72, all: false }), /no API version/);
});

test("a hostile age stays one value of the filter: the path and the other parameters are the same", () => {
  for (const text of HOSTILE) {
    const url = new URL(pruneRequest("1.45", { until: { text, seconds: 1 }, all: false }).path, "http://docker");
    assert.equal(url.pathname, "/v1.45/build/prune", text);
    assert.deepEqual([...url.searchParams.keys()], ["filters"], text);
    assert.deepEqual(JSON.parse(url.searchParams.get("filters") ?? ""), { until: [text] });
  }
});

test("a hostile age reaches docker as one argument when a real shell runs the command", (t) => {
  const dir = tempDir(t);
  const seen = join(dir, "seen");
  writeFileSync(join(dir, "docker"), `#!/bin/sh\nprintf '%s\\0' "$@" >"${seen}"\n`);
  chmodSync(join(dir, "docker"), 0o755);
  for (const text of ["72h", ...HOSTILE]) {
    for (const all of [false, true]) {
      execFileSync("/bin/sh", ["-c", pruneCommand({ until: { text, seconds: 1 }, all })], {
        env: { PATH: dir },
        cwd: dir,
      });
      const args = readFileSync(seen, "utf8").split("\0").slice(0, -1);
      assert.deepEqual(args, ["builder", "prune", "-f", ...(all ? ["-a"] : []), "--filter", `until=${text}`]);
    }
  }
});

test("only words that a shell leaves alone go unquoted", () => {
  assert.equal(shellQuote("72h"), "72h");
  assert.equal(shellQuote("a b"), "'a b'");
  assert.equal(shellQuote("it's"), `'it'"'"'s'`);
  assert.equal(shellQuote(""), "''");
  assert.equal(shellQuote("72h\n"), "'72h\n'");
});

test("Go's durations are understood, and nothing else", () => {
  assert.equal(goSeconds("72h"), 259_200);
  assert.equal(goSeconds("1h30m"), 5400);
  assert.equal(goSeconds("1.5h"), 5400);
  assert.equal(goSeconds(".5m"), 30);
  assert.equal(goSeconds("2m3s500ms"), 123.5);
  for (const text of [
    "",
    "72",
    "h",
    "72 h",
    "3d",
    "-72h",
    "+72h",
    "72H",
    "1h-",
    "h1",
    "72h ",
    "1e3h",
    "0x1h",
    ...HOSTILE,
  ])
    assert.equal(goSeconds(text), undefined, JSON.stringify(text));
});

test('an age is from a second to ten years, so that no filter means "all of it" by accident', () => {
  for (const text of ["0s", "0h", "999ms", "1ns", "87601h", "9".repeat(400) + "h"])
    assert.equal(goDuration.parse(text), undefined, text.slice(0, 20));
  for (const text of ["1s", "1000ms", "87600h", "72h"]) assert.equal(goDuration.parse(text)?.text, text);
});

test("an age of our own making is written as Go writes it", () => {
  assert.deepEqual([129_600, 5400, 45, 3661, 0.2].map(goText), ["36h", "1h30m", "45s", "1h1m1s", "1s"]);
});
