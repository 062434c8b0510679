// What the engine tests download, kept between runs: packages of a newer engine, compose, buildx, a node binary.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { run } from "./run.ts";

/** WATCHDOG_ENGINE_CACHE, else the user's cache directory. */
export const cacheDir =
  process.env["WATCHDOG_ENGINE_CACHE"] ??
  path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "watchdog-engine-tests");

/** A folder of the cache, made by `fill` the first time; a fill that was cut short leaves nothing that counts. */
export async function cached(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const dir = path.join(cacheDir, name);
  if (existsSync(dir)) return dir;
  const partial = `${dir}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await fill(partial);
    renameSync(partial, dir);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return dir;
}

/**
 * Packages of a Debian suite other than the machine's own, unpacked side by side and not installed. They come from
 * the mirror that the machine's apt already uses, through lists and a cache of our own.
 */
export function debianRoot(suite: string, packages: readonly string[]): Promise<string> {
  return cached(`${suite}-${process.arch}`, async (dir) => {
    const work = path.join(dir, "apt");
    for (const sub of ["lists/partial", "cache/archives/partial", "debs"]) {
      mkdirSync(path.join(work, sub), { recursive: true });
    }
    const list = path.join(work, "sources.list");
    writeFileSync(list, `deb ${await debianMirror()} ${suite} main\n`);
    const options = [
      ["Dir::Etc::SourceList", list],
      ["Dir::Etc::SourceParts", "/dev/null"],
      ["Dir::State::Lists", path.join(work, "lists")],
      ["Dir::Cache", path.join(work, "cache")],
      // apt's own unprivileged user cannot write below a home directory.
      ["APT::Sandbox::User", "root"],
    ].flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const debs = path.join(work, "debs");
    await run("apt-get", [...options, "-q", "update"]);
    await run("apt-get", [...options, "-q", "download", ...packages], { cwd: debs, timeoutMs: 300_000 });
    for (const deb of readdirSync(debs)) await run("dpkg", ["-x", path.join(debs, deb), dir]);
    rmSync(work, { recursive: true });
  });
}

async function debianMirror(): Promise<string> {
  const targets = await run("apt-get", ["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]);
  const uri = /^Debian (\S+)$/m.exec(targets)?.[1];
  if (uri === undefined) throw new Error("apt knows no Debian mirror (has `apt-get update` run?)");
  return uri;
}
