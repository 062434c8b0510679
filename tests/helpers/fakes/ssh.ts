import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "../drivers/temp-dir.ts";

export interface FakeSsh {
  /** To be put in front of PATH. */
  readonly dir: string;
  readonly keyFile: string;
  readonly knownHosts: string;
  /** The arguments of each call so far. */
  calls(): string[][];
  /** The environment of the last call. */
  environment(): Record<string, string>;
  /** What a call does after it wrote down its arguments; a shell script. */
  does(script: string): void;
}

export const RECLAIMED = "echo 'Deleted build cache objects:'; echo abc; echo; echo 'Total reclaimed space: 9.8GB'";

/** A program named ssh that writes down how it was called. */
export function fakeSsh(t: TestContext): FakeSsh {
  const dir = tempDir(t);
  const at = (name: string): string => join(dir, name);
  for (const [name, text] of [
    ["key", "private"],
    ["known_hosts", "box ssh-ed25519 AAAA"],
  ] as const)
    writeFileSync(at(name), text, { mode: 0o600 });
  const does = (script: string): void => {
    writeFileSync(
      at("ssh"),
      `#!/bin/sh\nprintf '%s\\0' "$@" >>"${at("calls")}"; printf '\\n\\0' >>"${at("calls")}"\n/usr/bin/env -0 >"${at("env")}"\n${script}\n`,
    );
    chmodSync(at("ssh"), 0o755);
  };
  does(RECLAIMED);
  return {
    dir,
    keyFile: at("key"),
    knownHosts: at("known_hosts"),
    does,
    calls: () => {
      const text = existsSync(at("calls")) ? readFileSync(at("calls"), "utf8") : "";
      return text
        .split("\n\0")
        .slice(0, -1)
        .map((call) => call.split("\0").slice(0, -1));
    },
    environment: () =>
      Object.fromEntries(
        readFileSync(at("env"), "utf8")
          .split("\0")
          .filter(Boolean)
          .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
      ),
  };
}
