import { fragment, maskSecrets, printable, reasonOf, truncate } from "../safe.ts";
import { nearest } from "./nearest.ts";
import type { ListParser } from "./value.ts";
import { hasFileVariant, VARIABLES, type Config, type Facts, type Variable } from "./variables.ts";

/** One thing wrong with the configuration, in one line that names the variable, its value, what is allowed and what counts instead. */
export type Problem = string;

export interface ParsedConfig {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** Values that must never appear in any output. */
  readonly secrets: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** Environment -> configuration and every problem found, all at once. Pure but for `facts`; never throws: a bad value falls back to its default. */
export function parseConfig(env: Env, facts: Facts): ParsedConfig {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(VARIABLES)) {
    values[key] = valueOf(variable as Variable<unknown>, env, facts, problems);
  }
  const config = values as Config;
  problems.push(...unknownNames(env));
  return { config: resolve(config, env, facts, problems), problems, secrets: secretsOf(config) };
}

/** What depends on more than one variable. */
function resolve(config: Config, env: Env, facts: Facts, problems: Problem[]): Config {
  let { tgBotToken, tgChatId, containers } = config;
  if ((tgBotToken === undefined) !== (tgChatId === undefined)) {
    const [set, missing] = tgBotToken === undefined ? ["WATCHDOG_TG_CHAT_ID", "WATCHDOG_TG_BOT_TOKEN"] : ["WATCHDOG_TG_BOT_TOKEN", "WATCHDOG_TG_CHAT_ID"];
    problems.push(`${missing} has no usable value although ${set} is set; both are needed to write to Telegram; until then messages go to the log`);
    tgBotToken = tgChatId = undefined;
  }
  const target = config.dockerTarget;
  if (containers.length === 0 && target !== undefined) {
    // A proxy's address cannot be probed here; whoever names one means it.
    if (!("socketPath" in target) || facts.socketExists(target.socketPath)) containers = ["*"];
    else if ((env["WATCHDOG_DOCKER_SOCK"] ?? "").trim() !== "") {
      problems.push(`WATCHDOG_DOCKER_SOCK=${showValue(target.socketPath)} does not exist; allowed: the path of the engine's socket, tcp://host:port, or empty = off; containers are not watched`);
    }
  }
  return { ...config, tgBotToken, tgChatId, containers };
}

function secretsOf(config: Config): string[] {
  const urls = [config.metricsUrl, config.tgApiUrl, ...config.deps.map((dep) => dep.url)];
  const passwords = urls.flatMap((url) => (url?.password ? [url.password, decodeOr(url.password)] : []));
  return [...(config.tgBotToken === undefined ? [] : [config.tgBotToken]), ...passwords];
}

function decodeOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function valueOf(variable: Variable<unknown>, env: Env, facts: Facts, problems: Problem[]): unknown {
  const given = rawOf(variable, env, facts, problems);
  if (given === undefined) return variable.fallback(facts);
  if (given.raw === "") return variable.emptyMeans ? variable.emptyMeans.value : variable.fallback(facts);
  if ("list" in variable.parser) {
    const entries = entriesOf(variable.name, variable.parser.list, given.raw, problems);
    return entries.length > 0 ? variable.parser.collect(entries) : variable.fallback(facts);
  }
  const value = variable.parser.one.parse(given.raw);
  if (value !== undefined) return value;
  const shown = variable.secret ? "***" : showValue(given.raw);
  problems.push(`${given.name}=${shown} is not allowed; allowed: ${variable.parser.one.allowed}; using ${variable.shown === "" ? "the default (unset)" : `the default ${variable.shown}`}`);
  return variable.fallback(facts);
}

/** The value and the name it came from: the variable itself, or the file its NAME_FILE names. */
function rawOf(variable: Variable<unknown>, env: Env, facts: Facts, problems: Problem[]): { name: string; raw: string } | undefined {
  const { name } = variable;
  const direct = env[name]?.trim();
  const fileName = `${name}_FILE`;
  const path = hasFileVariant(name) ? env[fileName]?.trim() : undefined;
  if (path === undefined || path === "") return direct === undefined ? undefined : { name, raw: direct };
  if (direct !== undefined && direct !== "") {
    problems.push(`${fileName}=${showValue(path)} is ignored because ${name} is set too; set only one of them`);
    return { name, raw: direct };
  }
  try {
    return { name: fileName, raw: facts.readSecret(path).trim() };
  } catch (error) {
    problems.push(`${fileName}=${showValue(path)} cannot be read (${maskSecrets(reasonOf(error))}); allowed: the path of a readable file whose content is the value of ${name}; using the default${variable.shown === "" ? " (unset)" : ` ${variable.shown}`}`);
    return undefined;
  }
}

function entriesOf<T>(name: string, parser: ListParser<T>, raw: string, problems: Problem[]): T[] {
  const entries: T[] = [];
  const seen = new Set<string>();
  for (const part of raw.split(",").map((entry) => entry.trim())) {
    if (part === "") continue;
    const entry = parser.parseEntry(part);
    const identity = entry === undefined ? undefined : parser.identity?.(entry);
    const repeated = identity !== undefined && seen.has(identity);
    if (entry === undefined || repeated) {
      problems.push(`${name}: entry ${showValue(part)} ${repeated ? "repeats a name" : "is not allowed"}; allowed: ${parser.allowed}; the entry is dropped, the rest counts`);
      continue;
    }
    if (identity !== undefined) seen.add(identity);
    entries.push(entry);
  }
  return entries;
}

function showValue(raw: string): string {
  return JSON.stringify(fragment(raw, 120));
}

function unknownNames(env: Env): Problem[] {
  const known = knownNames();
  return Object.keys(env)
    .filter((name) => name.startsWith("WATCHDOG_") && !known.includes(name))
    .sort()
    .map((name) => `${truncate(maskSecrets(printable(name)), 80)} is not a known variable; did you mean ${nearest(name, known)}?`);
}

/** Every name that means something, *_FILE variants included. */
export function knownNames(): string[] {
  return Object.values(VARIABLES).flatMap(({ name }) => (hasFileVariant(name) ? [name, `${name}_FILE`] : [name]));
}
