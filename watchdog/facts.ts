import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { Facts } from "./config/table.ts";

/** https://nodejs.org/api/https.html: `proxyEnv` came with 24.5.0. */
function hasProxySupport(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5);
}

const MAX_SECRET_BYTES = 64 * 1024;

/** What the surroundings say, for each program's main. */
export function readFacts(): Facts {
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
      const stat = statSync(path);
      // A pipe that nobody writes to would be read for ever, a device without an end.
      if (!stat.isFile()) throw new Error("not a regular file");
      if (stat.size > MAX_SECRET_BYTES) throw new Error(`larger than ${MAX_SECRET_BYTES} bytes`);
      return readFileSync(path, "utf8");
    },
  };
}
