import { resolveTelegram, secretsOf, unknownNames } from "./config.ts";
import { usefulMutes } from "./mute.ts";
import { PRUNER_VARIABLES, type PrunerConfig, SHARED_VARIABLES } from "./pruner-variables.ts";
import { guardStatus } from "./status-token.ts";
import { type Env, type Facts, type Problem, parseTable } from "./table.ts";

export interface ParsedPrunerConfig {
  readonly config: PrunerConfig;
  readonly problems: readonly Problem[];
  /** Values that must never appear in any output. */
  readonly secrets: readonly string[];
  /** Why nothing may be pruned whatever else is set: where to was said, and could not be understood. */
  readonly refused?: string;
}

/** Environment -> the pruner's configuration and every problem found, all at once. Pure but for `facts`; never throws. */
export function parsePrunerConfig(env: Env, facts: Facts): ParsedPrunerConfig {
  const problems: Problem[] = [];
  const own = parseTable(PRUNER_VARIABLES, env, facts, problems);
  const shared = parseTable(SHARED_VARIABLES, env, facts, problems);
  problems.push(...unknownNames(env));
  const everything = own.pruneAll && own.pruneUntil === undefined;
  if (everything) {
    problems.push({
      variable: "WATCHDOG_PRUNE_ALL",
      text: "WATCHDOG_PRUNE_ALL=true without an age would clear the whole cache; allowed: only together with WATCHDOG_PRUNE_UNTIL; nothing is pruned until it is corrected",
    });
  }
  const unmeasured = own.pruneSshHost !== undefined && own.pruneDiskPct > 0;
  if (unmeasured) {
    problems.push({
      variable: "WATCHDOG_PRUNE_DISK_PCT",
      text: `WATCHDOG_PRUNE_DISK_PCT=${own.pruneDiskPct} has no effect over ssh: only the disk of this machine can be measured; allowed: together with the Docker socket; using the default 0 = off`,
    });
  }
  const statusToken = guardStatus(shared, env, problems);
  const config: PrunerConfig = resolveTelegram(
    {
      ...own,
      ...shared,
      ...(unmeasured ? { pruneDiskPct: 0 } : {}),
      pruneAll: own.pruneAll && !everything,
      mute: usefulMutes(shared.mute, problems),
      statusToken,
    },
    facts,
    problems,
  );
  return {
    config,
    problems,
    secrets: secretsOf(config),
    ...(everything ? { refused: EVERYTHING } : refusal(config, env, problems)),
  };
}

const EVERYTHING =
  "WATCHDOG_PRUNE_ALL=true without WATCHDOG_PRUNE_UNTIL would clear the whole cache, so nothing is pruned until it is corrected";

/** A default in place of a bad target would clear the cache of another machine than the one that was meant. */
function refusal(config: PrunerConfig, env: Env, problems: Problem[]): { refused?: string } {
  const given = (name: string): boolean => (env[name] ?? "").trim() !== "";
  const misread = [
    ...(given("WATCHDOG_PRUNE_SSH_HOST") && config.pruneSshHost === undefined ? ["WATCHDOG_PRUNE_SSH_HOST"] : []),
    ...(given("WATCHDOG_PRUNE_SSH_USER") && config.pruneSshUser === undefined ? ["WATCHDOG_PRUNE_SSH_USER"] : []),
    ...(given("WATCHDOG_PRUNE_SSH_KEY_FILE") && config.pruneSshKeyFile === undefined
      ? ["WATCHDOG_PRUNE_SSH_KEY_FILE"]
      : []),
    ...(!given("WATCHDOG_PRUNE_SSH_HOST") && problems.some(({ variable }) => variable === "WATCHDOG_DOCKER_SOCK")
      ? ["WATCHDOG_DOCKER_SOCK"]
      : []),
  ];
  return misread.length > 0
    ? { refused: `${misread.join(" and ")} cannot be understood, so nothing is pruned until it is corrected` }
    : {};
}
