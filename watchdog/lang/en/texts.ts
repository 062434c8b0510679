import { hasSubjects, type SubjectKind } from "../../kinds.ts";
import type { Fault } from "../../net/fault.ts";
import { type Advice, detailOf } from "../detail.ts";
import type { AgentFacts, BlindFacts, ContainerFacts, DiskPlace, OwnerFacts } from "../facts.ts";
import type { Lang } from "../locale.ts";
import { hello } from "./hello.ts";
import { age, date, duration, plural, short, size, time, times } from "./words.ts";

/** The operator's texts in English. */

export function fault({ kind, reason }: Fault): string {
  switch (kind) {
    case "refused":
      return `connection refused (${reason})`;
    case "timeout":
      return `timeout (${reason})`;
    case "dns":
      return `name not found (${reason})`;
    case "tls":
      return `TLS or certificate error (${reason})`;
    case "reset":
      return `connection broken off (${reason})`;
    case "unreachable":
      return `network unreachable (${reason})`;
    case "other":
      return reason;
    default:
      return kind satisfies never;
  }
}

function containerState(facts: ContainerFacts): string {
  if (facts.restarts !== undefined)
    return `restart loop: restarted ${times(facts.restarts)} within the last 10 minutes${facts.restartCount > facts.restarts ? `, ${facts.restartCount} in all` : ""}`;
  switch (facts.state) {
    case "missing":
      return "no such container (removed or never created)";
    case "created":
      return "created, but never started";
    case "paused":
      return "paused";
    case "restarting":
      return "restarting";
    case "removing":
      return "being removed";
    case "exited":
      return "stopped (exited)";
    case "dead":
      return "dead: the engine could not remove it";
    case "running":
      return facts.health === "unhealthy"
        ? "running, but unhealthy"
        : facts.health === "starting"
          ? "starting"
          : "running";
    default:
      return facts.state satisfies never;
  }
}

/** What a code proves. That memory ran out is proven by the engine's OOM flag alone, which has a line of its own. */
const EXIT_WORDS: Readonly<Record<number, string>> = {
  126: "the command could not be executed",
  127: "command not found",
  129: "SIGHUP",
  130: "SIGINT: interrupted",
  134: "SIGABRT: it aborted itself",
  135: "SIGBUS",
  136: "SIGFPE",
  139: "SIGSEGV: segmentation fault",
  143: "SIGTERM: asked to stop, as docker stop does",
};

function exitCode(code: number, oomKilled: boolean): string {
  if (code === 137)
    return oomKilled
      ? "137 (SIGKILL)"
      : "137 (SIGKILL: killed, such as by docker kill or by a stop that had to force it)";
  const words = EXIT_WORDS[code] ?? (code > 128 && code < 160 ? `signal ${code - 128}` : undefined);
  return words === undefined ? String(code) : `${code} (${words})`;
}

export const texts: Lang = {
  duration,
  time,
  fault,
  size,
  age,
  titles: {
    orchestratorDown: "Orchestrator down",
    metricsStale: "Metrics stale",
    jobFailed: "Job failed",
    agentHung: (runId) => `Agent hung: ${runId}`,
    queueStalled: "Queue stalled",
    hostMem: "Host memory",
    disk: (label) => `Disk ${label}`,
    diskCrit: (label) => `Disk almost full ${label}`,
    diskForecast: (label) => `Disk filling up ${label}`,
    inodes: (label) => `Inodes ${label}`,
    container: (name) => `Container ${name}`,
    dep: (name) => `Dependency ${name}`,
    cert: (name) => `Certificate ${name}`,
    procBlocking: (pid) => `Blocking process ${pid}`,
    blind: (source) => `Source unavailable: ${source}`,
    hostBoot: "Host rebooted",
    mutes: "Muted signals",
    digest: "Daily digest",
    fallback: "Telegram is back",
    many: (kind, count) => `${hasSubjects(kind) ? manyWords[kind] : kind}: ${count}`,
  },
  details: {
    orchestratorDown: (f, ticks, container) =>
      detailOf(
        `/metrics: ${fault(f)}; failed checks in a row: ${ticks}. Jobs, agents and the queue cannot be seen meanwhile.`,
        container === undefined ? "look at the orchestrator's container and its log." : { command: logsOf(container) },
      ),
    orchestratorUp: detailOf("/metrics answers."),
    metricsStale: (ageMs, limitMs, container) =>
      detailOf(
        `/metrics answers, but generated_at has not advanced for ${duration(ageMs)} (limit ${duration(limitMs)}): the data is frozen.`,
        thenLogs("check whether the orchestrator's main loop is alive", container),
      ),
    metricsFresh: detailOf("generated_at advances."),
    jobFailed: (failed) => detailOf(`The failed counter is now ${failed}.`, "look at the log of the failed job."),
    jobFailedCount: (count) => plural(count, { one: "new failure", other: "new failures" }),
    jobsQuiet: (failed) => detailOf(`No new failures, the failed counter is ${failed}.`),
    agentHung: (f, limitMs) =>
      detailOf(
        `No CPU progress for ${duration(f.idleMs)} (limit ${duration(limitMs)})${agentWhere(f)}.`,
        "check the agent; if it hangs, stop it through the orchestrator.",
      ),
    agentBusy: (f) => detailOf(`The agent works${agentWhere(f)}.`),
    agentGone: detailOf("The agent ended: /metrics no longer lists it."),
    queueStalled: (queued, idleMs, limitMs, container) =>
      detailOf(
        `${plural(queued, { one: "job", other: "jobs" })} queued, none running and none finishing for ${duration(idleMs)} (limit ${duration(limitMs)}).`,
        thenLogs("check the orchestrator's workers", container),
      ),
    queueMoves: (queued, running) => detailOf(`Queued: ${queued}, running: ${running}.`),
    memory: (f) =>
      `${f.usedPct}% used (threshold ${f.thresholdPct}%), ${size(f.freeBytes)} of ${size(f.totalBytes)} available (${f.freePct}%).`,
    biggest: (processes) =>
      `The biggest: ${processes.map(({ pid, name, residentGb, owner }) => `${name} (pid ${pid}${owner ? `, ${ownerName(owner)}` : ""}) ${residentGb} GB`).join("; ")}.`,
    memoryAdvice: detailOf(
      "When memory runs out, the kernel starts to kill processes (OOM).",
      "find the biggest processes (docker stats --no-stream, top).",
    ),
    disk: (f) =>
      `${f.usedPct}% used (threshold ${f.thresholdPct}%), ${size(f.freeBytes)} of ${size(f.totalBytes)} free (${f.freePct}%).`,
    diskAlertStands: (thresholdPct) => `The alert at ${thresholdPct}% stands.`,
    trend: (bars, fromPct, toPct, ms) => `Over ${duration(ms)}: ${bars} ${fromPct}% → ${toPct}%.`,
    diskAdvice: (f) =>
      f.holdsEngineData
        ? detailOf(
            "When the disk is full, the pipeline of every project stops.",
            "see what takes the space (docker system df), then clear it (docker builder prune, old images, logs).",
          )
        : detailOf(
            "When the disk is full, whatever writes to it fails.",
            biggest("see what takes the space", "du -xh", "sort -h", f),
          ),
    inodes: (f) => `${f.usedPct}% of the inodes used (threshold ${f.thresholdPct}%), ${f.free} free.`,
    inodesAdvice: (f) =>
      detailOf(
        `Without inodes no file can be created even if there is space: ${f.holdsEngineData ? "the pipeline of every project stops" : "whatever creates files there fails"}.`,
        biggest("see where the many small files are", "du --inodes -x", "sort -n", f),
      ),
    forecast: (f) =>
      `Full in about ${duration(f.leftMs)} at +${f.gbPerH} GB/h (limit ${duration(f.limitMs)}). ${f.usedPct}% used, ${size(f.freeBytes)} free; it has grown steadily for ${duration(f.seenMs)}.`,
    forecastCalm: (limitMs) => `Not on its way to be full within ${duration(limitMs)}.`,
    forecastShort: (seenMs, neededMs) =>
      `A forecast needs ${duration(neededMs)} of measurements, there are ${duration(seenMs)}.`,
    diskGone: detailOf("This path is no longer a disk of its own."),
    container: (f) => {
      const lines = [`State: ${containerState(f)}.`];
      if (f.oomKilled) lines.push("Killed because memory ran out (OOM).");
      if (
        f.state === "exited" ||
        f.state === "dead" ||
        f.state === "restarting" ||
        (f.restarts !== undefined && f.exitCode !== 0)
      )
        lines.push(`Exit code: ${exitCode(f.exitCode, f.oomKilled)}.`);
      if (f.error !== "") lines.push(`Error: ${f.error}`);
      if (f.health === "unhealthy" && f.healthOutput !== "") lines.push(`Health check: ${f.healthOutput}`);
      if (f.restartCount > 0 && f.restarts === undefined) lines.push(`Restarts: ${f.restartCount}.`);
      if (f.image !== "") lines.push(`Image: ${f.image}.`);
      return lines;
    },
    containerAdvice: (name, { state, oomKilled }) => {
      const start = state === "exited" ? `; then docker start ${name}` : "";
      switch (state) {
        case "missing":
          return `create it again (docker compose up -d <its service>), or take ${name} out of WATCHDOG_CONTAINERS.`;
        case "paused":
          return { command: `docker unpause ${name}` };
        case "created":
          return { command: `docker start ${name}` };
        default:
          if (oomKilled)
            return `see what took the memory (${logsOf(name)}), and raise the limit if it has one (mem_limit in compose, or docker update --memory <more> --memory-swap <more> ${name})${start}`;
          return start === "" ? { command: logsOf(name) } : `${logsOf(name)}${start}`;
      }
    },
    containerUnreadable: (reason) => detailOf(`Cannot be read at present: ${reason}.`),
    containerGone: detailOf("The container was removed."),
    depUp: (url, latencyMs) => detailOf(`${url} answers within ${latencyMs} ms.`),
    depDown: (url, f, latencyMs) =>
      detailOf(`${url}: ${fault(f)}, after ${latencyMs} ms.`, "check the service itself and the network to it."),
    depStatus: (url, status, latencyMs) =>
      detailOf(
        `${url}: HTTP status ${status} instead of 2xx/3xx, after ${latencyMs} ms.`,
        "look at the service's log.",
      ),
    process: (f) => [
      `pid ${f.pid}, age ${Math.floor(f.ageS)} s (${duration(f.ageS * 1000)}), CPU ${Math.round(f.cpuS)} s${f.cpuSharePct === undefined ? "" : ` (${f.cpuSharePct}% of a core now)`}, parent ${f.parent === undefined ? "" : `${f.parent} `}${f.ppid}; limit ${duration(f.limitMin * 60_000)}.`,
      ...(f.owner ? [`Owner: ${ownerName(f.owner)}.`] : []),
      `Command: ${f.command}`,
    ],
    processAdvice: (pid, busy) =>
      detailOf(
        `Probably left over by a killed agent${busy ? " and eating CPU" : ""}.`,
        `see whether it is that process and whether anybody needs it: ps -o pid,lstart,args -p ${pid}; if nobody does: kill ${pid}`,
      ),
    processGone: detailOf("The process ended."),
    hostBoot: (atMs, nowMs, back, total, missing, more) =>
      detailOf(
        `The host rebooted at ${time(atMs, nowMs)}${total > 0 ? `; ${back} of ${total} back after ${duration(nowMs - atMs)}` : ""}${missing.length > 0 ? `; missing: ${missing.join(", ")}${more > 0 ? ` and ${more} more` : ""}` : ""}.`,
      ),
    mutes: (patterns, except, bad) =>
      detailOf([notTold(patterns, except), ...(bad.length > 0 ? [`Bad at present: ${bad.join(", ")}.`] : [])]),
    blind: (f) => detailOf(`Cannot be read: ${f.reason}; ${times(f.ticks)} in a row. ${blindScope(f)}`, blindAdvice(f)),
    buildCache: ({ totalBytes, clearableBytes, ageS, command }) => {
      const older = ageS === undefined ? "" : ` older than ${age(ageS)}`;
      if (clearableBytes === undefined)
        return `Build cache ${size(totalBytes)}; to clear what is${older === "" ? " in it" : older}: ${command}`;
      if (clearableBytes === 0)
        return `Build cache ${size(totalBytes)}, nothing in it to clear${older === "" ? "" : ` that is${older}`}.`;
      return `Build cache ${size(totalBytes)}, of it ${size(clearableBytes)}${older} can be cleared: ${command}`;
    },
    sighted: detailOf("The source can be read."),
    certificate: (leftMs, endsMs) =>
      leftMs > 0
        ? `The certificate is valid for another ${duration(leftMs)}, until ${date(endsMs)}.`
        : `The certificate ended on ${date(endsMs)}.`,
    certificateGone: detailOf("This certificate is no longer watched."),
    certificateAdvice: "renew it (certbot renew, or however yours is issued).",
  },
  hello,
  messages: {
    since: (sinceMs, nowMs) => `Since ${time(sinceMs, nowMs)}.`,
    nameSince: (name, sinceMs, nowMs) => `${name} (since ${time(sinceMs, nowMs)})`,
    lasting: (ms, sinceMs, nowMs) => `Lasting ${duration(ms)}, since ${time(sinceMs, nowMs)}.`,
    recovered: (ms, sinceMs, untilMs) =>
      `recovered: it lasted ${duration(ms)} (${time(sinceMs, untilMs)} – ${time(untilMs, untilMs)}).`,
    missed: (ms, sinceMs, untilMs) =>
      `Was down ${duration(ms)} (${time(sinceMs, untilMs)} – ${time(untilMs, untilMs)}), recovered.`,
    earlier: (spans, more) => `Before that: ${spans.join("; ")}${more > 0 ? `; and ${times(more)} more` : ""}.`,
    span: (sinceMs, untilMs, nowMs) => `${time(sinceMs, nowMs)} – ${time(untilMs, nowMs)}`,
    late: (ms) => `Delivered ${duration(ms)} late.`,
    lateMost: (ms) => `Delivered up to ${duration(ms)} late.`,
    away: (ms, service) => `${service} was away ${short(ms)}`,
    behind: (ms) => `${short(ms)} late`,
    moreOfCard: (count) => `… and ${count} more; the status page and the command \`once\` name them all.`,
    cutShort: "… The rest is left out here: see the status page, or run the command `once`.",
    advice: "What to do:",
    adviceFor: (name) => `What to do, for ${name}:`,
    lastedRange: (minMs, maxMs) =>
      minMs === maxMs
        ? `It lasted ${duration(maxMs)}.`
        : `It lasted between ${duration(minMs)} and ${duration(maxMs)}.`,
    lastingRange: (minMs, maxMs) =>
      minMs === maxMs ? `Lasting ${duration(maxMs)}.` : `Lasting between ${duration(minMs)} and ${duration(maxMs)}.`,
    reason: "The reason was: ",
    cause: (cause) => `Probable cause: ${cause}.`,
    flapping: (count, ms, bad) =>
      `Flapping: ${plural(count, { one: "change", other: "changes" })} of state within ${duration(ms)}; ${bad ? "bad" : "good"} now. Quiet from here on until it settles, or stays bad.`,
    settledGood: (count, ms) => `recovered: it settled; the state changed ${times(count)} within ${duration(ms)}.`,
    settledBad: (count, ms) => `It settled, but bad; the state changed ${times(count)} within ${duration(ms)}.`,
    recoveredMany: "recovered.",
    fallback: (sinceMs, nowMs, count) =>
      `It had not answered since ${time(sinceMs, nowMs)} (${duration(nowMs - sinceMs)}); ${plural(count, { one: "notice", other: "notices" })} went through the fallback channel.`,
    more: (count) => `… and ${count} more`,
  },
  digest: {
    sinceStart: (ms) => `Only what was seen since the start, ${duration(ms)} ago.`,
    quiet: "No incidents.",
    incidents: (count) => `Incidents: ${count}.`,
    ongoing: (sinceMs, nowMs) => `still going on, since ${time(sinceMs, nowMs)}`,
    muted: (patterns, except) => notTold(patterns, except),
    uptime: (ms) => `The watchdog has run for ${duration(ms)}.`,
  },
  causes: {
    engine: (f, proxy) =>
      `Docker does not answer${proxy === undefined ? "" : ` through the proxy ${proxy}`}: ${fault(f)}`,
    disk: (label, usedPct) => `disk ${label} is ${usedPct}% full`,
    memory: (usedPct) => `host memory is ${usedPct}% used`,
    containerMissing: (name) => `there is no container ${name}`,
    containerDown: (name, f) =>
      `container ${name} ${containerState({ ...f, health: "none", restartCount: 0, error: "", healthOutput: "", image: "" })}, exit code ${exitCode(f.exitCode, f.oomKilled)}${f.oomKilled ? ", killed because memory ran out (OOM)" : ""}`,
    containerUnhealthy: (name) => `container ${name} is unhealthy`,
    containerRestarted: (name, ms) => `container ${name} was started ${duration(ms)} ago`,
  },
};

function notTold(patterns: readonly string[], except: readonly string[]): string {
  return `Not told: ${patterns.join(", ")} (WATCHDOG_MUTE)${except.length > 0 ? `, except ${except.join(", ")}` : ""}.`;
}

/** The host's path is not known from inside a container; the operator knows it. */
function biggest(advice: string, du: string, sort: string, { label, hostPath }: DiskPlace): Advice {
  const command = (path: string): string => `${du} --max-depth=2 ${path} | ${sort} | tail -20`;
  return hostPath === undefined
    ? `${advice}: ${command("MOUNT")} (MOUNT: where ${label} is mounted on the host)`
    : { advice, command: command(hostPath) };
}

const manyWords: Record<SubjectKind, string> = {
  container: "Containers",
  dep: "Dependencies",
  disk: "Disks",
  disk_crit: "Disks almost full",
  disk_forecast: "Disks filling up",
  inodes: "Inodes",
  cert: "Certificates",
  agent_hung: "Hung agents",
  proc_blocking: "Blocking processes",
  blind: "Unavailable sources",
};

function ownerName(owner: OwnerFacts): string {
  return "container" in owner ? `container ${owner.container}` : `service ${owner.unit}`;
}

const logsOf = (container: string): string => `docker logs --tail 50 ${container}`;

const thenLogs = (advice: string, container: string | undefined): Advice =>
  container === undefined ? `${advice}.` : { advice, command: logsOf(container) };

/** What stands still meanwhile, and what goes on. */
function blindScope({ source, part }: BlindFacts): string {
  if (part === undefined) return "The signals of this source are frozen until it is back.";
  const others = {
    disk: "the other disks are",
    docker: "the other containers are",
    proc: "the other processes are",
    mem: "everything else is",
  };
  return `Only that is frozen, ${others[source]} checked as usual.`;
}

function blindAdvice({ source, part, proxy }: BlindFacts): Advice {
  switch (source) {
    case "mem":
      return "check WATCHDOG_PROC_ROOT and access to /proc.";
    case "disk":
      return part === undefined
        ? "check WATCHDOG_DISK_PATHS and that these paths are mounted (on the host: findmnt)."
        : `check that ${part} is mounted and answers (on the host: findmnt).`;
    case "docker":
      if (part !== undefined) return { command: `docker inspect ${part}` };
      return proxy === undefined
        ? "check that Docker runs (systemctl status docker) and that its socket is mounted (WATCHDOG_DOCKER_SOCK)."
        : `check the container ${proxy}, through which Docker is read (docker ps -a --filter name=${proxy}), then Docker itself (systemctl status docker).`;
    case "proc":
      return part === undefined
        ? "check pid: host and WATCHDOG_PROC_ROOT."
        : { advice: "see what this process waits for", command: `sudo cat /proc/${part}/stack` };
    default:
      return source satisfies never;
  }
}

function agentWhere(f: AgentFacts): string {
  const parts = [
    ...(f.stage === undefined ? [] : [`stage ${f.stage}`]),
    ...(f.jobId === undefined ? [] : [`job ${f.jobId}`]),
    ...(f.pid === undefined ? [] : [`pid ${f.pid}`]),
  ];
  return parts.length > 0 ? `; ${parts.join(", ")}` : "";
}
