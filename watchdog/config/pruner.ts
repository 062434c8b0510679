import { CHANNELS_VARIABLES } from "../notify/channels/settings.ts";
import { resolveTelegram } from "../notify/channels/telegram/settings.ts";
import { ENGINE_VARIABLES } from "./areas/engine.ts";
import { LOG_VARIABLES } from "./areas/log.ts";
import { MESSAGES_VARIABLES } from "./areas/messages.ts";
import { PRUNE_VARIABLES, resolvePrune } from "./areas/prune.ts";
import { REQUESTS_VARIABLES } from "./areas/requests.ts";
import { SILENCE_VARIABLES } from "./areas/silence.ts";
import { guardStatus, STATUS_VARIABLES } from "./areas/status.ts";
import { unknownNames } from "./config.ts";
import { usefulMutes } from "./mute.ts";
import { type Env, type Facts, type Parsed, type Problem, parseTable, secretsOf, type Variables } from "./table.ts";

/** The pruner's own variables and what it shares with the watchdog, because both have one env file: how to speak, where the engine is, where to answer. */
export const PRUNER_VARIABLES = {
  ...PRUNE_VARIABLES,
  ...MESSAGES_VARIABLES,
  ...LOG_VARIABLES,
  ...REQUESTS_VARIABLES,
  ...CHANNELS_VARIABLES,
  ...SILENCE_VARIABLES,
  ...ENGINE_VARIABLES,
  ...STATUS_VARIABLES,
} satisfies Variables;

export type PrunerConfig = Parsed<typeof PRUNER_VARIABLES>;

export interface ParsedPrunerConfig {
  readonly config: PrunerConfig;
  readonly problems: readonly Problem[];
  /** Values that must never appear in any output. */
  readonly secrets: readonly string[];
  /** Why nothing may be pruned whatever else is set. */
  readonly refused?: string;
}

/** Environment -> the pruner's configuration and every problem found, all at once. Pure but for `facts`; never throws. */
export function parsePrunerConfig(env: Env, facts: Facts): ParsedPrunerConfig {
  const problems: Problem[] = [];
  const given = parseTable(PRUNER_VARIABLES, env, facts, problems);
  problems.push(...unknownNames(env));
  const { settings, ...refused } = resolvePrune(given, env, problems);
  const statusToken = guardStatus(given, env, problems);
  const mute = usefulMutes(given.mute, problems);
  const config = resolveTelegram({ ...given, ...settings, mute, statusToken }, facts, problems);
  return { config, problems, secrets: secretsOf(PRUNER_VARIABLES, given), ...refused };
}
