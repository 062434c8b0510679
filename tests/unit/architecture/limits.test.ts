import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import test from "node:test";
import { ROOT } from "./sources.ts";

const FLAGS = "--import ./tests/helpers/drivers/limits.mjs --test --test-timeout=";
const RUNNER = "node --enable-source-maps scripts/test.mjs";
const CACHE = join(ROOT, "node_modules/.cache");

test("every script that runs tests gives each test a time limit, and each file", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const running = Object.entries(scripts).filter(([, script]) => /--test\b|scripts\/test\.mjs/.test(script));
  assert.deepEqual(running.map(([name]) => name).sort(), ["test", "test:docker", "test:quick"]);
  for (const [name, script] of running)
    assert.ok(script.includes(name === "test:docker" ? FLAGS : RUNNER), `${name} gives no limit`);
});

/** The two ways in which the scripts run tests, with a file's limit. */
const WAYS: Readonly<Record<string, (folder: string, fileLimitMs: number) => readonly string[]>> = {
  "npm test": (folder, fileLimitMs) => [
    ...RUNNER.split(" ").slice(1),
    "--reporter=tap",
    `--in=${relative(ROOT, folder)}`,
    `--file-limit-ms=${fileLimitMs}`,
  ],
  "npm run test:docker": (folder, fileLimitMs) => [
    ...`--import tsx ${FLAGS}${fileLimitMs} --test-reporter=tap`.split(" "),
    join(folder, "some.test.mjs"),
  ],
};

/** Runs a file of tests as a script does, with small limits. */
function run(way: string, text: string, fileLimitMs: number): string {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "wd-limits-"));
  try {
    writeFileSync(join(folder, "some.test.mjs"), text);
    return spawnSync(process.execPath, WAYS[way]?.(folder, fileLimitMs) ?? [], {
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
  for (const way of Object.keys(WAYS)) {
    const output = run(
      way,
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
    const results = [...output.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)].map(
      ([, result, name]) => `${result} ${name}`,
    );
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
  }
});

test("a test that never yields ends with its file", { timeout: 60_000 }, () => {
  for (const way of Object.keys(WAYS))
    assert.match(
      run(way, `import test from "node:test"; test("spins", () => { for (;;); });`, 2_500),
      /test timed out after 2500ms/,
      way,
    );
});
