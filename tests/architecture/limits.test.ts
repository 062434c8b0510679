import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { ROOT } from "./sources.ts";

const FLAGS = "--import ./tests/helpers/limits.mjs --test --test-timeout=";

test("every script that runs tests gives each test a time limit, and each file", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const running = Object.entries(scripts).filter(([, script]) => /--test\b/.test(script));
  assert.deepEqual(running.map(([name]) => name).sort(), ["test", "test:docker"]);
  for (const [name, script] of running) assert.ok(script.includes(FLAGS), `${name} lacks ${FLAGS}`);
});

/** Runs a file of tests as the scripts do, with small limits. */
function run(text: string, fileLimitMs: number): string {
  const folder = mkdtempSync(join(tmpdir(), "wd-limits-"));
  try {
    writeFileSync(join(folder, "some.test.mjs"), text);
    const flags = `--import tsx ${FLAGS}${fileLimitMs} --test-reporter=tap`.split(" ");
    return spawnSync(process.execPath, [...flags, join(folder, "some.test.mjs")], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, TEST_LIMIT_MS: "300", NODE_TEST_CONTEXT: undefined },
      timeout: 60_000,
    }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a test that waits for ever fails by its name, in a suite or not; a limit of its own or of its suite counts instead", {
  timeout: 60_000,
}, () => {
  const output = run(
    `
    import test, { describe, it } from "node:test";
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    test("waits", () => wait(2_000));
    test("waits with options", { concurrency: 1 }, () => wait(2_000));
    describe("a suite", () => { it("waits in it", () => wait(2_000)); });
    test("has its own", { timeout: 5_000 }, () => wait(600));
    describe("a suite with a limit", { timeout: 5_000 }, () => { it("has the suite's", () => wait(600)); });
    test.skip("is skipped", () => wait(2_000));
  `,
    45_000,
  );
  const results = [...output.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)].map(([, result, name]) => `${result} ${name}`);
  assert.deepEqual(
    results,
    [
      "not ok waits",
      "not ok waits with options",
      "not ok waits in it",
      "not ok a suite",
      "ok has its own",
      "ok has the suite's",
      "ok a suite with a limit",
      "ok is skipped # SKIP",
    ],
    output,
  );
  assert.equal([...output.matchAll(/test timed out after 300ms/g)].length, 3, output);
});

test("a test that never yields ends with its file", { timeout: 60_000 }, () => {
  assert.match(
    run(`import test from "node:test"; test("spins", () => { for (;;); });`, 5_000),
    /test timed out after 5000ms/,
  );
});
