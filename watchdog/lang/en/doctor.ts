import type { FaultKind } from "../../net/fault.ts";
import type { Place } from "../facts.ts";
import type { DoctorTexts } from "../locale.ts";
import { fault } from "./texts.ts";
import { plural, short } from "./words.ts";

/** Doctor's texts in English. */

const set = ({ inContainer, hardened }: Place, what: string): string =>
  inContainer
    ? `in .env.watchdog: ${what}; then docker compose ${hardened ? "up -d with the same -f as at the start (docker-compose.hardened.yml)" : "up -d"}`
    : `set ${what} and start the watchdog anew`;
const compose = ({ hardened }: Place, what: string): string =>
  `docker-compose.override.yml, watchdog: ${what}; then docker compose ${hardened ? "-f docker-compose.hardened.yml -f docker-compose.override.yml up -d (without the second -f that file is not read)" : "up -d"}`;

export const doctor: DoctorTexts = {
  summary: (failed, ok, off) =>
    failed === 0 ? `All good: ✓ ${ok}, – ${off}.` : `This needs you: ✗ ${failed}, ✓ ${ok}, – ${off}.`,
  fault,
  broken: (reason) => `the check itself broke: ${reason}`,
  brokenAdvice: "this is a fault of the watchdog: send its text and doctor --json to whoever maintains it",
  titles: {
    config: "Settings",
    enabled: "Kill switch",
    bot: "Telegram bot",
    chat: "Chat",
    topic: "Topic",
    right: "Right to post",
    send: "Test message",
    tgProxy: "Proxy for Telegram",
    webhook: "Second channel",
    heartbeat: "Heartbeat",
    clock: "Clock",
    stateFile: "State file",
    engine: "Docker",
    containers: "Containers",
    container: (name) => `Container ${name}`,
    proxyPost: "Proxy refuses POST",
    override: "Override file",
    memory: "Memory",
    pidNamespace: "Host's processes seen",
    processes: "Processes readable",
    disks: "Disks",
    disk: (label) => `Disk ${label}`,
    metrics: "/metrics",
    metricsPart: (part) => `/metrics: ${part}`,
    deps: "Dependencies",
    dep: (name) => `Dependency ${name}`,
    root: "Root is read-only",
    caps: "No capabilities",
    noNewPrivs: "no-new-privileges",
  },
  config: {
    fine: "no problems",
    advice: (name, place) => set(place, `correct ${name} or remove it`),
    secretFile: (path, owner, { inContainer }) => {
      const file = inContainer ? `<the host's file that is mounted as ${path}>` : path;
      return `sudo chown ${owner} ${file}; sudo chmod 440 ${inContainer ? "<the same>" : path}`;
    },
    statusToken: (place) => set(place, "WATCHDOG_STATUS_TOKEN=<what openssl rand -hex 16 prints>"),
    running: "WATCHDOG_ENABLED=true",
    switchedOff: "WATCHDOG_ENABLED=false: nothing is read and nothing is sent",
  },
  telegram: {
    off: "no bot: messages go to the log (WATCHDOG_TG_BOT_TOKEN, WATCHDOG_TG_CHAT_ID)",
    first: "not checked: the bot comes first",
    firstChat: "not checked: the chat comes first",
    bot: (name) => `${name}, the token is right`,
    noChat: "WATCHDOG_TG_CHAT_ID is not set",
    badChat: "not checked: WATCHDOG_TG_CHAT_ID cannot be read, see Settings",
    badToken: "not checked: WATCHDOG_TG_BOT_TOKEN cannot be read, see Settings",
    findChat: ({ command }) => `${command} doctor chat-id   shows the ids of chats`,
    noTopic: "not set (WATCHDOG_TG_THREAD_ID): messages go to the chat itself",
    topicUnproven: (id) => `${id}; only doctor --send can tell whether it exists`,
    topicFound: (id) => `${id}, the message arrived`,
    notForum: (id) => `${id}, but this chat has no topics`,
    topicGone: (id) => `${id}: there is no such topic, messages will go to the chat itself`,
    generalTopic: "1: the general topic has no id, Telegram refuses this one",
    dropTopic: (place) => set(place, "remove WATCHDOG_TG_THREAD_ID"),
    findTopic: ({ command }) => `${command} doctor chat-id   shows the ids of topics`,
    may: (status) => `the bot may write (${status})`,
    mayPrivate: "private chat: it answers whoever pressed Start",
    mayNot: (status) => `the bot may not write (${status})`,
    unknownRight: (reason) => `whether it may write cannot be seen: ${reason}`,
    allowInChannel: 'channel → Administrators → add the bot with the right "Post messages"',
    allowInGroup: 'group → Members → the bot: allow "Send messages", or make it an administrator',
    invite: "add the bot to this chat: to a channel as administrator, to a group as member; in private press Start",
    sendOff: "not sent: doctor --send",
    sent: (id) => `delivered${id === undefined ? "" : `, message ${id}`}`,
    migrated: (to) => `the group became a supergroup with the id ${to}`,
    setChat: (to, place) => set(place, `WATCHDOG_TG_CHAT_ID=${to}`),
    alien: (status) => `HTTP ${status} without the Bot API's JSON`,
    alienAdvice: (place) => set(place, "WATCHDOG_TG_API_URL=https://api.telegram.org"),
    newToken: (place) => set(place, "WATCHDOG_TG_BOT_TOKEN=… (@BotFather → /mybots → API Token)"),
    ownBot: (place) => set(place, "WATCHDOG_TG_BOT_TOKEN of a bot of its own (@BotFather → /newbot)"),
    waitS: (seconds) => `wait ${seconds} s and run it again`,
    later: "this is a fault at Telegram: run it again in a few minutes",
    network: (kind: FaultKind, hasProxy, place) => {
      if (hasProxy)
        return set(place, "check WATCHDOG_TG_PROXY_URL: the proxy must let through to api.telegram.org:443");
      switch (kind) {
        case "dns":
          return "check the DNS of this host: getent hosts api.telegram.org";
        case "tls":
          return "a proxy breaks into the traffic: NODE_EXTRA_CA_CERTS=/path/to/its.pem or WATCHDOG_TG_PROXY_URL";
        case "refused":
        case "timeout":
        case "reset":
        case "unreachable":
        case "other":
          return "open the way out to api.telegram.org:443, or set WATCHDOG_TG_PROXY_URL=http://host:port";
        default:
          return kind satisfies never;
      }
    },
  },
  example: {
    title: "Test message",
    detail: "This is how the watchdog writes to this chat. Below is an example of each mark; none of it happened.",
    alert: ["Example of an alert", "Something became bad: what, how bad, and what to do."],
    realert: ["Example of a repetition", "It is still bad."],
    recovery: ["Example of a recovery", "It is well again."],
    flapping: ["Example of flapping", "Now good, now bad."],
    info: ["Example of information", "Worth knowing, no alarm."],
  },
  chatId: {
    noToken: (place) =>
      `WATCHDOG_TG_BOT_TOKEN is not set: ${set(place, "WATCHDOG_TG_BOT_TOKEN=… (@BotFather → /newbot)")}`,
    heading: (bot) => `Where ${bot} was last spoken to:`,
    none: (bot, { command }) =>
      `Nobody has spoken to ${bot}.\nWrite a message to the bot; in a group write /start${bot.startsWith("@") ? bot : ""}; in a channel post something (the bot is an administrator there).\nThen run it again: ${command} doctor chat-id`,
    conflict: (bot) => `Another program listens to ${bot} (a webhook or getUpdates) and gets its messages.`,
    types: { private: "private", group: "group", supergroup: "group", channel: "channel" },
    topic: (id) => `topic ${id}`,
    removed: "the bot was removed from it",
    next: (place) => `Put the lines of the chat you want into .env.watchdog, then try: ${place.command} doctor --send`,
    many: "These are the first 100 messages: if the chat you want is missing, try again tomorrow or use a new bot.",
  },
  network: {
    advice: (kind, host, name, isOwnLoopback) => {
      if (isOwnLoopback) return `in a container ${host} is the container itself: put host.docker.internal into ${name}`;
      switch (kind) {
        case "refused":
          return `start the service on ${host}, or correct the address in ${name}`;
        case "timeout":
        case "unreachable":
          return `check network and firewall to ${host}, or the address in ${name}`;
        case "dns":
          return `correct the name ${host} in ${name}, or join the container to its network (networks)`;
        case "tls":
          return "mount the authority's certificate and set NODE_EXTRA_CA_CERTS=/path/ca.pem";
        case "reset":
          return `check http or https in ${name}, and the log of ${host}`;
        case "status":
          return `see the log of ${host}, or correct the path in ${name}`;
        case "other":
          return `check ${name}`;
        default:
          return kind satisfies never;
      }
    },
  },
  engine: {
    off: "WATCHDOG_DOCKER_SOCK is empty: containers are not watched",
    noSocket: (path) => `there is no ${path} here: containers are not watched`,
    found: (version, spoken, oldest, newest) => `${version}, we speak API ${spoken} (the engine: ${oldest}–${newest})`,
    mountSocket: (path, place) => compose(place, `volumes: ["/var/run/docker.sock:${path}:ro"]`),
    startEngine:
      "systemctl status docker; if it is stopped: systemctl start docker; if it was restarted: docker compose restart watchdog",
    denied: "the socket belongs to someone else: docker compose -f docker-compose.hardened.yml up -d",
    joinGroup: "sudo usermod -aG docker $USER   and log in anew (the group docker equals root on this host)",
    startProxy: (host) =>
      `check the container ${host} (the socket proxy): docker ps -a --filter name=${host}; if it is stopped: docker start <its name>`,
    proxyRefuses: "the proxy must let GET /version, /info, /containers/json, /containers/<id>/json through",
    tooOld: "update Docker: 20.10.10 or newer is needed (API 1.41)",
    notEngine: (name) => `${name} does not lead to a Docker engine: correct it`,
    hangs:
      "the engine hangs: journalctl -u docker -n 50; systemctl restart docker only in the knowledge that it stops every container of the host (unless live-restore is on)",
    silent: "not checked: the engine does not answer",
    all: (count, names) => `* found ${plural(count, { one: "container", other: "containers" })}: ${names}`,
    none: "* found none with a restart policy or the label watchdog.watch=true",
    missing: "there is no such container",
    missingAdvice: (name) => `docker ps -a --format '{{.Names}}'   and correct ${name} in WATCHDOG_CONTAINERS`,
    unreadable: (reason) => `cannot be read: ${reason}`,
    noProxy: "no proxy: the socket is mounted itself, where no POST is tried",
    noSource: "Docker is not watched",
    refused: (status) => `POST /version was refused: ${status}`,
    passed: (status) => `POST /version reached the engine: answer ${status}`,
    noOverride:
      "the watchdog was started with -f docker-compose.hardened.yml and no override: Compose does not read docker-compose.override.yml by itself then",
    withOverride: (command) => `if you have one: ${command}`,
    passedAdvice:
      "forbid everything but GET in the proxy (see haproxy.docker.cfg) and restart the proxy's container alone",
  },
  host: {
    memory: (usedPct, totalGb, thresholdPct) => `${usedPct}% of ${totalGb} GB used (threshold ${thresholdPct}%)`,
    memoryOff: "WATCHDOG_MEM_ENABLED=false",
    procRoot: (root, place) => set(place, `WATCHDOG_PROC_ROOT=/proc (now ${root})`),
    procOff: "WATCHDOG_PROC_ENABLED=false: left-over processes are not looked for",
    shared: (init) => `pid 1 is ${init}`,
    noContainer: (init) => `not in a container; pid 1 is ${init}`,
    ownNamespace: (init) => `only the processes of this container are seen (pid 1 is ${init})`,
    sharePids: (place) => compose(place, "pid: host"),
    readable: (count, patterns, option) => `hidepid ${option}; matching ${patterns}: ${count}`,
    hidden: (option) => `other users' processes are hidden: hidepid ${option}`,
    unhide:
      "WATCHDOG_PROC_ENABLED=false; or on the host: mount -o remount,hidepid=0 /proc   (then every user of the host sees the others' processes)",
    unknown: "unknown",
  },
  disk: {
    off: "WATCHDOG_DISK_ENABLED=false",
    forecastAlone: "alerts by forecast alone (WATCHDOG_DISK_FORECAST_H), no level is checked",
    measured: (usedPct, dfPct) => `${usedPct}% used, df shows ${dfPct}%`,
    where: (source, device) => `${source}, device ${device}`,
    sameAs: (label) => `the same disk as ${label}`,
    compare: (command) => `compare: ${command}`,
    mount: (path, place) => compose(place, `volumes: ["/file/on/the/disk:${path}:ro"]`),
    correct: (path, place) => set(place, `correct ${path} in WATCHDOG_DISK_PATHS`),
    hangs: (path) =>
      `a dead network mount? take ${path} out of WATCHDOG_DISK_PATHS; or on the host: findmnt, then umount -l <mount> if nobody needs it (what is not saved there is lost)`,
    noSize: "this filesystem reports no size",
  },
  metrics: {
    off: "WATCHDOG_METRICS_URL is not set: the orchestrator is not watched",
    good: (agents) => `answers, every part is there, agents: ${agents}`,
    answers: "answers, but not every part is there",
    missing: (signals) => `missing or not understood; frozen: ${signals}`,
    partly: (signals) => `not all of it is understood; frozen for the rest: ${signals}`,
    add: (part, off) => `add ${part} to the orchestrator's answer (LITE_SETUP, section 6), or ${off}`,
    notObject: (name) => `${name} must lead to a JSON object (LITE_SETUP, section 6)`,
    status: (status) => `HTTP ${status} instead of 2xx`,
  },
  dep: {
    off: "WATCHDOG_DEPS is not set",
    up: (url, ms) => `${url} answers within ${ms} ms`,
    down: (url, why) => `${url}: ${why}`,
    status: (status) => `HTTP ${status} instead of 2xx/3xx`,
  },
  clock: {
    off: "nothing to compare with: neither a bot nor generated_at in /metrics",
    fine: (ms, source) => `off by ${short(ms)} (${source})`,
    ahead: (ms, source) => `ahead by ${short(ms)} (${source})`,
    behind: (ms, source) => `behind by ${short(ms)} (${source})`,
    advice: "on the host: timedatectl status; if synchronization is off: timedatectl set-ntp true",
    adviceMetrics:
      "on the host: timedatectl status; if synchronization is off: timedatectl set-ntp true; if the clock is right, the orchestrator's generated_at stands still",
  },
  confinement: {
    noContainer: "not in a container",
    readOnly: "nothing can be written",
    writable: "the container's root can be written to",
    unreadable: (file) => `${file} cannot be read`,
    noCaps: "CapEff and CapPrm are empty",
    caps: (set) => `it has capabilities: ${set}`,
    noNewPrivs: "on",
    newPrivs: "off",
    compose,
  },
  files: {
    noState: "WATCHDOG_STATE_FILE is not set: everything is kept in memory",
    writable: (path) => `${path}: can be written`,
    foreign: (path) => `${path}: another program's file; it stays as it is, and no state is kept`,
    ownState: (place) => set(place, "WATCHDOG_STATE_FILE=<a file of its own>"),
    notWritable: (path, code) => `${path}: cannot be written (${code})`,
    mountState: (dir, place) => compose(place, `volumes: ["/var/lib/watchdog:${dir}"]`),
    makeDir: (dir) => `mkdir -p ${dir}`,
    chown: (path, dir, uid, { inContainer }) =>
      `sudo chown ${uid} ${inContainer ? `<the host's folder that is mounted as ${dir}> and the state file in it` : `${dir} ${path}`}`,
    notSet: (name) => `not set (${name})`,
    goesTo: (host) => `${host}; not tried, so that nothing is sent`,
    proxied: (host) => `${host}; tried together with the bot`,
  },
};
