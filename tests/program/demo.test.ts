// `npm run demo` as a newcomer runs it: whatever is in the environment, the outage is told in full and once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ask } from "../helpers/drivers/net.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Settings that would break the demo if it let them through. */
const HOSTILE = {
  WATCHDOG_ENABLED: "false",
  WATCHDOG_INTERVAL_S: "3600",
  WATCHDOG_CLEAR_TICKS: "1000",
  WATCHDOG_TG_PER_MIN: "1",
  WATCHDOG_TG_BOT_TOKEN: "",
  WATCHDOG_METRICS_URL: "http://127.0.0.1:9/",
  WATCHDOG_NONSENSE: "1",
  HTTP_PROXY: "http://127.0.0.1:9",
};

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What its status page was while it ran. */
  readonly page: string;
}

function demo(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  assert.ok(existsSync(`${root}/dist/watchdog.mjs`), "npm run build comes first");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/demo.ts", ...args], {
      cwd: root,
      env: { ...process.env, WATCHDOG_LANG: "", ...HOSTILE, ...env },
    });
    const output = { stdout: "", stderr: "" };
    let page: Promise<string> | undefined;
    child.stdout.on("data", (chunk: Buffer) => {
      output.stdout += chunk.toString("utf8");
      const port = /its status page: http:\/\/127\.0\.0\.1:(\d+)\/\n/.exec(output.stdout)?.[1];
      if (port !== undefined) page ??= ask(Number(port), "/").then((got) => got?.body ?? "no answer");
    });
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString("utf8")));
    child.on("error", reject);
    child.on(
      "close",
      (code) => void Promise.resolve(page ?? "no page").then((shown) => resolve({ code, page: shown, ...output })),
    );
  });
}

/** The first lines of the messages, in the order of their arrival. */
const heads = ({ stdout }: Outcome): string[] =>
  stdout
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[🔴🔁🟢]/u.test(line));

describe("npm run demo", { timeout: 60_000, concurrency: true }, () => {
  test("tells the whole outage in English and ends by itself within 30 s", async () => {
    const startedAt = performance.now();
    const outcome = await demo([], {});
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.ok(performance.now() - startedAt < 30_000);
    const told = heads(outcome);
    assert.deepEqual(told.slice(0, 3), [
      "🔴 demo-host · Job failed",
      "🔴 demo-host · Agent hung: r-17",
      "🔴 demo-host · Orchestrator down",
    ]);
    assert.deepEqual(told.slice(3).sort(), ["🟢 demo-host · Agent hung: r-17", "🟢 demo-host · Orchestrator down"]);
    assert.match(outcome.page, /<title>.*demo-host · Watchdog<\/title>/);
    assert.match(outcome.stdout, /1 new failure\. The failed counter is now 4\./);
    assert.match(
      outcome.stdout,
      /No CPU progress for \d+ seconds \(limit 3 seconds\); stage review, job 9, pid 4211\./,
    );
    assert.match(outcome.stdout, /\/metrics: connection refused/);
    assert.equal(outcome.stdout.match(/recovered: it lasted/g)?.length, 2);
    assert.match(outcome.stdout.trimEnd().split("\n").at(-1) ?? "", /^-- that was all/);
  });

  test("speaks Russian when the argument or WATCHDOG_LANG says so", async () => {
    const [byArgument, byEnvironment] = await Promise.all([
      demo(["ru"], { WATCHDOG_LANG: "en" }),
      demo([], { WATCHDOG_LANG: "ru" }),
    ]);
    for (const outcome of [byArgument, byEnvironment]) {
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.deepEqual(heads(outcome).slice(0, 3), [
        "🔴 demo-host · Задание упало",
        "🔴 demo-host · Агент завис: r-17",
        "🔴 demo-host · Оркестратор недоступен",
      ]);
      assert.equal(outcome.stdout.match(/восстановление/g)?.length, 2);
    }
  });

  test("an unknown language is a usage error", async () => {
    const outcome = await demo(["fr"], {});
    assert.equal(outcome.code, 2);
    assert.match(outcome.stderr, /usage/);
  });
});
