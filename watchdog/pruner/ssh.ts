import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { MAX_TIMER_MS } from "../clock.ts";
import type { SshHost } from "../config/areas/prune.ts";
import { excerpt, head, reasonOf, tail } from "../safe.ts";
import { type PrunePlan, pruneCommand, shellQuote } from "./plan.ts";
import { parseReclaimed } from "./size.ts";

export interface SshTarget {
  readonly host: SshHost;
  readonly user: string | undefined;
  readonly keyFile: string | undefined;
  readonly knownHosts: string;
}

export interface SshOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Where `ssh` is looked for; the child gets nothing else of our environment. */
  readonly path: string | undefined;
}

const CONNECT_TIMEOUT_S = 10;
const MAX_OUTPUT = 64 * 1024;
/** After SIGTERM; an ssh that hangs in the kernel or ignores it must not stay. */
const KILL_MS = 2000;

/** ssh's arguments: nobody is asked anything, nothing is taken on trust, no configuration but this counts. Pure. */
export function sshArguments({ host, user, keyFile, knownHosts }: SshTarget, plan: PrunePlan): string[] {
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
    "ConnectionAttempts=1",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "IdentitiesOnly=yes",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "LogLevel=ERROR",
  ];
  return [
    "-F",
    "/dev/null",
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    ...(keyFile === undefined ? [] : ["-i", keyFile]),
    ...(host.port === undefined ? [] : ["-p", String(host.port)]),
    ...(user === undefined ? [] : ["-l", user]),
    "--",
    host.host,
    pruneCommand(plan),
  ];
}

/** The whole command for people, as they could type it. Pure. */
export function sshCommandLine(target: SshTarget, plan: PrunePlan): string {
  return ["ssh", ...sshArguments(target, plan)].map(shellQuote).join(" ");
}

/** Why this target cannot be used; undefined = it can be tried. ssh itself would say less clearly which file it is. */
export function sshObstacle({ keyFile, knownHosts }: SshTarget): string | undefined {
  const files = [
    ["WATCHDOG_PRUNE_SSH_KNOWN_HOSTS", knownHosts],
    ...(keyFile === undefined ? [] : [["WATCHDOG_PRUNE_SSH_KEY_FILE", keyFile]]),
  ] as const;
  for (const [name, path] of files) {
    try {
      accessSync(path ?? "", constants.R_OK);
    } catch (error) {
      return `${name} cannot be read: ${reasonOf(error)}`;
    }
  }
  return undefined;
}

/** Runs the prune on the host, and returns the bytes that docker says it freed; undefined: it does not say. Rejects with a reason on any fault. */
export async function pruneOverSsh(
  target: SshTarget,
  plan: PrunePlan,
  options: SshOptions,
): Promise<number | undefined> {
  const { stdout, stderr, code, signal } = await run(sshArguments(target, plan), options);
  // Masked, but not what follows the word "key": ssh's own words are about keys, and "Host key ***" would help nobody.
  // ssh ends its lines with CR as well, and frames its loudest warning with lines of @.
  const said = excerpt(
    head(stderr.trim() === "" ? stdout : stderr, MAX_OUTPUT)
      .replace(/[\s@]*[\r\n][\s@]*|@{3,}/g, " ")
      .replace(/\s+/g, " ")
      .trim(),
    200,
  );
  if (code !== 0)
    throw new Error(`ssh ended with ${code === null ? signal : `code ${code}`}${said === "" ? "" : `: ${said}`}`);
  return parseReclaimed(stdout);
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function run(args: readonly string[], { timeoutMs, signal, path }: SshOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: path ?? "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" },
    });
    const output = { stdout: "", stderr: "" };
    let fault: Error | undefined;
    const give = (error: Error): void => {
      fault ??= error;
      child.kill("SIGTERM");
      setTimeout(() => {
        child.kill("SIGKILL");
        // A grandchild may hold the pipes open.
        child.stdout.destroy();
        child.stderr.destroy();
      }, KILL_MS).unref();
    };
    const onAbort = (): void => give(new Error("stopped"));
    const timer = setTimeout(
      () => give(new Error(`no end within ${timeoutMs / 1000} s`)),
      Math.min(timeoutMs, MAX_TIMER_MS),
    );
    const done = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    for (const name of ["stdout", "stderr"] as const) {
      // The end matters: the total comes last.
      child[name]
        .setEncoding("utf8")
        .on("data", (chunk: string) => (output[name] = tail(output[name] + chunk, MAX_OUTPUT)));
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "ENOENT"
          ? "ssh is not installed here (the image target pruner-ssh has it)"
          : `ssh cannot be started: ${reasonOf(error)}`;
      done(() => reject(fault ?? new Error(reason)));
    });
    child.on("close", (code, killedBy) =>
      done(() => (fault ? reject(fault) : resolve({ ...output, code, signal: killedBy }))),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
