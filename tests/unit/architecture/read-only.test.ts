import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ROOT, readSources, type Source, withoutComments } from "./sources.ts";

/** The observer: what main.ts reaches. The pruner is another program with rules of its own. */
function observer(): Source[] {
  const all = new Map(readSources().map((source) => [source.path, source]));
  const reached = new Set<Source>();
  const visit = (path: string): void => {
    const source = all.get(path);
    if (!source || reached.has(source)) return;
    reached.add(source);
    source.imports.forEach(visit);
  };
  visit("main.ts");
  return [...reached].sort((a, b) => a.path.localeCompare(b.path));
}

/** The built bundle, module by module: esbuild names each source in a comment above its code. */
function bundled(): { path: string; code: string }[] {
  const text = readFileSync(join(ROOT, "dist/watchdog.mjs"), "utf8");
  const parts = text.split(/^\/\/ (\S+\.[cm]?[jt]s)$/m);
  const modules = [{ path: "(head)", code: parts[0] ?? "" }];
  for (let index = 1; index < parts.length; index += 2)
    modules.push({
      path: (parts[index] ?? "").replace(/^watchdog\//, ""),
      code: withoutComments(parts[index + 1] ?? ""),
    });
  return modules;
}

const sources = observer();
const modules = bundled();
const both = [...sources, ...modules.map(({ path, code }) => ({ path: `bundle: ${path}`, code }))];

/** Paths of the modules, of sources and bundle alike, whose code matches. */
function where(pattern: RegExp): string[] {
  return [
    ...new Set(both.filter(({ code }) => pattern.test(code)).map(({ path }) => path.replace(/^bundle: /, ""))),
  ].sort();
}

test("the bundle holds the sources, and nothing else", () => {
  assert.ok(modules.length > 30);
  const known = new Set(readSources().map(({ path }) => path));
  assert.deepEqual(
    modules
      .slice(1)
      .map(({ path }) => path)
      .filter((path) => !known.has(path)),
    [],
  );
  assert.equal(modules[0]?.code.trim().replace(/^#!.*$/m, ""), "");
  assert.deepEqual(
    modules.filter(({ path }) => path.startsWith("pruner/")),
    [],
    "the observer holds no code that can change anything",
  );
});

test("only these modules of Node are used, and only where they are expected", () => {
  const expected: Readonly<Record<string, RegExp>> = {
    "node:fs": /^(main|facts|output|collectors\/(memory|proc|proc\/(command-lines|reader))|state\/file)\.ts$/,
    "node:fs/promises": /^(facts|state\/file|collectors\/(disk|proc\/reader)|cli\/doctor\/self)\.ts$/,
    "node:events": /^collectors\/deps\.ts$/,
    "node:http":
      /^(net\/(exchange|get|ping)|notify\/(post|post-version)|status\/(server|connections)|engine\/client|cli\/healthcheck)\.ts$/,
    "node:https": /^(net\/(get|ping)|notify\/post)\.ts$/,
    "node:crypto": /^(safe|state\/file|status\/(guard|page))\.ts$/,
    "node:net": /^(net\/ping|status\/(connections|guard))\.ts$/,
    "node:os": /^(facts|collectors\/proc)\.ts$/,
    "node:path": /^(state\/file|cli\/doctor\/(self|setup|engine))\.ts$/,
    "node:timers/promises": /^collectors\/proc\/command-lines\.ts$/,
  };
  for (const { path, builtins } of sources) {
    for (const name of builtins) assert.match(path, expected[name] ?? /^no module at all$/, `${path} imports ${name}`);
  }
  const inBundle = modules.flatMap(({ code }) =>
    [...code.matchAll(/^import .* from "([^"]+)";$/gm)].map((match) => match[1] ?? ""),
  );
  assert.deepEqual(
    [...new Set(inBundle)].filter((name) => !(name in expected)),
    [],
  );
});

test("nothing is loaded, built or run at run time", () => {
  assert.deepEqual(
    where(
      /\beval\(|\bnew Function\b|\brequire\(|\bcreateRequire\b|\bimport\(|getBuiltinModule|process\.binding|process\.dlopen|\bWebAssembly\b/,
    ),
    [],
  );
});

test("no process is started or signalled", () => {
  assert.deepEqual(
    where(/child_process|worker_threads|\bcluster\b|\bspawn(?:Sync)?\(|\bexec(?:File|Sync|FileSync)\(|\bfork\(/),
    [],
  );
});

test("the one process that is signalled or replaced is its own, where it ends", () => {
  assert.deepEqual(where(/process\.kill\b|\.kill\(|\bexecve\b/), ["exit.ts"]);
  for (const { code } of both.filter(({ path }) => /(^|: )exit\.ts$/.test(path))) {
    for (const [, target] of code.matchAll(/\.kill\b(\([^,)]*,)?/g)) assert.equal(target, "(process.pid,");
    const replacements = [...code.matchAll(/\bexecve\b.*/g)].map(([call]) => call.replace(/exitCode\d*/, "exitCode"));
    assert.deepEqual(replacements, [
      'execve?.(process.execPath, [process.execPath, "-e", `process.exit(${exitCode})`], {});',
    ]);
  }
});

test("of a process only cmdline and stat are read, never its environment, memory or root", () => {
  assert.deepEqual(where(/\benviron\b(?!ment)/), []);
  assert.deepEqual(
    where(/\/(?:environ|mem|root|cwd|fd|maps|exe|auxv)[`"']/),
    ["collectors/proc.ts"],
    "auxv, and that of /proc/self alone",
  );
  const proc = sources.find(({ path }) => path === "collectors/proc.ts")?.code ?? "";
  assert.deepEqual(proc.match(/\/(?:environ|mem|root|cwd|fd|maps|exe|auxv)[`"']/g), ['/auxv"']);
  assert.match(proc, /readFileSync\("\/proc\/self\/auxv"\)/);
});

const WRITES =
  "write|writeFile|writev|appendFile|createWriteStream|rename|unlink|rm|rmdir|mkdir|mkdtemp|truncate|ftruncate|link|symlink|chmod|fchmod|lchmod|chown|fchown|lchown|utimes|futimes|lutimes|copyFile|cp|fsync|fdatasync|watchFile";

test("no file is written, but the one that WATCHDOG_STATE_FILE names", () => {
  const imported = new RegExp(`^import \\{[^}]*\\b(?:${WRITES})(?:Sync)?\\b[^}]*\\} from "node:fs(?:/promises)?"`, "m");
  assert.deepEqual(where(imported), ["output.ts", "state/file.ts"]);
  const writes = sources.find(({ path }) => path === "output.ts")?.code.match(/(?<!\.)\bwrite\(.*?,/g) ?? [];
  assert.deepEqual(
    writes,
    ["write(fd,", "write(text,"],
    "to standard output and standard error, which are open already",
  );
  assert.match(sources.find(({ path }) => path === "output.ts")?.code ?? "", /export type Fd = 1 \| 2;/);
  assert.deepEqual(where(new RegExp(`\\b(?:fs|fsp|promises)\\d*\\.(?:${WRITES})(?:Sync)?\\b`)), []);
  assert.deepEqual(where(/\* as \w+ from "node:fs/), [], "names are imported one by one, so that this test sees them");
});

test("a file is opened for writing in that one module alone", () => {
  for (const { path, code } of both.filter((module) => !/state\/file\.ts$/.test(module.path))) {
    for (const [call] of code.matchAll(/\b(?:openSync\w*|await open\d*)\([^)]*\)/g))
      assert.match(call, /, O_RDONLY\d* \| O_NONBLOCK\d*\)$/, `${path}: ${call}`);
    assert.doesNotMatch(code, /"(?:r\+|w|wx|w\+|a|ax|a\+)"/, path);
  }
});

test("only the channels send anything: POST stands in notify/, and once more where doctor proves that a proxy refuses it", () => {
  assert.deepEqual(where(/["'`]POST["'`]/), ["notify/post-version.ts", "notify/post.ts"]);
  assert.deepEqual(where(/["'`](?:PUT|DELETE|PATCH|CONNECT)["'`]/), []);
  assert.deepEqual(where(/\bmethod:\s*["'`](?!(?:GET|POST)["'`])/), []);
});

test("that second POST is one fixed request, to a host and port and never to a socket, and doctor alone makes it, for a proxy", () => {
  const { code } = sources.find(({ path }) => path === "notify/post-version.ts") ?? { code: "" };
  assert.equal(code.match(/\brequest\(/g)?.length, 1);
  const oneLine = code.replace(/\s+/g, " ").replaceAll(", }", " }");
  assert.match(
    oneLine,
    /http\.request\(\{ method: "POST", host, port, path: "\/version", agent: false, headers: \{ "user-agent": "watchdog", "content-length": 0 \} \}\)/,
  );
  assert.match(code, /exchange\(request, \{ deadlineMs, maxBytes: [^}]+ \}\)/, "without a payload");
  assert.doesNotMatch(code, /socketPath/);
  const users = sources.filter(({ imports }) => imports.includes("notify/post-version.ts"));
  assert.deepEqual(
    users.map(({ path }) => path),
    ["cli/doctor/engine.ts"],
  );
  const calls = [...(users[0]?.code ?? "").matchAll(/^.*\bpostVersion\(.*$/gm)].map(([line]) => line.trim());
  assert.deepEqual(calls, ["const post = postVersion(target, deadlineMs).catch(faultOf);"]);
  assert.match(
    users[0]?.code ?? "",
    /if \("socketPath" in target\) return [^\n]*\n\s*const post = postVersion\(/,
    "a socket has left the function before",
  );
});

test("doctor reads of procfs only what is said of itself, and the command line of pid 1", () => {
  const { code } = sources.find(({ path }) => path === "cli/doctor/self.ts") ?? { code: "" };
  assert.deepEqual(
    [...code.matchAll(/`\$\{procRoot\}\/([^`]+)`/g)].map((match) => match[1]),
    ["self/status", "self/mountinfo", "self/ns/pid", "1/cmdline"],
  );
});

test("requests are made in net/ and notify/ alone, and each says its method", () => {
  assert.deepEqual(where(/\b(?:https?\d*|module\d*)\.(?:request|get)\(/), [
    "net/get.ts",
    "net/ping.ts",
    "notify/post-version.ts",
    "notify/post.ts",
  ]);
  assert.deepEqual(
    where(/\bfetch\(|\bXMLHttpRequest\b|\bWebSocket\b|node:(?:dgram|tls|http2)/),
    ["status/page-script.ts"],
    "the page asks for itself anew, in its reader's browser",
  );
});
