import { resolveTelegram } from "../notify/channels/telegram/settings.ts";
import { fragment } from "../safe.ts";
import { watchedContainers } from "./areas/containers.ts";
import { PRUNE_VARIABLES, type PruneSettings } from "./areas/prune.ts";
import { guardStatus } from "./areas/status.ts";
import { usefulMutes } from "./mute.ts";
import { nearest } from "./nearest.ts";
import { type Env, type Facts, namesOf, type Problem, parseTable } from "./table.ts";
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
  const config = parseTable(VARIABLES, env, facts, problems);
  problems.push(...unknownNames(env));
  const { pruneUntil, pruneAll } = PRUNE_VARIABLES;
  const prune = parseTable({ pruneUntil, pruneAll }, env, facts, []);
  return {
    config: resolve(config, env, facts, problems),
    problems,
    secrets: secretsOf(config),
    prune,
    botToken: config.tgBotToken,
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

type SecretSettings = Pick<Config, "tgBotToken" | "statusToken" | "tgApiUrl" | "tgProxyUrl" | "fallbackWebhookUrl"> &
  Partial<Pick<Config, "metricsUrl" | "heartbeatUrl" | "deps">>;

/** A shorter word by itself would tear our own texts. */
const MIN_WORD = 8;
const SECRET_PARAMETER = /pass|token|secret|key|auth|sig/i;

/** What must never be shown of these settings. */
export function secretsOf(config: SecretSettings): string[] {
  // Whoever knows one of these can write to it: path and query are the secret.
  const hooks = [config.fallbackWebhookUrl, config.heartbeatUrl].flatMap((url) => (url ? [url] : []));
  const others = [
    config.metricsUrl,
    config.tgApiUrl,
    config.tgProxyUrl,
    ...(config.deps ?? []).map((dep) => dep.url),
  ].flatMap((url) => (url ? [url] : []));
  const paths = hooks.flatMap(({ pathname, search }) => [
    ...(pathname.length > 5 ? [pathname, pathname + search] : []),
    ...pathname.split("/").filter((part) => part.length >= 2 * MIN_WORD),
  ]);
  const tokens = [config.tgBotToken, config.statusToken].flatMap((token) => (token ? [token] : []));
  return [
    ...tokens,
    ...paths,
    ...[...hooks, ...others].flatMap(credentialsOf),
    ...hooks.flatMap((url) => parametersOf(url, /^/)),
    ...others.flatMap((url) => parametersOf(url, SECRET_PARAMETER)),
  ];
}

/** No URL is ever shown with its credentials; this is for foreign words. A short password is known by the user beside it, as URLs and the Basic scheme (RFC 7617) write the two. */
function credentialsOf({ username, password }: URL): string[] {
  if (password === "") return [];
  const [user, word] = [decodeOr(username), decodeOr(password)];
  return [
    ...[password, word].filter((text) => text.length >= MIN_WORD),
    Buffer.from(`${user}:${word}`).toString("base64"),
    ...(username === "" ? [] : [`${username}:${password}`, `${user}:${word}`]),
  ];
}

/** The query as a whole, and what stands in parameters whose name says that it is secret. */
function parametersOf({ search, searchParams }: URL, secretName: RegExp): string[] {
  const values = [...searchParams]
    .filter(([name, value]) => secretName.test(name) && value.length >= MIN_WORD)
    .map(([, value]) => value);
  return [...values, ...(search.length > MIN_WORD ? [search.slice(1)] : [])];
}

function decodeOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
