// npm run mutate -- --seed 1 --count 100: would a fault be noticed? Changes one random place of a source at a time, in a
// copy of the project, and runs the tests that reach it. What no test notices is printed as a survivor: it deserves a
// test, or it means the same as before. Linux; most mutants take seconds, a survivor some minutes (with --quick about one).
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { API } from "typescript/unstable/sync";
import { type Random, randomOf } from "../helpers/drivers/random.ts";
import { graphOf } from "./graph.ts";
import { type Site, sitesOf } from "./mutants.ts";

const USAGE = `npm run mutate -- [--seed N] [--count 100] [--minutes 120] [--in watchdog/signals,watchdog/decide/flap.ts] [--quick] [--list]
  --seed     the same seed and sources, the same mutants; by default a new one, which is printed
  --minutes  no new mutant is begun after that long
  --in       folders or files, by default watchdog/{kinds.ts,signals,decide,notify,collectors}
  --quick    without the tests of the built bundle: what only they would notice counts as a survivor
  --list     prints the mutants and runs nothing`;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** One file of tests, without a mutant. */
const BASELINE_MS = 300_000;
/** Random histories a kind: a mutant that is seen in none of these is seen in few of more. */
const TIMELINES = "40";

interface Mutant {
  readonly path: string;
  readonly line: number;
  /** The place with a little of what stands beside it, the piece that is replaced, and what replaces it. */
  readonly around: string;
  readonly before: string;
  readonly after: string;
  /** The whole source with the change. */
  readonly text: string;
}

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "100" },
    minutes: { type: "string", default: "120" },
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    in: {
      type: "string",
      default: ["kinds.ts", "signals", "decide", "notify", "collectors"].map((layer) => `watchdog/${layer}`).join(","),
    },
    help: { type: "boolean", default: false },
  },
});

/** The files as they lie in the working tree, and the same node_modules. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "watchdog-mutants-"));
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  }).split("\0");
  // A file that was deleted and not committed is still listed.
  for (const path of files.filter((one) => one !== "" && existsSync(join(ROOT, one)))) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
  // Some tests run the bundle as another user.
  chmodSync(copy, 0o755);
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Ends what is running when the run is broken off. */
let endTests = (): void => {};

type Verdict = { readonly killed: true; readonly by: string } | { readonly killed: false };

/** Runs these tests in the copy, and stops at the first that fails. */
function runTests(copy: string, tests: readonly string[], withinMs: number): Promise<Verdict> {
  if (tests.length === 0) return Promise.resolve({ killed: false });
  return new Promise((resolve, reject) => {
    // A process group of its own, so that daemons which the tests started end with them.
    const child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "--test",
        "--test-reporter=tap",
        "--test-concurrency=2",
        `--test-timeout=${withinMs}`,
        ...tests,
      ],
      {
        cwd: copy,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, UPDATE_GOLDEN: "", TIMELINES, SEED: undefined, NODE_TEST_CONTEXT: undefined },
      },
    );
    let output = "";
    let by: string | undefined;
    const end = (reason: string): void => {
      by ??= reason;
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    };
    endTests = () => end("broken off");
    const tooLong = setTimeout(() => end(`no end within ${withinMs / 1000} s`), withinMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const failed = /^\s*not ok \d+ - (.*)$/m.exec(output);
      if (failed) end(failed[1] ?? "a test");
      output = output.slice(output.lastIndexOf("\n") + 1);
    });
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(tooLong);
      endTests = () => {};
      if (by !== undefined || code !== 0) resolve({ killed: true, by: by ?? `exit code ${code}` });
      else resolve({ killed: false });
    });
  });
}

interface Place {
  readonly path: string;
  readonly source: string;
  readonly site: Site;
}

/** The mutants of a seed, one a place, until the places are used up. */
function* draw(random: Random, places: readonly Place[]): Generator<Mutant> {
  const left = [...places];
  while (left.length > 0) {
    const place = random.pick(left);
    left.splice(left.indexOf(place), 1);
    const {
      path,
      source,
      site: { start, end, replacements },
    } = place;
    const after = random.pick(replacements);
    yield {
      path,
      after,
      before: source.slice(start, end),
      line: source.slice(0, start).split("\n").length,
      around: source.slice(
        Math.max(source.lastIndexOf("\n", start - 1) + 1, start - 40),
        Math.min((source + "\n").indexOf("\n", end), end + 40),
      ),
      text: source.slice(0, start) + after + source.slice(end),
    };
  }
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 110 ? `${line.slice(0, 80)} … ${line.slice(-25)}` : line;
}

function shown({ path, line, around, before, after }: Mutant): string {
  return `${path}:${line}  ${short(before)}  →  ${short(after)}${before.length < 40 ? `   in: ${short(around)}` : ""}`;
}

async function main(): Promise<number> {
  const seed = Number(options.seed ?? randomOf(Date.now()).whole(1, 1_000_000));
  const [count, minutes] = [Number(options.count), Number(options.minutes)];
  if (options.help || ![seed, count, minutes].every((value) => value >= 0)) {
    console.log(USAGE);
    return options.help ? 0 : 2;
  }
  const started = performance.now();
  const copy = copyProject();
  process.once("exit", () => {
    endTests();
    rmSync(copy, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const graph = graphOf(copy);
  const api = new API({ cwd: copy });
  const config = join(copy, "tsconfig.json");
  const program = (changed: string[]) => {
    const project = api
      .updateSnapshot(changed.length > 0 ? { fileChanges: { changed } } : { openProjects: [config] })
      .getProject(config);
    if (!project) throw new Error(`${config} cannot be opened`);
    return project.program;
  };
  const first = program([]);
  const folders = options.in.split(",").map((folder) => join(copy, folder));
  const paths = first
    .getSourceFileNames()
    .filter((name) => folders.some((folder) => name === folder || name.startsWith(`${folder}/`)))
    .sort();
  const places = paths.flatMap((name): Place[] => {
    const source = first.getSourceFile(name);
    return source
      ? sitesOf(source).map((site) => ({ path: name.slice(copy.length + 1), source: source.text, site }))
      : [];
  });
  if (places.length === 0) throw new Error(`nothing to change in ${options.in}`);
  console.log(`mutants: seed ${seed}, ${places.length} places in ${paths.length} files`);

  // Nothing can be learned from a test that fails without a mutant: one that measures time, say, on a busy machine.
  const failing = new Set<string>();
  const leaveOut = (test: string, by: string): void => {
    failing.add(test);
    console.log(`left out, it fails without any mutant: ${test} (${by})`);
  };
  let limitMs = BASELINE_MS;
  if (!options.list) {
    const begun = performance.now();
    for (const test of new Set(
      paths.flatMap((name) => Object.values(graph.testsOf(name.slice(copy.length + 1))).flat()),
    )) {
      const verdict = await runTests(copy, [test], BASELINE_MS);
      if (verdict.killed) leaveOut(test, verdict.by);
    }
    // A test that waits for ever has noticed the mutant; how long is long depends on the machine and on what else it does.
    limitMs = 60_000 + 2 * (performance.now() - begun);
  }
  const sound = (tests: readonly string[]): string[] => tests.filter((test) => !failing.has(test));

  /** The tests of the bundle, one file after the other. What one of them notices it must not notice without the mutant as well. */
  const programsOn = async (mutated: string, original: string, file: string): Promise<Verdict> => {
    const build = (text: string): void => {
      writeFileSync(file, text);
      execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: copy, stdio: "ignore" });
    };
    build(mutated);
    for (const test of sound(graph.programs)) {
      const verdict = await runTests(copy, [test], BASELINE_MS);
      if (!verdict.killed) continue;
      build(original);
      const without = await runTests(copy, [test], BASELINE_MS);
      if (!without.killed) return verdict;
      leaveOut(test, without.by);
      build(mutated);
    }
    return { killed: false };
  };

  const survivors: Mutant[] = [];
  let [tried, refused] = [0, 0];
  for (const mutant of draw(randomOf(seed), places)) {
    if (tried >= count || performance.now() - started > minutes * 60_000) break;
    const file = join(copy, mutant.path);
    const original = readFileSync(file, "utf8");
    writeFileSync(file, mutant.text);
    const mutated = program([file]);
    if (mutated.getSyntacticDiagnostics(file).length + mutated.getSemanticDiagnostics(file).length > 0) refused += 1;
    else {
      tried += 1;
      const [begun, { direct, indirect }] = [performance.now(), graph.testsOf(mutant.path)];
      let verdict: Verdict = { killed: false };
      if (!options.list) {
        verdict = await runTests(copy, sound(direct), limitMs);
        if (!verdict.killed) verdict = await runTests(copy, sound(indirect), limitMs);
        if (!verdict.killed && !options.quick) verdict = await programsOn(mutant.text, original, file);
        if (!verdict.killed) survivors.push(mutant);
      }
      const how = options.list ? "mutant  " : verdict.killed ? "killed  " : "SURVIVED";
      console.log(
        `${String(tried).padStart(3)} ${how} ${shown(mutant)}${verdict.killed ? `  (${verdict.by})` : ""}  ${Math.round((performance.now() - begun) / 1000)} s`,
      );
    }
    writeFileSync(file, original);
    program([file]);
  }
  api.close();
  if (options.list) return 0;
  console.log(
    `\n${tried} mutants, ${tried - survivors.length} killed, ${survivors.length} survived; ${refused} more were refused by the type checker; ${Math.round((performance.now() - started) / 60_000)} min`,
  );
  for (const survivor of survivors) console.log(`  ${shown(survivor)}`);
  return 0;
}

process.exitCode = await main();
