import { type ParsedConfig, parseConfig } from "../../../watchdog/config/config.ts";
import type { Facts, Problem } from "../../../watchdog/config/table.ts";
import type { Config } from "../../../watchdog/config/variables.ts";

export function factsOf(changes: Partial<Facts> = {}): Facts {
  return {
    hostEntries: [],
    reposExists: false,
    appDataExists: false,
    inContainer: false,
    hostname: "box",
    socketExists: () => true,
    agentHasProxy: false,
    uid: 0,
    readSecret: (path) => {
      throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    },
    ...changes,
  };
}

type TextOf<T extends { readonly problems: readonly Problem[] }> = Omit<T, "problems"> & {
  readonly problems: readonly string[];
};

/** With its problems as they are told. */
export function told<T extends { readonly problems: readonly Problem[] }>(parsed: T): TextOf<T> {
  return { ...parsed, problems: parsed.problems.map(({ text }) => text) };
}

export function parsedOf(env: Readonly<Record<string, string>> = {}, facts: Partial<Facts> = {}): TextOf<ParsedConfig> {
  return told(parseConfig(env, factsOf(facts)));
}

/** As the system refuses to open a file. */
export function denied(path: string): never {
  throw Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: "EACCES" });
}

/** A configuration that has no problems; a test that misspells a variable fails here. */
export function configOf(env: Readonly<Record<string, string>> = {}, facts: Partial<Facts> = {}): Config {
  const { config, problems } = parsedOf(env, facts);
  if (problems.length > 0) throw new Error(`test configuration: ${problems.join("; ")}`);
  return config;
}
