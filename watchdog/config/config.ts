import { maskSecrets, printable, truncate } from "../safe.ts";
import { nearest } from "./nearest.ts";
import { namesOf, parseTable, showValue, type Env, type Facts, type Problem } from "./table.ts";
import { VARIABLES, type Config } from "./variables.ts";

export interface ParsedConfig {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** Values that must never appear in any output. */
  readonly secrets: readonly string[];
  /** The bot's token even while there is no chat to write to; for doctor, which helps to find one. */
  readonly botToken: string | undefined;
}

/** Environment -> configuration and every problem found, all at once. Pure but for `facts`; never throws: a bad value falls back to its default. */
export function parseConfig(env: Env, facts: Facts): ParsedConfig {
  const problems: Problem[] = [];
  const config = parseTable(VARIABLES, env, facts, problems);
  problems.push(...unknownNames(env));
  return { config: resolve(config, env, facts, problems), problems, secrets: secretsOf(config), botToken: config.tgBotToken };
}

/** What depends on more than one variable. */
function resolve(config: Config, env: Env, facts: Facts, problems: Problem[]): Config {
  let { tgBotToken, tgChatId, containers, tgProxyUrl } = config;
  if (tgProxyUrl && !facts.agentHasProxy) {
    problems.push("WATCHDOG_TG_PROXY_URL=*** needs Node 24.5 or later, which the image has; Telegram is reached without the proxy");
    tgProxyUrl = undefined;
  }
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
  // Its state is the cause of much, so it is watched whether or not it is listed.
  if (config.orchContainer !== undefined && !containers.includes(config.orchContainer)) containers = [...containers, config.orchContainer];
  return { ...config, tgBotToken, tgChatId, containers, tgProxyUrl };
}

function secretsOf(config: Config): string[] {
  const urls = [config.metricsUrl, config.tgApiUrl, config.tgProxyUrl, config.fallbackWebhookUrl, config.heartbeatUrl, ...config.deps.map((dep) => dep.url)];
  const passwords = urls.flatMap((url) => (url?.password ? [url.password, decodeOr(url.password)] : []));
  // Whoever knows one of these URLs can write to it: the path is the secret.
  const paths = [config.fallbackWebhookUrl, config.heartbeatUrl].flatMap((url) => (url && url.pathname.length > 8 ? [url.pathname + url.search, url.pathname] : []));
  return [...(config.tgBotToken === undefined ? [] : [config.tgBotToken]), ...passwords, ...paths];
}

function decodeOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Every name that any of the programs reads, because they share one env file. */
export function knownNames(): string[] {
  return namesOf(VARIABLES);
}

export function unknownNames(env: Env): Problem[] {
  const known = knownNames();
  return Object.keys(env)
    .filter((name) => name.startsWith("WATCHDOG_") && !known.includes(name))
    .sort()
    .map((name) => `${truncate(maskSecrets(printable(name)), 80)} is not a known variable; did you mean ${nearest(name, known)}?`);
}
