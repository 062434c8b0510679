import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { PRUNE_VARIABLES } from "../../../watchdog/config/areas/prune.ts";
import { parseConfig } from "../../../watchdog/config/config.ts";
import { hasFileVariant, type Problem, parseTable, showValue, type Variable } from "../../../watchdog/config/table.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { maskArguments } from "../../../watchdog/safe.ts";
import { factsOf, parsedOf, told } from "../../helpers/fakes/config.ts";
import { ROOT } from "../../unit/architecture/sources.ts";

/** One environment string has at most 128 kB (execve(2), MAX_ARG_STRLEN). */
const LENGTH = 100_000;
/** Of processor time, so that a busy machine changes little; the quadratic patterns took seconds. */
const MAX_MS = 100;

const long = (part: string): string => part.repeat(Math.ceil(LENGTH / part.length)).slice(0, LENGTH);
const NASTY: Readonly<Record<string, string>> = {
  letters: long("a"),
  digits: long("1"),
  "digits and a letter": `${long("1")}x`,
  commas: long(","),
  entries: long("a,"),
  "bad entries": long(" bad!,"),
  colons: long("a:"),
  schemes: long("a://"),
  "a URL and at signs": `http://${long("@")}`,
  queries: long("://x?"),
  slashes: long("/"),
  blanks: `x${long(" ")}x`,
  "line ends": `x${long("\n")}x`,
  "secret words": long("password="),
  announced: long("token "),
  flags: `key ${long("--key")}`,
  quotes: long('"'),
  "escaped quotes": long('\\"'),
  brackets: long("("),
  stars: long("*"),
  pairs: long("a=b,"),
  durations: long("1h"),
  "a duration and a letter": `${long("1h")}x`,
  "outside the BMP": long("𝕏"),
  "a zone": `23:00-07:00 ${long("A")}`,
  credentials: long("http://u:p@h/ "),
  "many paths": Array.from({ length: 15_000 }, (_, index) => `/d${index}`).join(","),
  "many dependencies": Array.from({ length: 9000 }, (_, index) => `n${index}=http://h`).join(","),
};

const variables = Object.values({ ...VARIABLES, ...PRUNE_VARIABLES }) as Variable<unknown>[];

/** In milliseconds of processor time; the best of three, because a first call is compiled and garbage is collected when it pleases. */
function costMs(act: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < 3 && best > MAX_MS; round += 1) {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

for (const [what, value] of Object.entries(NASTY)) {
  test(`100 kB of ${what} as any variable is judged in less than ${MAX_MS} ms, and the problems stay few and short`, {
    timeout: 120_000,
  }, () => {
    for (const variable of variables) {
      const names = hasFileVariant(variable) ? [variable.name, `${variable.name}_FILE`] : [variable.name];
      for (const name of names) {
        const problems: Problem[] = [];
        const facts = factsOf({
          readSecret: (path) => {
            throw new Error(path);
          },
        });
        const tookMs = costMs(() => {
          problems.length = 0;
          parseTable({ variable }, { [name]: value }, facts, problems);
        });
        assert.ok(tookMs < MAX_MS, `${name} took ${Math.round(tookMs)} ms`);
        assert.ok(
          problems.length <= 25 && problems.every(({ text }) => text.length < 1500),
          `${name}: ${problems.length} problems`,
        );
      }
    }
  });
}

test("of a list 1,000 entries count, and of the bad ones twenty are told and the rest counted", {
  timeout: 10_000,
}, () => {
  const parsed = parseConfig(
    {
      WATCHDOG_PROC_PATTERNS: Array.from({ length: 1200 }, (_, index) => `p${index}`).join(","),
      WATCHDOG_CONTAINERS: `web${",b@d".repeat(100)}`,
    },
    factsOf(),
  );
  const { config, problems } = told(parsed);
  assert.equal(config.procPatterns.length, 1000);
  assert.deepEqual(config.containers, ["web"]);
  assert.ok(problems.includes("WATCHDOG_PROC_PATTERNS: has 1200 entries; allowed: at most 1000; the first 1000 count"));
  assert.equal(problems.filter((problem) => problem.startsWith("WATCHDOG_CONTAINERS: entry")).length, 20);
  assert.ok(problems.some((problem) => problem.startsWith("WATCHDOG_CONTAINERS: 80 more entries are dropped")));
});

test("unknown names are told up to a number, however many and however long", { timeout: 20_000 }, () => {
  const env = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`WATCHDOG_NO_${index}`, "x"]));
  let problems: readonly string[] = [];
  const tookMs = costMs(() => {
    problems = parsedOf({ ...env, [`WATCHDOG_${"A".repeat(LENGTH)}`]: "x" }).problems;
  });
  assert.ok(tookMs < 500, `${Math.round(tookMs)} ms`);
  assert.ok(
    problems.length <= 60 &&
      problems.some((problem) => /^\d+ more WATCHDOG_\* names are not known either$/.test(problem)),
  );
  assert.ok(problems.every((problem) => problem.length < 500));
});

test("what is cut off a shown value hides nothing less: the password ends at the last at sign, however far away", {
  timeout: 10_000,
}, () => {
  assert.equal(
    showValue(`x=http://user:hunter2 ${"pass/".repeat(20_000)}word@host/path`),
    JSON.stringify("x=http://***@host/path"),
  );
  assert.equal(showValue("http://host/path?signature=1&x"), JSON.stringify("http://host/path?***"));
});

test("a flag that repeats a secret word costs no more than its length", { timeout: 60_000 }, () => {
  const args = ["pytest", `--${long("key")}!`, "value", "--api-key", "hunter2"];
  const tookMs = costMs(() => maskArguments(args));
  assert.ok(tookMs < MAX_MS, `${Math.round(tookMs)} ms`);
  assert.equal(maskArguments(args).at(-1), "***");
});

test("the program starts within two seconds whatever its environment holds", { timeout: 120_000 }, () => {
  const env = {
    ...process.env,
    WATCHDOG_ENABLED: "false",
    WATCHDOG_COOLDOWN_S: NASTY["schemes"],
    WATCHDOG_DEPS: NASTY["bad entries"],
    WATCHDOG_METRICS_URL: NASTY["a URL and at signs"],
    WATCHDOG_MUTE: NASTY["colons"],
    WATCHDOG_PRUNE_UNTIL: NASTY["digits"],
  };
  const startedAt = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, "dist/watchdog.mjs"), "healthcheck"], {
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0);
  assert.match(stdout, /switched off/);
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 2000, `${Math.round(tookMs)} ms`);
});
