import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { LANG_CODES } from "../../../watchdog/lang/index.ts";
import { BUNDLE } from "../../helpers/drivers/daemon.ts";
import { PRUNER } from "../../helpers/drivers/pruner.ts";

/** The bundle's parts by the source file that esbuild names above each; a file may come in several. */
function partsOf(bundle: string): Map<string, string> {
  const parts = readFileSync(bundle, "utf8").split(/^\/\/ (watchdog\/\S+\.ts)$/m);
  const texts = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2)
    texts.set(parts[index] ?? "", (texts.get(parts[index] ?? "") ?? "") + (parts[index + 1] ?? ""));
  return texts;
}

/** In which parts this stands, and how often. */
function where(bundle: string, pattern: RegExp): string[] {
  return [...partsOf(bundle)].flatMap(([name, text]) => Array.from(text.matchAll(pattern), () => name));
}

test("in the pruner one place starts a program, and that program is ssh", () => {
  assert.deepEqual(where(PRUNER, /from "node:child_process"/g), ["watchdog/pruner/ssh.ts"]);
  assert.deepEqual(where(PRUNER, /(?<![.\w])(spawn|exec|execFile|fork|spawnSync|execSync|execFileSync)\(/g), [
    "watchdog/pruner/ssh.ts",
  ]);
  assert.match(partsOf(PRUNER).get("watchdog/pruner/ssh.ts") ?? "", /spawn\("ssh", args, /);
});

test("in the pruner the engine is sent one kind of POST, built in one place", () => {
  assert.deepEqual(where(PRUNER, /build\/prune/g), ["watchdog/pruner/plan.ts"]);
  assert.deepEqual(where(PRUNER, /"POST"/g), [
    "watchdog/notify/post.ts",
    "watchdog/notify/post.ts",
    "watchdog/pruner/plan.ts",
  ]);
  assert.deepEqual(where(PRUNER, /["'](PUT|DELETE|PATCH)["']/g), []);
});

test("in the pruner the remote command is built in one place, and no other prune is spelled anywhere", () => {
  assert.deepEqual(where(PRUNER, /docker builder prune -f/g), ["watchdog/pruner/plan.ts"]);
  // The texts of the messages may name what somebody else did; they are told, not run.
  const spelled = where(PRUNER, /(image|system|volume|container|network) prune|docker (rm|rmi|stop|kill|restart)\b/g);
  assert.deepEqual(
    spelled.filter((name) => !/^watchdog\/lang\/\w+\/texts\.ts$/.test(name)),
    [],
  );
});

test("the pruner signals no process but the ssh it started", () => {
  assert.deepEqual([...new Set(where(PRUNER, /process\.kill\(/g))], ["watchdog/exit.ts"], "itself, at its end");
  assert.deepEqual(where(PRUNER, /process\.kill\((?!process\.pid,)/g), []);
  assert.deepEqual([...new Set(where(PRUNER, /\.kill\(/g))].sort(), ["watchdog/exit.ts", "watchdog/pruner/ssh.ts"]);
});

test("the observer's bundle holds nothing of the pruner, starts no program and prunes nothing", () => {
  assert.deepEqual(
    [...partsOf(BUNDLE).keys()].filter((name) => /\/pruner\/|\/lang\/\w+\/prune\.ts$/.test(name)),
    [],
  );
  assert.ok(partsOf(BUNDLE).size > 30, "the parts were found");
  for (const pattern of [/child_process/g, /build\/prune/g, /process\.kill\((?!process\.pid,)/g])
    assert.deepEqual(where(BUNDLE, pattern), [], String(pattern));
  assert.deepEqual(
    [...new Set(where(BUNDLE, /"POST"/g))],
    ["watchdog/notify/post.ts", "watchdog/notify/post-version.ts"],
  );
});

test("nothing outside the pruner imports it", () => {
  const root = new URL("../../../watchdog/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("pruner/"),
  );
  const guilty = files.filter((name) => /from "[^"]*\/pruner\//.test(readFileSync(new URL(name, root), "utf8")));
  assert.deepEqual(guilty, []);
  const speaks = files.filter(
    (name) =>
      !name.startsWith("lang/") &&
      /PRUNE_TEXTS|\/lang\/(?:\w+\/)?prune\.ts"/.test(readFileSync(new URL(name, root), "utf8")),
  );
  assert.deepEqual(speaks, [], "its texts are its own as well");
});

test("each bundle holds the texts of its own program alone, in every language", () => {
  const textsOf = (bundle: string): string[] =>
    LANG_CODES.flatMap((code) =>
      ["texts", "doctor", "page", "prune"].filter((part) => partsOf(bundle).has(`watchdog/lang/${code}/${part}.ts`)),
    );
  assert.deepEqual(
    textsOf(BUNDLE),
    LANG_CODES.flatMap(() => ["texts", "doctor", "page"]),
  );
  assert.deepEqual(
    textsOf(PRUNER),
    LANG_CODES.flatMap(() => ["texts", "prune"]),
  );
});

test("both bundles need nothing but Node", () => {
  for (const bundle of [BUNDLE, PRUNER]) {
    const imports = [...readFileSync(bundle, "utf8").matchAll(/^import .* from "([^"]+)";$/gm)].map(
      (match) => match[1] ?? "",
    );
    assert.ok(imports.length > 0 && imports.every((name) => name.startsWith("node:")), imports.join(" "));
  }
});
