import { LOG_FORMATS, LOG_LEVELS } from "../log.ts";
import {
  address, containerName, count, dependency, diskPath, dockerTarget, flag, httpUrl, hysteresis, labelOf, oneOf, pattern,
  percent, percentOrOff, period, periodOrOff, text,
  type DiskPath, type ListParser, type Parser,
} from "./value.ts";

/** What the surroundings say; read once by main, so that the configuration itself stays pure. */
export interface Facts {
  /** Names in /host, empty when there is none. */
  readonly hostEntries: readonly string[];
  readonly reposExists: boolean;
  readonly appDataExists: boolean;
  readonly inContainer: boolean;
  /** The system's host name, for messages until the engine says its own. */
  readonly hostname: string;
  /** Whether the socket at this path exists; asked once, at start. */
  readonly socketExists: (path: string) => boolean;
  /** The content of the file a *_FILE variable names; throws with a reason. */
  readonly readSecret: (path: string) => string;
}

/** One environment variable. The table below is the only source for parsing, --help and the example file's test. */
export interface Variable<T> {
  readonly name: string;
  /** The default as documents show it. */
  readonly shown: string;
  readonly fallback: (facts: Facts) => T;
  readonly meaning: string;
  readonly parser: { readonly one: Parser<T> } | { readonly list: ListParser<unknown>; readonly collect: (entries: unknown[]) => T };
  /** Never shown, not even when malformed. */
  readonly secret: boolean;
  /** Set but empty means off, not unset. */
  readonly emptyMeans?: { readonly value: T };
}

type Extra<T> = Partial<Pick<Variable<T>, "secret" | "shown" | "emptyMeans">>;

function one<T>(name: string, parser: Parser<T>, fallback: NoInfer<T>, meaning: string, extra: Extra<NoInfer<T>> = {}): Variable<T> {
  const shown = typeof fallback === "boolean" || typeof fallback === "number" || typeof fallback === "string" ? String(fallback) : "";
  return { name, parser: { one: parser }, fallback: () => fallback, shown, meaning, secret: false, ...extra };
}

/** A variable that may simply not be there. */
function optional<T>(name: string, parser: Parser<T>, meaning: string, extra: Extra<T | undefined> = {}): Variable<T | undefined> {
  return { name, parser: { one: parser }, fallback: () => undefined, shown: "", meaning, secret: false, ...extra };
}

function list<T>(name: string, parser: ListParser<T>, shown: string, fallback: (facts: Facts) => T[], meaning: string): Variable<T[]> {
  return { name, parser: { list: parser, collect: (entries) => entries as T[] }, fallback, shown, meaning, secret: false };
}

/** SPEC of the default: every /host entry; else the orchestrator's usual mounts; else /. In a container also the engine's data disk. */
function defaultDiskPaths(facts: Facts): DiskPath[] {
  const mounted = facts.hostEntries.map((entry) => `/host/${entry}`);
  const usual = [...(facts.reposExists ? ["/repos"] : []), ...(facts.appDataExists ? ["/app/data"] : [])];
  const chosen = mounted.length > 0 ? mounted : usual.length > 0 ? usual : ["/"];
  const paths = chosen.map((path) => ({ label: labelOf(path), path }));
  return facts.inContainer ? [...paths, { label: "docker", path: "/etc/hostname" }] : paths;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";

export const VARIABLES = {
  enabled: one("WATCHDOG_ENABLED", flag, true, "kill switch: false = the process stays up, healthy and inert"),
  intervalS: one("WATCHDOG_INTERVAL_S", period, 30, "seconds from tick start to tick start"),
  cooldownS: one("WATCHDOG_COOLDOWN_S", period, 1800, "seconds until an unresolved alert is repeated"),
  clearTicks: one("WATCHDOG_CLEAR_TICKS", count, 2, "good readings in a row before a signal counts as recovered"),
  httpTimeoutS: one("WATCHDOG_HTTP_TIMEOUT_S", period, 5, "deadline of one request, from connect to last byte, in seconds"),
  lang: one("WATCHDOG_LANG", oneOf("ru", "en"), "ru", "language of the messages: ru or en"),
  hostLabel: optional("WATCHDOG_HOST_LABEL", text("1 to 64 printable characters", /^[^\p{C}]{1,64}$/u), "how messages name this host; unset: the engine's host name, else the system's"),
  logLevel: one("WATCHDOG_LOG_LEVEL", oneOf(...LOG_LEVELS), "info", "debug, info, warn or error"),
  logFormat: one("WATCHDOG_LOG_FORMAT", oneOf(...LOG_FORMATS), "text", "text or json, one line an event"),
  tgBotToken: optional("WATCHDOG_TG_BOT_TOKEN", text("the token that @BotFather gave, as it is", /^[\w:.~-]{3,200}$/), "token of the watchdog's own bot; unset: messages go to the log", { secret: true }),
  tgChatId: optional("WATCHDOG_TG_CHAT_ID", text("a chat's number, such as -1001234567890, or @channelname", /^(-?\d{1,16}|@\w{3,64})$/), "chat or channel the bot writes to"),
  tgThreadId: optional("WATCHDOG_TG_THREAD_ID", count, "forum topic in that chat"),
  tgApiUrl: one<URL>("WATCHDOG_TG_API_URL", httpUrl, new URL("https://api.telegram.org"), "base URL of the Bot API", { shown: "https://api.telegram.org" }),
  tgPerMin: one("WATCHDOG_TG_PER_MIN", count, 20, "at most this many messages a minute (and 1 a second when it is 60 or less)"),
  metricsUrl: optional("WATCHDOG_METRICS_URL", httpUrl, "the orchestrator's /metrics; unset: not watched"),
  orchDownTicks: one("WATCHDOG_ORCH_DOWN_TICKS", count, 3, "failing ticks in a row before \"orchestrator down\""),
  metricsStaleS: one("WATCHDOG_METRICS_STALE_S", periodOrOff, 300, "seconds without generated_at advancing; 0 = off"),
  agentHungMin: one("WATCHDOG_AGENT_HUNG_MIN", periodOrOff, 15, "minutes an agent makes no CPU progress; 0 = off"),
  queueStalledMin: one("WATCHDOG_QUEUE_STALLED_MIN", periodOrOff, 30, "minutes with work queued, nothing running, nothing finishing; 0 = off"),
  memEnabled: one("WATCHDOG_MEM_ENABLED", flag, true, "watch the host's memory"),
  memPct: one("WATCHDOG_MEM_PCT", percent, 90, "memory use, in percent, from which it alerts"),
  diskEnabled: one("WATCHDOG_DISK_ENABLED", flag, true, "watch the host's disks"),
  diskPct: one("WATCHDOG_DISK_PCT", percent, 85, "disk use as df counts it, in percent, from which it alerts"),
  diskPaths: list("WATCHDOG_DISK_PATHS", diskPath, "", defaultDiskPaths, "path or label=path, comma-separated; unset: every entry of /host, else /repos,/app/data, else / (in a container also docker=/etc/hostname)"),
  diskInodePct: one("WATCHDOG_DISK_INODE_PCT", percentOrOff, 90, "inode use, in percent, from which it alerts; 0 = off"),
  diskCritEnabled: one("WATCHDOG_DISK_CRIT_ENABLED", flag, false, "a second, higher disk alert; works with WATCHDOG_DISK_ENABLED=false too"),
  diskCritPct: one("WATCHDOG_DISK_CRIT_PCT", percent, 97, "disk use, in percent, for that alert"),
  hysteresisPct: one("WATCHDOG_HYSTERESIS_PCT", hysteresis, 2, "a percentage stays alerting until it is this far below its threshold"),
  dockerTarget: {
    ...optional("WATCHDOG_DOCKER_SOCK", dockerTarget, "socket of the Docker engine, or tcp://host:port of a socket proxy; empty = off"),
    fallback: () => ({ socketPath: DEFAULT_SOCKET }), shown: DEFAULT_SOCKET, emptyMeans: { value: undefined },
  },
  containers: list("WATCHDOG_CONTAINERS", containerName, "", () => [], "names, comma-separated; * = every container with a restart policy or the label watchdog.watch=true; unset: * where the socket exists at start"),
  containerDownTicks: one("WATCHDOG_CONTAINER_DOWN_TICKS", count, 2, "bad readings in a row before a container alerts"),
  deps: list("WATCHDOG_DEPS", dependency, "", () => [], "name=http(s)://… or name=tcp://host:port, comma-separated"),
  depDownTicks: one("WATCHDOG_DEP_DOWN_TICKS", count, 2, "failing pings in a row before a dependency alerts"),
  blindTicks: one("WATCHDOG_BLIND_TICKS", count, 3, "failing readings in a row before \"source unavailable\""),
  procEnabled: one("WATCHDOG_PROC_ENABLED", flag, false, "scan for orphaned long-lived processes (needs pid: host)"),
  procAgeMin: one("WATCHDOG_PROC_AGE_MIN", period, 60, "minutes after which such a process is blocking; must exceed the longest legitimate test run"),
  procPatterns: list("WATCHDOG_PROC_PATTERNS", pattern, "pytest", () => ["pytest"], "substrings of the command line, comma-separated"),
  procCooldownS: one("WATCHDOG_PROC_COOLDOWN_S", period, 1800, "seconds until an alert about such a process is repeated"),
  procRoot: one("WATCHDOG_PROC_ROOT", text("an absolute path", /^\/[^\0]*$/), "/proc", "where procfs is"),
  statusAddr: {
    ...optional("WATCHDOG_STATUS_ADDR", address, "host:port of the status server; empty = off"),
    fallback: () => ({ host: "127.0.0.1", port: 9876 }), shown: "127.0.0.1:9876", emptyMeans: { value: undefined },
  },
} satisfies Record<string, Variable<never> | Variable<unknown>>;

type Values = { -readonly [K in keyof typeof VARIABLES]: (typeof VARIABLES)[K] extends Variable<infer T> ? T : never };
/** Every setting, parsed and in range. Durations keep the unit of their variable, which the name ends with. */
export type Config = Readonly<Values>;

/** `*_TOKEN`, `*_ID` and `*_URL` may also be given as NAME_FILE, a path whose content is the value. */
export function hasFileVariant(name: string): boolean {
  return /_(TOKEN|ID|URL)$/.test(name);
}
