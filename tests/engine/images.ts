// The base images that the Dockerfile and the compose files name. With WATCHDOG_ENGINE_PULL=1 they are the official
// ones; otherwise stand-ins made of this machine's own files under the same names, since a test machine may reach no
// image registry.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cached } from "./cache.ts";
import type { Engine } from "./engine.ts";
import { run, which } from "./run.ts";

/** Part of the stand-ins' names in the cache: another recipe or machine makes another image. */
const recipe = `${process.arch}-${createHash("sha256")
  .update(readFileSync(import.meta.filename))
  .digest("hex")
  .slice(0, 8)}`;

const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Makes sure the engine has the images that `FROM` and `image:` of these files name. */
export async function provideImages(engine: Engine, repo: string): Promise<void> {
  const node = nodeImage(repo);
  const haproxy = haproxyImage(repo);
  if (process.env["WATCHDOG_ENGINE_PULL"] === "1") {
    for (const image of [node, haproxy]) await engine.docker(["pull", image], { timeoutMs: 300_000 });
    return;
  }
  await importImage(engine, node, await nodeRoot(node), ["ENV PATH=/usr/local/bin:/usr/bin:/bin"]);
  await importImage(engine, haproxy, await haproxyRoot(), [
    "ENV PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/bin",
    'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
  ]);
}

/** The image of the Dockerfile's final stage, which is that of the build stage as well. */
export function nodeImage(repo: string): string {
  return only(readFileSync(path.join(repo, "Dockerfile.watchdog"), "utf8"), /^FROM (?:--platform=\S+ )?(node:\S+)/gm);
}

/** The binary of the Node that the image brings, to run on this machine. */
export async function nodeOfImage(repo: string): Promise<string> {
  return path.join(await nodeRoot(nodeImage(repo)), "usr/local/bin/node");
}

function haproxyImage(repo: string): string {
  return only(readFileSync(path.join(repo, "docker-compose.hardened.yml"), "utf8"), /image: (haproxy:\S+)/g);
}

function only(text: string, pattern: RegExp): string {
  const names = new Set([...text.matchAll(pattern)].map((match) => match[1]));
  const [name] = names;
  if (name === undefined || names.size !== 1) throw new Error(`one image expected, found ${[...names].join(", ")}`);
  return name;
}

async function importImage(engine: Engine, name: string, root: string, changes: readonly string[]): Promise<void> {
  const tarball = path.join(engine.dir, "import.tar");
  await run("tar", ["-cf", tarball, "--numeric-owner", "--owner=0", "--group=0", "-C", root, "."]);
  await engine.docker(["import", ...changes.flatMap((change) => ["--change", change]), tarball, name]);
  rmSync(tarball);
}

/** Node of the same major that the image names (its npm package carries the official binary), npm, sh, ssh and a few more. */
function nodeRoot(image: string): Promise<string> {
  const major = /^node:(\d+)/.exec(image)?.[1];
  if (major === undefined) throw new Error(`${image} names no Node major`);
  return cached(`image-node-${major}-${recipe}`, async (dir) => {
    const work = mkdtempSync(path.join(tmpdir(), "watchdog-node-"));
    try {
      await run("npm", ["pack", "--silent", `node-linux-${process.arch}@${major}`], { cwd: work, timeoutMs: 300_000 });
      await run("sh", ["-c", "tar -xzf *.tgz package/bin/node"], { cwd: work });
      const npm = path.join((await run("npm", ["root", "--global"])).trim(), "npm");
      const bin = path.join(dir, "usr/local/bin");
      const modules = path.join(dir, "usr/local/lib/node_modules");
      mkdirSync(bin, { recursive: true });
      copyFileSync(path.join(work, "package/bin/node"), path.join(bin, "node"));
      cpSync(npm, path.join(modules, "npm"), { recursive: true, dereference: true });
      symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", path.join(bin, "npm"));
      symlinkSync("../lib/node_modules/npm/bin/npx-cli.js", path.join(bin, "npx"));
      await copyProgram(dir, path.join(bin, "node"));
      for (const program of ["/bin/sh", "/usr/bin/env", "/bin/sleep", "/bin/rm", "/usr/bin/ssh"])
        await copyProgram(dir, program, program);
      // What the target pruner-ssh would install is there already.
      writeFileSync(path.join(dir, "usr/bin/apt-get"), "#!/bin/sh\n", { mode: 0o755 });
      await common(dir);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

function haproxyRoot(): Promise<string> {
  return cached(`image-haproxy-${recipe}`, async (dir) => {
    const haproxy = await which("haproxy");
    if (haproxy === undefined) throw new Error("haproxy is not installed");
    await copyProgram(dir, haproxy, "/usr/local/sbin/haproxy");
    await common(dir);
  });
}

/** Copies a program to `target` (if given) and every library it needs to where the loader looks for it. */
async function copyProgram(root: string, program: string, target?: string): Promise<void> {
  const libraries = (await run("ldd", [program])).matchAll(/(?:=> )?(\/\S+) \(0x/g);
  const copies = [...libraries].map((match) => match[1] ?? "").map((file) => [file, file] as const);
  for (const [from, to] of target === undefined ? copies : [[program, target] as const, ...copies]) {
    mkdirSync(path.dirname(path.join(root, to)), { recursive: true });
    copyFileSync(from, path.join(root, to));
  }
}

async function common(root: string): Promise<void> {
  mkdirSync(path.join(root, path.dirname(CA_BUNDLE)), { recursive: true });
  copyFileSync(CA_BUNDLE, path.join(root, CA_BUNDLE));
  mkdirSync(path.join(root, "root"), { recursive: true, mode: 0o700 });
  // Without this file the C library asks DNS before /etc/hosts.
  writeFileSync(path.join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  // The user's home is looked up here, and with it the npmrc.
  writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  await run("install", ["-d", "-m", "1777", path.join(root, "tmp")]);
}
