// npm test, npm run test:quick; `npm test -- notify pruner/plan` runs the files whose path has one of these parts. Each file
// runs in a process of its own. All are bundled once before that: a process that translates TypeScript by itself takes
// half a second before its first test, and there are many.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { dot, spec as Spec, tap } from "node:test/reporters";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Each run has a folder of its own, where packages are found. */
const OUT = join(ROOT, `node_modules/.cache/watchdog-tests-${process.pid}`);
/** They take longest, so they begin first: what only waits beside what keeps a core busy. */
const LONG = [
  "tests/pipeline/random/timelines.test.ts",
  "tests/program/exit.test.ts",
  "tests/program/output.test.ts",
  "tests/pipeline/random/timelines-restarts.test.ts",
  "tests/program/faults/memory-limit.test.ts",
  "tests/program/faults/matrix.test.ts",
  "tests/program/status/page.test.ts",
  "tests/program/secret-sweep.test.ts",
  "tests/program/soak/soak.test.ts",
  "tests/program/status/slow-clients.test.ts",
  "tests/program/signals.test.ts",
  "tests/pipeline/matrix-virtual.test.ts",
  "tests/unit/fuzz/host-and-engine.test.ts",
  "tests/unit/daemon/digest.test.ts",
  "tests/unit/signals/forecast.test.ts",
];
/** What starts a program, outside the folder of those that all do. */
const STARTS_A_PROGRAM = /dist\/(?:watchdog|pruner)\.mjs|"node:child_process"/;

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    /** Without the files that start a program, and without the longest. */
    quick: { type: "boolean", default: false },
    /** spec, tap or dot. */
    reporter: { type: "string", default: "spec" },
    /** So many files at a time, which have their own tests side by side. With four on two cores, deadlines of half a second pass. */
    concurrency: { type: "string", default: "2" },
    /** A file that never yields ends after that; each test has a limit of its own. */
    "file-limit-ms": { type: "string", default: "400000" },
    in: { type: "string", default: "tests" },
  },
});

/** A file knows its own address as if it were not bundled, and its tests have a time limit. */
const asIfNotBundled = {
  name: "as if not bundled",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
    }));
    const limited = join(ROOT, "tests/helpers/drivers/limited-test.mjs");
    onResolve({ filter: /^node:test$/ }, ({ importer }) => (importer === limited ? undefined : { path: limited }));
  },
};

const all = readdirSync(join(ROOT, options.in), { recursive: true, encoding: "utf8" })
  .map((path) => `${options.in}/${path}`)
  .filter((path) => /\.test\.(?:ts|mjs)$/.test(path) && !path.startsWith("tests/engine/"))
  .sort();
for (const path of options.in === "tests" ? LONG : [])
  if (!all.includes(path)) throw new Error(`${path} is not there: mend the list of the longest`);
const isQuick = (path) =>
  !path.startsWith("tests/program/") &&
  !LONG.includes(path) &&
  !STARTS_A_PROGRAM.test(readFileSync(join(ROOT, path), "utf8"));
const begins = (path) => (LONG.includes(path) ? LONG.indexOf(path) : LONG.length + (isQuick(path) ? 1 : 0));
const files = all
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .filter((path) => !options.quick || isQuick(path))
  .sort((a, b) => begins(a) - begins(b));
if (files.length === 0) throw new Error(`no file of tests has ${parts.join(" or ")} in its path`);

process.once("exit", () => rmSync(OUT, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
await build({
  absWorkingDir: ROOT,
  entryPoints: files,
  outdir: OUT,
  outbase: ROOT,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // Each file by itself: shared chunks would be evaluated in another order than the imports say, and it takes no longer.
  splitting: false,
  sourcemap: "linked",
  // The sources are there; a map that holds them too takes each process longer to read.
  sourcesContent: false,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  plugins: [asIfNotBundled],
});

const results = run({
  files: files.map((path) => join(OUT, path.replace(/\.\w+$/, ".mjs"))),
  concurrency: Number(options.concurrency),
  timeout: Number(options["file-limit-ms"]),
});
results.on("test:fail", () => (process.exitCode = 1));
results.compose({ dot, tap }[options.reporter] ?? new Spec()).pipe(process.stdout);
await finished(results);
