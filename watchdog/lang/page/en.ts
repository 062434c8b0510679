import { en as messages } from "../en.ts";
import { clockMinute, type DurationUnit, durationParts, pluralizer, zoneName } from "../format.ts";
import type { PageTexts } from "./ru.ts";

/** The status page in English. */

const plural = pluralizer("en");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const UNITS: Record<DurationUnit, string> = { day: "d", hour: "h", minute: "min", second: "s" };

export const en: PageTexts = {
  units: UNITS,
  duration: (ms) =>
    durationParts(ms)
      .map(({ unit, count }) => `${count} ${UNITS[unit]}`)
      .join(" "),
  time: (wallMs, nearMs) => clockMinute(wallMs, nearMs, MONTHS),
  zone: (wallMs) => zoneName(wallMs, "en"),
  title: (host) => `${host} · Watchdog`,
  size: messages.size,
  sources: {
    metrics: "Orchestrator",
    mem: "Memory",
    disk: "Disks",
    docker: "Docker",
    deps: "Dependencies",
    proc: "Processes",
  },
  subjects: {
    orchestrator_down: "Orchestrator",
    metrics_stale: "Age of the metrics",
    job_failed: "Failed jobs",
    queue_stalled: "Queue",
    agent_hung: "Agent",
    host_mem: "Host memory",
    disk: "Disk",
    disk_crit: "Disk, upper limit:",
    disk_forecast: "Disk, forecast:",
    inodes: "Inodes",
    container: "Container",
    dep: "Dependency",
    cert: "Certificate",
    proc_blocking: "Process",
    blind: "Source",
    host_boot: "Reboot of the host",
    mutes: "Muted signals",
    digest: "Daily digest",
    hello: "Start of the watchdog",
  },
  states: {
    well: "All is well",
    alert: (count) => plural(count, { one: "alert", other: "alerts" }),
    undelivered: "Messages do not get through",
    blind: "Part of the host cannot be seen",
    unwatched: "No container is watched",
    starting: "The first check is under way",
    stale: "The checks have stopped",
    off: "Switched off",
  },
  hints: {
    well: (signals) => `Watching ${plural(signals, { one: "signal", other: "signals" })}.`,
    undelivered: "It watches, but messages are not delivered at present.",
    blind: "What cannot be read stays as it was; everything else is checked as usual.",
    unwatched:
      "Docker can be read, but no container has a restart policy or the label watchdog.watch=true (WATCHDOG_CONTAINERS). Everything else is checked.",
    starting: "Results appear within a few seconds.",
    stale: "The process answers, but makes no new checks. Below is the last that is known.",
    off: "WATCHDOG_ENABLED=false: nothing is read and nothing is sent.",
    mutedBad: (count) => `Muted, but bad: ${count} more.`,
  },
  checked: "checked {} ago",
  old: "Old data: the last check was {} ago.",
  gone: "The watchdog has not answered for {}. Below is the last that is known.",
  refused: "The watchdog has refused to answer for {}. Below is the last that is known.",
  headings: {
    bad: "Alerts",
    gauges: "Memory and disks, 24 hours",
    sources: "Sources",
    delivery: "Delivery",
    good: "In order",
    muted: "Muted",
    problems: "Settings to look at",
    messages: "Last messages",
  },
  since: (time, ms) => `since ${time} · ${ms}`,
  tags: {
    told: (time) => `told ${time}`,
    untold: "not told yet",
    over: "over, message on its way",
    muted: "muted",
    frozen: "cannot be checked now",
    flapping: "flapping",
  },
  cause: (cause) => `Probable cause: ${cause}.`,
  gauge: {
    threshold: (pct) => `limit ${pct}%`,
    free: (free, total) => `${free} of ${total} free`,
    inodes: (pct) => `inodes ${pct}%`,
    unread: "not measured now",
    stale: "not measured now, last known",
    empty: "no measurements yet",
    range: (low, high) => `${low}% to ${high}% within 24 hours`,
    memory: "Memory",
  },
  source: {
    ok: "can be read",
    failed: "cannot be read",
    off: "off",
    lastOk: (time) => `last time ${time}`,
    never: "never yet",
  },
  delivery: {
    channel: { telegram: "Telegram", console: "the log (no bot configured)", webhook: "fallback channel" },
    to: "Goes to",
    pending: "Waiting",
    lastOk: "Last delivery",
    never: "none yet",
    error: "Error",
  },
  mutedExcept: (kinds) => `Told all the same: ${kinds}`,
  mutedNow: (keys) => `Bad at present: ${keys}`,
  older: (count) => `${count} more`,
  noMessages: "Nothing was sent since the start.",
  footer: (version, up, ticks, tookMs) =>
    `Watchdog ${version} · up ${up} · ${plural(ticks, { one: "check", other: "checks" })}, the last took ${tookMs} ms`,
  needsToken: "A token is needed: open the page as /?token=… (WATCHDOG_STATUS_TOKEN).",
};
