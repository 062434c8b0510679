import { constants, existsSync, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { type Env, type Facts, secretFilesOf, type Variables } from "./config/table.ts";
import type { ThreadPool } from "./thread-pool.ts";

/** https://nodejs.org/api/https.html: `proxyEnv` came with 24.5.0. */
function hasProxySupport(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5);
}

const { O_RDONLY, O_NONBLOCK } = constants;
const MAX_SECRET_BYTES = 64 * 1024;
/** For all of them together; the healthcheck reads them too, and has 10 s. */
const SECRETS_MS = 3000;

/**
 * What the surroundings say, for each program's main. The files of secrets are read on the pool: one that lies on a dead mount, or that
 * never ends, would otherwise stop the program before its first tick, where no signal ends it either. `stop` ends the wait.
 */
export async function readFacts(table: Variables, env: Env, pool: ThreadPool, stop: AbortSignal): Promise<Facts> {
  const secrets = await pool.share("secrets", 2).runAll(secretFilesOf(table, env), readSecret, SECRETS_MS, stop);
  const names = (path: string): string[] => {
    try {
      return readdirSync(path).sort();
    } catch {
      return [];
    }
  };
  return {
    hostEntries: names("/host"),
    // By its parent's listing: a stat of a dead network mount would hang us before the first tick.
    reposExists: names("/").includes("repos"),
    appDataExists: names("/app").includes("data"),
    inContainer: existsSync("/.dockerenv"),
    hostname: hostname(),
    socketExists: existsSync,
    uid: process.getuid?.() ?? 0,
    agentHasProxy: hasProxySupport(process.versions.node),
    readSecret: (path) => {
      const secret = secrets.get(path);
      if (secret && "value" in secret) return secret.value;
      throw secret?.error ?? new Error("it was not read");
    },
  };
}

/** By a handle: what `readFile` of a path has under way is not among the resources that Node 26 tells of, which exit.ts has to know. */
async function readSecret(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    const stats = await file.stat();
    // A pipe that nobody writes to would be read for ever, a device without an end.
    if (!stats.isFile()) throw new Error("not a regular file");
    if (stats.size > MAX_SECRET_BYTES) throw new Error(`larger than ${MAX_SECRET_BYTES} bytes`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
