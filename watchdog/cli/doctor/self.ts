import { accessSync, constants, existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";

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

/** Reads, and writes nothing. Never throws. */
export function readSelf(procRoot: string): SelfFacts {
  const status = tried(() => readFileSync(`${procRoot}/self/status`, "latin1"));
  const mountinfo = tried(() => readFileSync(`${procRoot}/self/mountinfo`, "utf8"));
  const pidNamespace = tried(() => readlinkSync(`${procRoot}/self/ns/pid`));
  const initCommand = tried(() => readFileSync(`${procRoot}/1/cmdline`, "utf8").replaceAll("\0", " ").trim());
  return {
    ...(status === undefined ? {} : { status }), ...(mountinfo === undefined ? {} : { mountinfo }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }), ...(initCommand === undefined ? {} : { initCommand }),
  };
}

/** The code of what would keep the state file from being written, such as EROFS; undefined: nothing. By access(2), so that nothing is written. */
export function writeProblem(path: string): string | undefined {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    if (!existsSync(path)) return undefined;
    if (statSync(path).isDirectory()) return "EISDIR";
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EIO";
  }
}

function tried(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
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
    return [{ point: unescape(point), type, source: unescape(source), options: [...options.split(","), ...(superOptions ?? "").split(",")] }];
  });
}

function unescape(text: string): string {
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
