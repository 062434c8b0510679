import { access, constants, readFile, readlink, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { readWhole } from "../../collectors/proc/reader.ts";
import { type Fault, faultOf } from "../../net/fault.ts";
import { isOurs } from "../../state/codec.ts";
import type { ThreadPool } from "../../thread-pool.ts";

/** What procfs says about this process and about pid 1; each text undefined where it cannot be read. */
export interface SelfFacts {
  /** proc_pid_status(5). */
  readonly status?: string;
  /** proc_pid_mountinfo(5). */
  readonly mountinfo?: string;
  /** The pid namespace, `pid:[4026531836]`. */
  readonly pidNamespace?: string;
  /** Command line of pid 1, with blanks for NULs. */
  readonly initCommand?: string;
}

/** Reads, and writes nothing; what does not answer in time is left out. Never rejects. */
export async function readSelf(procRoot: string, pool: ThreadPool, deadlineMs: number): Promise<SelfFacts> {
  const reads: Readonly<Record<keyof SelfFacts, () => Promise<string>>> = {
    status: () => readWhole(`${procRoot}/self/status`),
    mountinfo: () => readFile(`${procRoot}/self/mountinfo`, "utf8"),
    pidNamespace: () => readlink(`${procRoot}/self/ns/pid`),
    initCommand: async () => (await readFile(`${procRoot}/1/cmdline`, "utf8")).replaceAll("\0", " ").trim(),
  };
  const outcomes = await pool
    .share("self", 1)
    .runAll(Object.keys(reads), (name) => reads[name as keyof SelfFacts](), deadlineMs, new AbortController().signal);
  return Object.fromEntries(
    [...outcomes].flatMap(([name, outcome]) => ("value" in outcome ? [[name, outcome.value]] : [])),
  );
}

/**
 * What would keep the state file from being written, with FOREIGN for the code where it is another program's; undefined: nothing.
 * By access(2) and its first bytes, so that nothing is written. Never rejects.
 */
export async function writeFault(path: string, pool: ThreadPool, deadlineMs: number): Promise<Fault | undefined> {
  const outcome = (
    await pool.share("state", 1).runAll([path], accessFault, deadlineMs, new AbortController().signal)
  ).get(path);
  if (!outcome || !("value" in outcome)) return faultOf(outcome?.error);
  const code = outcome.value;
  return code === undefined ? undefined : { kind: "other", code, reason: code };
}

/** The code of an error such as EROFS. */
async function accessFault(path: string): Promise<string | undefined> {
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) return found.code === "ENOENT" ? undefined : found.code;
    if (found.isDirectory()) return "EISDIR";
    await access(path, constants.R_OK | constants.W_OK);
    return found.isFile() && !(await isUsable(path)) ? FOREIGN : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EIO";
  }
}

/** Another program's file: the daemon leaves it as it is and keeps no state. */
export const FOREIGN = "FOREIGN";

async function isUsable(path: string): Promise<boolean> {
  const head = (await readWhole(path)).slice(0, 200);
  return /^[\s\0]*$/.test(head) || isOurs(head);
}

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** Of the mount and of the filesystem together. */
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5): `id parent major:minor root point options [tags…] - type source super-options`, blanks as \040. Pure. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [point, options] = before.split(" ").slice(4, 6);
    const [type, source, superOptions] = after.split(" ");
    if (point === undefined || options === undefined || type === undefined || source === undefined) return [];
    return [
      {
        point: withoutEscapes(point),
        type,
        source: withoutEscapes(source),
        options: [...options.split(","), ...(superOptions ?? "").split(",")],
      },
    ];
  });
}

function withoutEscapes(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** The mount that a path lies on: the longest mount point above it, of equals the last, which covers the others. Pure. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const isAbove = mount.point === "/" || path === mount.point || path.startsWith(`${mount.point}/`);
    if (isAbove && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}
