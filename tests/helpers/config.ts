import { type ParsedConfig, parseConfig } from "../../watchdog/config/config.ts";
import type { Config, Facts } from "../../watchdog/config/variables.ts";

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

export function parsedOf(env: Readonly<Record<string, string>> = {}, facts: Partial<Facts> = {}): ParsedConfig {
  return parseConfig(env, factsOf(facts));
}

/** A configuration that has no problems; a test that misspells a variable fails here. */
export function configOf(env: Readonly<Record<string, string>> = {}, facts: Partial<Facts> = {}): Config {
  const { config, problems } = parsedOf(env, facts);
  if (problems.length > 0) throw new Error(`test configuration: ${problems.join("; ")}`);
  return config;
}
