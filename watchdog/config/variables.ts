import { dockerDiskPath } from "../docker-disk.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../log.ts";
import { type Facts, list, one, optional, type Parsed, type Variable } from "./table.ts";
import {
  address,
  containerName,
  count,
  countOrOff,
  type DiskPath,
  dailySpan,
  dailyTime,
  dependency,
  diskPath,
  dockerTarget,
  flag,
  httpProxy,
  httpUrl,
  hysteresis,
  keyPattern,
  labelOf,
  oneOf,
  pattern,
  percent,
  percentOrOff,
  period,
  periodOrOff,
  text,
} from "./value.ts";

export type { Facts, Variable } from "./table.ts";

/** The default: every /host entry; else the orchestrator's usual mounts; else /. In a container also the engine's data disk. */
function defaultDiskPaths(facts: Facts): DiskPath[] {
  const mounted = facts.hostEntries.map((entry) => `/host/${entry}`);
  const usual = [...(facts.reposExists ? ["/repos"] : []), ...(facts.appDataExists ? ["/app/data"] : [])];
  const chosen = mounted.length > 0 ? mounted : usual.length > 0 ? usual : ["/"];
  const paths = chosen.map((path) => ({ label: labelOf(path), path }));
  return facts.inContainer ? [...paths, { label: "docker", path: dockerDiskPath(true) }] : paths;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";

export const VARIABLES = {
  enabled: one("WATCHDOG_ENABLED", flag, true, "kill switch: false = the process stays up, healthy and inert"),
  intervalS: one("WATCHDOG_INTERVAL_S", period, 30, "seconds from tick start to tick start"),
  cooldownS: one("WATCHDOG_COOLDOWN_S", period, 1800, "seconds until an unresolved alert is repeated"),
  clearTicks: one("WATCHDOG_CLEAR_TICKS", count, 2, "good readings in a row before a signal counts as recovered"),
  httpTimeoutS: one(
    "WATCHDOG_HTTP_TIMEOUT_S",
    period,
    5,
    "deadline of one request, from connect to last byte, in seconds",
  ),
  lang: one("WATCHDOG_LANG", oneOf("ru", "en"), "ru", "language of the messages: ru or en"),
  hostLabel: optional(
    "WATCHDOG_HOST_LABEL",
    text("1 to 64 printable characters", /^[^\p{C}]{1,64}$/u),
    "how messages name this host; unset: the engine's host name, else the system's",
  ),
  hello: one("WATCHDOG_HELLO", flag, false, "say one message on start: version, what is watched, problems"),
  logLevel: one("WATCHDOG_LOG_LEVEL", oneOf(...LOG_LEVELS), "info", "debug, info, warn or error"),
  logFormat: one("WATCHDOG_LOG_FORMAT", oneOf(...LOG_FORMATS), "text", "text or json, one line an event"),
  tgBotToken: optional(
    "WATCHDOG_TG_BOT_TOKEN",
    text("the token that @BotFather gave, as it is", /^[\w:.~-]{3,200}$/),
    "token of the watchdog's own bot; unset: messages go to the log",
    { secret: true },
  ),
  tgChatId: optional(
    "WATCHDOG_TG_CHAT_ID",
    text("a chat's number, such as -1001234567890, or @channelname", /^(-?\d{1,16}|@\w{3,64})$/),
    "chat or channel the bot writes to",
  ),
  tgThreadId: optional("WATCHDOG_TG_THREAD_ID", count, "forum topic in that chat"),
  tgApiUrl: one<URL>("WATCHDOG_TG_API_URL", httpUrl, new URL("https://api.telegram.org"), "base URL of the Bot API", {
    shown: "https://api.telegram.org",
  }),
  tgPerMin: one(
    "WATCHDOG_TG_PER_MIN",
    count,
    20,
    "at most this many messages a minute (and 1 a second when it is 60 or less)",
  ),
  tgProxyUrl: optional(
    "WATCHDOG_TG_PROXY_URL",
    httpProxy,
    "HTTP proxy for Telegram alone, http://user:password@host:port",
    { secret: true },
  ),
  fallbackWebhookUrl: optional(
    "WATCHDOG_FALLBACK_WEBHOOK_URL",
    httpUrl,
    "gets the notices as JSON while Telegram fails",
    { secret: true },
  ),
  fallbackAfterS: one(
    "WATCHDOG_FALLBACK_AFTER_S",
    periodOrOff,
    300,
    "seconds Telegram must have failed before the webhook is used",
  ),
  heartbeatUrl: optional(
    "WATCHDOG_HEARTBEAT_URL",
    httpUrl,
    "asked after a tick while all is well with the watchdog; silence there means trouble here",
    { secret: true },
  ),
  heartbeatS: one("WATCHDOG_HEARTBEAT_S", period, 60, "at most one such request in this many seconds"),
  stateFile: optional(
    "WATCHDOG_STATE_FILE",
    text("an absolute path", /^\/[^\0]*[^/\0]$/),
    "file that keeps what was told and what is pending across restarts; unset: memory only",
  ),
  mute: list(
    "WATCHDOG_MUTE",
    keyPattern,
    "",
    () => [],
    "signal keys that are never told, such as dep:*,container:build-*",
  ),
  quietHours: optional(
    "WATCHDOG_QUIET_HOURS",
    dailySpan,
    "send without sound in these hours, such as 23:00-07:00 Europe/Moscow",
  ),
  quietCritical: one(
    "WATCHDOG_QUIET_CRITICAL",
    flag,
    false,
    "true = even orchestrator_down and disk_crit go without sound in the quiet hours",
  ),
  flapChanges: one(
    "WATCHDOG_FLAP_CHANGES",
    countOrOff,
    6,
    "changes of state within the window from which a signal counts as flapping; 0 = off",
  ),
  flapWindowS: one("WATCHDOG_FLAP_WINDOW_S", period, 3600, "that window, in seconds"),
  flapSteadyS: one(
    "WATCHDOG_FLAP_STEADY_S",
    period,
    900,
    "seconds without a change until a flapping signal counts as settled",
  ),
  startupGraceS: one(
    "WATCHDOG_STARTUP_GRACE_S",
    periodOrOff,
    60,
    "seconds after start in which containers and dependencies not up yet are awaited; 0 = off",
  ),
  metricsUrl: optional("WATCHDOG_METRICS_URL", httpUrl, "the orchestrator's /metrics; unset: not watched"),
  orchDownTicks: one("WATCHDOG_ORCH_DOWN_TICKS", count, 3, 'failing ticks in a row before "orchestrator down"'),
  metricsStaleS: one("WATCHDOG_METRICS_STALE_S", periodOrOff, 300, "seconds without generated_at advancing; 0 = off"),
  agentHungMin: one("WATCHDOG_AGENT_HUNG_MIN", periodOrOff, 15, "minutes an agent makes no CPU progress; 0 = off"),
  queueStalledMin: one(
    "WATCHDOG_QUEUE_STALLED_MIN",
    periodOrOff,
    30,
    "minutes with work queued, nothing running, nothing finishing; 0 = off",
  ),
  memEnabled: one("WATCHDOG_MEM_ENABLED", flag, true, "watch the host's memory"),
  memPct: one("WATCHDOG_MEM_PCT", percent, 90, "memory use, in percent, from which it alerts"),
  diskEnabled: one("WATCHDOG_DISK_ENABLED", flag, true, "watch the host's disks"),
  diskPct: one("WATCHDOG_DISK_PCT", percent, 85, "disk use as df counts it, in percent, from which it alerts"),
  diskPaths: list(
    "WATCHDOG_DISK_PATHS",
    diskPath,
    "",
    defaultDiskPaths,
    "path or label=path, comma-separated; unset: every entry of /host, else /repos,/app/data, else / (in a container also docker=/etc/hostname)",
  ),
  diskInodePct: one(
    "WATCHDOG_DISK_INODE_PCT",
    percentOrOff,
    90,
    "inode use, in percent, from which it alerts; 0 = off",
  ),
  diskCritEnabled: one(
    "WATCHDOG_DISK_CRIT_ENABLED",
    flag,
    false,
    "a second, higher disk alert; works with WATCHDOG_DISK_ENABLED=false too",
  ),
  diskCritPct: one("WATCHDOG_DISK_CRIT_PCT", percent, 97, "disk use, in percent, for that alert"),
  diskForecastH: one(
    "WATCHDOG_DISK_FORECAST_H",
    periodOrOff,
    0,
    "alerts when a disk that fills steadily would be full within this many hours, such as 24; 0 = off",
  ),
  hysteresisPct: one(
    "WATCHDOG_HYSTERESIS_PCT",
    hysteresis,
    2,
    "a percentage stays alerting until it is this far below its threshold",
  ),
  dockerTarget: {
    ...optional(
      "WATCHDOG_DOCKER_SOCK",
      dockerTarget,
      "socket of the Docker engine, or tcp://host:port of a socket proxy; empty = off",
    ),
    fallback: () => ({ socketPath: DEFAULT_SOCKET }),
    shown: DEFAULT_SOCKET,
    emptyMeans: { value: undefined },
  },
  containers: list(
    "WATCHDOG_CONTAINERS",
    containerName,
    "",
    () => [],
    "names, comma-separated; * = every container with a restart policy or the label watchdog.watch=true; unset: * where the socket exists at start",
  ),
  orchContainer: optional(
    "WATCHDOG_ORCH_CONTAINER",
    { allowed: "one container's name", parse: (raw) => (raw === "*" ? undefined : containerName.parseEntry(raw)) },
    "the orchestrator's own container, for naming causes",
  ),
  containerDownTicks: one("WATCHDOG_CONTAINER_DOWN_TICKS", count, 2, "bad readings in a row before a container alerts"),
  deps: list("WATCHDOG_DEPS", dependency, "", () => [], "name=http(s)://… or name=tcp://host:port, comma-separated"),
  depDownTicks: one("WATCHDOG_DEP_DOWN_TICKS", count, 2, "failing pings in a row before a dependency alerts"),
  certDays: one(
    "WATCHDOG_CERT_DAYS",
    countOrOff,
    14,
    "days before the end of an https dependency's certificate from which it alerts; 0 = off",
  ),
  digestAt: optional(
    "WATCHDOG_DIGEST_AT",
    dailyTime,
    "daily digest at this time, such as 09:00 Europe/Moscow; unset: none",
  ),
  blindTicks: one("WATCHDOG_BLIND_TICKS", count, 3, 'failing readings in a row before "source unavailable"'),
  procEnabled: one("WATCHDOG_PROC_ENABLED", flag, false, "scan for orphaned long-lived processes (needs pid: host)"),
  procAgeMin: one(
    "WATCHDOG_PROC_AGE_MIN",
    period,
    60,
    "minutes after which such a process is blocking; must exceed the longest legitimate test run",
  ),
  procPatterns: list(
    "WATCHDOG_PROC_PATTERNS",
    pattern,
    "pytest",
    () => ["pytest"],
    "substrings of the command line, comma-separated",
  ),
  procCooldownS: one(
    "WATCHDOG_PROC_COOLDOWN_S",
    period,
    1800,
    "seconds until an alert about such a process is repeated",
  ),
  procRoot: one("WATCHDOG_PROC_ROOT", text("an absolute path", /^\/[^\0]*$/), "/proc", "where procfs is"),
  statusAddr: {
    ...optional("WATCHDOG_STATUS_ADDR", address, "host:port of the status server; empty = off"),
    fallback: () => ({ host: "127.0.0.1", port: 9876 }),
    shown: "127.0.0.1:9876",
    emptyMeans: { value: undefined },
  },
  statusToken: optional(
    "WATCHDOG_STATUS_TOKEN",
    text("8 to 200 printable ASCII characters without a blank", /^[\x21-\x7e]{8,200}$/),
    "who asks the status server has to give this token; unset: no token needed",
    { secret: true },
  ),
} satisfies Record<string, Variable<never> | Variable<unknown>>;

/** Every setting, parsed and in range. Durations keep the unit of their variable, which the name ends with. */
export type Config = Readonly<Parsed<typeof VARIABLES>>;
