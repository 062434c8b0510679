import { resolveTelegram } from "../notify/channels/telegram/settings.ts";
import { fragment } from "../safe.ts";
import { watchedContainers } from "./areas/containers.ts";
import { PRUNE_VARIABLES, type PruneSettings } from "./areas/prune.ts";
import { guardStatus } from "./areas/status.ts";
import { usefulMutes } from "./mute.ts";
import { nearest } from "./nearest.ts";
import { type Env, type Facts, namesOf, type Problem, parseTable, secretsOf } from "./table.ts";
import { type Config, VARIABLES } from "./variables.ts";

export interface ParsedConfig {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** Values that must never appear in any output. */
  readonly secrets: readonly string[];
  /** Which build cache the pruner would clear; it reports what is wrong with these itself. */
  readonly prune: Pick<PruneSettings, "pruneUntil" | "pruneAll">;
  /** The bot's token even while there is no chat to write to; for doctor, which helps to find one. */
  readonly botToken: string | undefined;
}

/** Environment -> configuration and every problem found, all at once. Pure but for `facts`; never throws: a bad value falls back to its default. */
export function parseConfig(env: Env, facts: Facts): ParsedConfig {
  const problems: Problem[] = [];
  const given = parseTable(VARIABLES, env, facts, problems);
  problems.push(...unknownNames(env));
  const { pruneUntil, pruneAll } = PRUNE_VARIABLES;
  const prune = parseTable({ pruneUntil, pruneAll }, env, facts, []);
  return {
    config: resolve(given, env, facts, problems),
    problems,
    secrets: secretsOf(VARIABLES, given),
    prune,
    botToken: given.tgBotToken,
  };
}

/** What depends on more than one variable. */
function resolve(given: Config, env: Env, facts: Facts, problems: Problem[]): Config {
  return {
    ...resolveTelegram(given, facts, problems),
    containers: watchedContainers(given, env, facts, problems),
    mute: usefulMutes(given.mute, problems),
    statusToken: guardStatus(given, env, problems),
  };
}

/** So many are looked up for their nearest known name, each in some tenths of a millisecond. */
const MAX_UNKNOWN = 50;

/** Every name that any of the programs reads, because they share one env file. */
export function knownNames(): string[] {
  return [...namesOf(VARIABLES), ...namesOf(PRUNE_VARIABLES)];
}

export function unknownNames(env: Env): Problem[] {
  const known = knownNames();
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith("WATCHDOG_") && !known.includes(name))
    .sort();
  const told = unknown.slice(0, MAX_UNKNOWN).map((name): Problem => {
    const variable = fragment(name, 80);
    return { variable, text: `${variable} is not a known variable; did you mean ${nearest(name, known)}?` };
  });
  const more = unknown.length - MAX_UNKNOWN;
  return more > 0
    ? [...told, { variable: "WATCHDOG_…", text: `${more} more WATCHDOG_* names are not known either` }]
    : told;
}
