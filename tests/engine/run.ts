// Child processes and waiting, for the engine tests.
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number };

/** Runs a program to its end and returns its stdout; a non-zero exit throws with everything it printed. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: options.env ?? process.env,
        timeout: options.timeoutMs ?? 120_000,
        killSignal: "SIGKILL",
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${file} ${args.join(" ")}: ${error.message}\n${stdout}${stderr}`));
      },
    );
  });
}

/** Where a program is, or undefined when it is not installed. */
export async function which(program: string): Promise<string | undefined> {
  // sbin is where the daemons are, and it is not in every PATH.
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const found = await run("sh", ["-c", 'command -v "$1"', "sh", program], { env }).catch(() => "");
  return found.trim() === "" ? undefined : found.trim();
}

/**
 * Polls until `probe` returns something other than undefined or false, and returns that. At the deadline it throws
 * with what was awaited, the last error of the probe, and whatever `context` can tell.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  context: () => string | Promise<string> = () => "",
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = "";
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = "";
    } catch (error) {
      last = `\nlast error: ${String(error)}`;
    }
    if (performance.now() >= deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${what}${last}\n${await context()}`);
    }
    await sleep(100);
  }
}
