import { hasSubjects, type KindName, type SubjectKind } from "../../kinds.ts";
import type { Fault } from "../../net/fault.ts";
import { type Advice, detailOf } from "../detail.ts";
import type {
  AgentFacts,
  BigProcessFacts,
  BlindFacts,
  CacheFacts,
  ContainerFacts,
  DiskPlace,
  ForecastFacts,
  InodeFacts,
  OwnerFacts,
  ProcessFacts,
  UsageFacts,
} from "../facts.ts";
import { hello } from "./hello.ts";
import { age, date, duration, lasting, plural, short, size, time, times } from "./words.ts";

/** The operator's texts in Russian; this file is the type that every other language must match. */

export function fault({ kind, reason }: Fault): string {
  switch (kind) {
    case "refused":
      return `соединение отклонено (${reason})`;
    case "timeout":
      return `нет ответа вовремя (${reason})`;
    case "dns":
      return `имя не найдено (${reason})`;
    case "tls":
      return `ошибка TLS или сертификата (${reason})`;
    case "reset":
      return `соединение оборвано (${reason})`;
    case "unreachable":
      return `сеть недоступна (${reason})`;
    case "other":
      return reason;
    default:
      return kind satisfies never;
  }
}

function containerState(facts: ContainerFacts): string {
  if (facts.restarts !== undefined)
    return `перезапускается по кругу: ${times(facts.restarts)} за последние 10 минут${facts.restartCount > facts.restarts ? `, всего ${times(facts.restartCount)}` : ""}`;
  switch (facts.state) {
    case "missing":
      return "такого контейнера нет (удалён или не создан)";
    case "created":
      return "создан, но не запущен";
    case "paused":
      return "на паузе";
    case "restarting":
      return "перезапускается";
    case "removing":
      return "удаляется";
    case "exited":
      return "остановлен";
    case "dead":
      return "мёртв (dead): движок не смог его убрать";
    case "running":
      return facts.health === "unhealthy"
        ? "работает, но проверка здоровья не проходит"
        : facts.health === "starting"
          ? "запускается"
          : "работает";
    default:
      return facts.state satisfies never;
  }
}

/** What a code proves. That memory ran out is proven by the engine's OOM flag alone, which has a line of its own. */
const EXIT_WORDS: Readonly<Record<number, string>> = {
  126: "команду не удалось выполнить",
  127: "команда не найдена",
  129: "SIGHUP",
  130: "SIGINT: прерван",
  134: "SIGABRT: аварийно завершил себя сам",
  135: "SIGBUS",
  136: "SIGFPE",
  139: "SIGSEGV: ошибка обращения к памяти",
  143: "SIGTERM: попросили остановиться, как делает docker stop",
};

function exitCode(code: number, oomKilled: boolean): string {
  if (code === 137)
    return oomKilled
      ? "137 (SIGKILL)"
      : "137 (SIGKILL: убит, например docker kill или остановкой, которую пришлось завершить силой)";
  const words = EXIT_WORDS[code] ?? (code > 128 && code < 160 ? `сигнал ${code - 128}` : undefined);
  return words === undefined ? String(code) : `${code} (${words})`;
}

export const texts = {
  duration,
  time,
  fault,
  size,
  age,
  titles: {
    orchestratorDown: "Оркестратор недоступен",
    metricsStale: "Метрики устарели",
    jobFailed: "Задание упало",
    agentHung: (runId: string) => `Агент завис: ${runId}`,
    queueStalled: "Очередь стоит",
    hostMem: "Память хоста",
    disk: (label: string) => `Диск ${label}`,
    diskCrit: (label: string) => `Диск почти полон ${label}`,
    diskForecast: (label: string) => `Диск заполняется ${label}`,
    inodes: (label: string) => `Иноды ${label}`,
    container: (name: string) => `Контейнер ${name}`,
    dep: (name: string) => `Зависимость ${name}`,
    cert: (name: string) => `Сертификат ${name}`,
    procBlocking: (pid: number) => `Блокирующий процесс ${pid}`,
    blind: (source: string) => `Источник недоступен: ${source}`,
    hostBoot: "Хост перезагружен",
    mutes: "Заглушённые сигналы",
    digest: "Сводка за сутки",
    fallback: "Telegram снова доступен",
    /** Many of one kind at once, by their kind. */
    many: (kind: KindName, count: number) => `${hasSubjects(kind) ? manyWords[kind] : kind}: ${count}`,
  },
  details: {
    /** `container`: the orchestrator's own, where it is known. */
    orchestratorDown: (f: Fault, ticks: number, container?: string) =>
      detailOf(
        `/metrics: ${fault(f)}; неудачных проверок подряд: ${ticks}. Задания, агенты и очередь сейчас не видны.`,
        container === undefined ? "посмотрите контейнер оркестратора и его журнал." : { command: logsOf(container) },
      ),
    orchestratorUp: detailOf("/metrics отвечает."),
    metricsStale: (ageMs: number, limitMs: number, container?: string) =>
      detailOf(
        `/metrics отвечает, но generated_at не меняется ${lasting(ageMs)} (порог ${duration(limitMs)}): данные застыли.`,
        thenLogs("проверьте, жив ли главный цикл оркестратора", container),
      ),
    metricsFresh: detailOf("generated_at обновляется."),
    jobFailed: (failed: number) => detailOf(`Счётчик failed сейчас ${failed}.`, "посмотрите журнал упавшего задания."),
    jobFailedCount: (count: number) =>
      plural(count, { one: "новое падение", few: "новых падения", many: "новых падений", other: "новых падения" }),
    jobsQuiet: (failed: number) => detailOf(`Новых падений нет, счётчик failed: ${failed}.`),
    agentHung: (f: AgentFacts, limitMs: number) =>
      detailOf(
        `Агент без прогресса CPU ${lasting(f.idleMs)} (порог ${duration(limitMs)})${agentWhere(f)}.`,
        "проверьте агента; если он завис, остановите его через оркестратор.",
      ),
    agentBusy: (f: AgentFacts) => detailOf(`Агент работает${agentWhere(f)}.`),
    agentGone: detailOf("Агент завершился: его больше нет в /metrics."),
    queueStalled: (queued: number, idleMs: number, limitMs: number, container?: string) =>
      detailOf(
        `В очереди ${plural(queued, { one: "задание", few: "задания", many: "заданий", other: "задания" })}, ни одно не выполняется и не завершается ${lasting(idleMs)} (порог ${duration(limitMs)}).`,
        thenLogs("проверьте исполнителей оркестратора", container),
      ),
    queueMoves: (queued: number, running: number) => detailOf(`В очереди: ${queued}, выполняется: ${running}.`),
    memory: (f: UsageFacts) =>
      `Занято ${f.usedPct}% (порог ${f.thresholdPct}%), доступно ${size(f.freeBytes)} из ${size(f.totalBytes)} (${f.freePct}%).`,
    biggest: (processes: readonly BigProcessFacts[]) =>
      `Больше всего занимают: ${processes.map(({ pid, name, residentGb, owner }) => `${name} (pid ${pid}${owner ? `, ${ownerName(owner)}` : ""}) ${residentGb} ГБ`).join("; ")}.`,
    memoryAdvice: detailOf(
      "Если память кончится, ядро начнёт убивать процессы (OOM).",
      "найдите самые большие процессы (docker stats --no-stream, top).",
    ),
    disk: (f: UsageFacts) =>
      `Занято ${f.usedPct}% (порог ${f.thresholdPct}%), свободно ${size(f.freeBytes)} из ${size(f.totalBytes)} (${f.freePct}%).`,
    /** Under the recovery of the second limit. */
    diskAlertStands: (thresholdPct: number) => `Тревога по порогу ${thresholdPct}% остаётся.`,
    trend: (bars: string, fromPct: number, toPct: number, ms: number) =>
      `За ${lasting(ms)}: ${bars} ${fromPct}% → ${toPct}%.`,
    diskAdvice: (f: DiskPlace) =>
      f.holdsEngineData
        ? detailOf(
            "Если диск заполнится, остановится конвейер всех проектов.",
            "посмотрите, что занимает место (docker system df), и освободите его (docker builder prune, старые образы, журналы).",
          )
        : detailOf(
            "Если диск заполнится, не сработает всё, что на него пишет.",
            biggest("посмотрите, что занимает место", "du -xh", "sort -h", f),
          ),
    inodes: (f: InodeFacts) => `Занято инодов ${f.usedPct}% (порог ${f.thresholdPct}%), свободно ${f.free}.`,
    inodesAdvice: (f: DiskPlace) =>
      detailOf(
        `Без инодов новые файлы не создать, даже если место есть: ${f.holdsEngineData ? "конвейер всех проектов остановится" : "не сработает всё, что создаёт там файлы"}.`,
        biggest("найдите, где множество мелких файлов", "du --inodes -x", "sort -n", f),
      ),
    forecast: (f: ForecastFacts) =>
      `Заполнится примерно через ${lasting(f.leftMs)} при росте +${f.gbPerH} ГБ/ч (порог ${duration(f.limitMs)}). Занято ${f.usedPct}%, свободно ${size(f.freeBytes)}; равномерный рост виден за ${lasting(f.seenMs)}.`,
    forecastCalm: (limitMs: number) => `Заполнения в ближайшие ${lasting(limitMs)} не видно.`,
    forecastShort: (seenMs: number, neededMs: number) =>
      `Для прогноза нужны измерения за ${lasting(neededMs)}, пока есть за ${lasting(seenMs)}.`,
    diskGone: detailOf("Этот путь больше не отдельный диск."),
    container: (f: ContainerFacts) => {
      const lines = [`Состояние: ${containerState(f)}.`];
      if (f.oomKilled) lines.push("Убит из-за нехватки памяти (OOM).");
      if (
        f.state === "exited" ||
        f.state === "dead" ||
        f.state === "restarting" ||
        (f.restarts !== undefined && f.exitCode !== 0)
      )
        lines.push(`Код выхода: ${exitCode(f.exitCode, f.oomKilled)}.`);
      if (f.error !== "") lines.push(`Ошибка: ${f.error}`);
      if (f.health === "unhealthy" && f.healthOutput !== "") lines.push(`Проверка здоровья: ${f.healthOutput}`);
      if (f.restartCount > 0 && f.restarts === undefined) lines.push(`Перезапусков: ${f.restartCount}.`);
      if (f.image !== "") lines.push(`Образ: ${f.image}.`);
      return lines;
    },
    containerAdvice: (name: string, { state, oomKilled }: Pick<ContainerFacts, "state" | "oomKilled">): Advice => {
      const start = state === "exited" ? `; затем docker start ${name}` : "";
      switch (state) {
        case "missing":
          return `создайте контейнер заново (docker compose up -d <его служба>) или уберите ${name} из WATCHDOG_CONTAINERS.`;
        case "paused":
          return { command: `docker unpause ${name}` };
        case "created":
          return { command: `docker start ${name}` };
        default:
          if (oomKilled)
            return `посмотрите, на что ушла память (${logsOf(name)}), и поднимите предел, если он задан (mem_limit в compose или docker update --memory <больше> --memory-swap <больше> ${name})${start}`;
          return start === "" ? { command: logsOf(name) } : `${logsOf(name)}${start}`;
      }
    },
    containerUnreadable: (reason: string) => detailOf(`Сейчас не читается: ${reason}.`),
    containerGone: detailOf("Контейнер удалён."),
    depUp: (url: string, latencyMs: number) => detailOf(`${url} отвечает за ${latencyMs} мс.`),
    depDown: (url: string, f: Fault, latencyMs: number) =>
      detailOf(`${url}: ${fault(f)}, через ${latencyMs} мс.`, "проверьте сам сервис и сеть до него."),
    depStatus: (url: string, status: string, latencyMs: number) =>
      detailOf(`${url}: ответ HTTP ${status} вместо 2xx/3xx, через ${latencyMs} мс.`, "проверьте журнал сервиса."),
    process: (f: ProcessFacts) => [
      `pid ${f.pid}, возраст ${Math.floor(f.ageS)} с (${duration(f.ageS * 1000)}), CPU ${Math.round(f.cpuS)} с${f.cpuSharePct === undefined ? "" : ` (сейчас ${f.cpuSharePct}% ядра)`}, родитель ${f.parent === undefined ? "" : `${f.parent} `}${f.ppid}; порог ${duration(f.limitMin * 60_000)}.`,
      ...(f.owner ? [`Чей: ${ownerName(f.owner)}.`] : []),
      `Команда: ${f.command}`,
    ],
    processAdvice: (pid: number, busy: boolean) =>
      detailOf(
        `Вероятно, остался после убитого агента${busy ? " и ест CPU" : ""}.`,
        `посмотрите, тот ли это процесс и не нужен ли он: ps -o pid,lstart,args -p ${pid}; если не нужен: kill ${pid}`,
      ),
    processGone: detailOf("Процесс завершился."),
    hostBoot: (atMs: number, nowMs: number, back: number, total: number, missing: readonly string[], more: number) =>
      detailOf(
        `Хост перезагружен в ${time(atMs, nowMs)}${total > 0 ? `; поднялось ${back} из ${total} за ${lasting(nowMs - atMs)}` : ""}${missing.length > 0 ? `; нет: ${missing.join(", ")}${more > 0 ? ` и ещё ${more}` : ""}` : ""}.`,
      ),
    mutes: (patterns: readonly string[], except: readonly string[], bad: readonly string[]) =>
      detailOf([notTold(patterns, except), ...(bad.length > 0 ? [`Сейчас плохо: ${bad.join(", ")}.`] : [])]),
    blind: (f: BlindFacts) =>
      detailOf(`Не читается: ${f.reason}; подряд: ${times(f.ticks)}. ${blindScope(f)}`, blindAdvice(f)),
    /** Under a disk's alert: what of it the engine's build cache is, and the cure. */
    buildCache: ({ totalBytes, clearableBytes, ageS, command }: CacheFacts) => {
      const older = ageS === undefined ? "" : ` старше ${age(ageS)}`;
      if (clearableBytes === undefined) return `Кэш сборки ${size(totalBytes)}; очистить${older}: ${command}`;
      if (clearableBytes === 0)
        return `Кэш сборки ${size(totalBytes)}, очищать нечего${older === "" ? "" : `: ничего${older} в нём нет`}.`;
      return `Кэш сборки ${size(totalBytes)}, из них ${size(clearableBytes)}${older} можно очистить: ${command}`;
    },
    sighted: detailOf("Источник читается."),
    certificate: (leftMs: number, endsMs: number) =>
      leftMs > 0
        ? `Сертификат действует ещё ${lasting(leftMs)}, до ${date(endsMs)}.`
        : `Сертификат истёк ${date(endsMs)}.`,
    certificateGone: detailOf("За этим сертификатом больше не следят."),
    certificateAdvice: "обновите сертификат (certbot renew или как он у вас выпускается).",
  },
  hello,
  messages: {
    since: (sinceMs: number, nowMs: number) => `С ${time(sinceMs, nowMs)}.`,
    nameSince: (name: string, sinceMs: number, nowMs: number) => `${name} (с ${time(sinceMs, nowMs)})`,
    lasting: (ms: number, sinceMs: number, nowMs: number) => `Длится ${lasting(ms)}, с ${time(sinceMs, nowMs)}.`,
    recovered: (ms: number, sinceMs: number, untilMs: number) =>
      `восстановление: длилось ${lasting(ms)} (${time(sinceMs, untilMs)} – ${time(untilMs, untilMs)}).`,
    /** Alert and recovery in one, because neither could be delivered in time. */
    missed: (ms: number, sinceMs: number, untilMs: number) =>
      `Было плохо ${lasting(ms)} (${time(sinceMs, untilMs)} – ${time(untilMs, untilMs)}), восстановление уже произошло.`,
    earlier: (spans: readonly string[], more: number) =>
      `До этого: ${spans.join("; ")}${more > 0 ? `; и ещё ${times(more)}` : ""}.`,
    span: (sinceMs: number, untilMs: number, nowMs: number) => `${time(sinceMs, nowMs)} – ${time(untilMs, nowMs)}`,
    late: (ms: number) => `Доставлено с опозданием на ${lasting(ms)}.`,
    /** The same of several, where the longest delay counts. */
    lateMost: (ms: number) => `Доставлено с опозданием, самое большое: ${duration(ms)}.`,
    /** In the headline of a message: the channel took nothing for so long; or it is late for another reason. */
    away: (ms: number, service: string) => `${service} был недоступен ${short(ms)}`,
    behind: (ms: number) => `с опозданием на ${short(ms)}`,
    /** What a card has no room for. */
    moreOfCard: (count: number) => `… и ещё ${count}; все названы на странице статуса и в выводе команды \`once\`.`,
    cutShort: "… Остальное не поместилось: смотрите страницу статуса или команду `once`.",
    /** The heading of what is to be done. */
    advice: "Что делать:",
    /** In a card: it is the advice for this one of them. */
    adviceFor: (name: string) => `Что делать с ${name}:`,
    lastedRange: (minMs: number, maxMs: number) =>
      minMs === maxMs ? `Длилось ${lasting(maxMs)}.` : `Длилось: ${duration(minMs)} – ${duration(maxMs)}.`,
    lastingRange: (minMs: number, maxMs: number) =>
      minMs === maxMs ? `Длится ${lasting(maxMs)}.` : `Длится: ${duration(minMs)} – ${duration(maxMs)}.`,
    reason: "Причина была: ",
    cause: (cause: string) => `Вероятная причина: ${cause}.`,
    flapping: (count: number, ms: number, bad: boolean) =>
      `Мигает: ${plural(count, { one: "смена", few: "смены", many: "смен", other: "смены" })} состояния за ${lasting(ms)}; сейчас ${bad ? "плохо" : "хорошо"}. Дальше тихо, пока не успокоится или не станет плохо надолго.`,
    settledGood: (count: number, ms: number) =>
      `восстановление: успокоилось; за ${lasting(ms)} состояние сменилось ${times(count)}.`,
    settledBad: (count: number, ms: number) =>
      `Успокоилось в плохом состоянии; за ${lasting(ms)} состояние сменилось ${times(count)}.`,
    recoveredMany: "восстановление.",
    fallback: (sinceMs: number, nowMs: number, count: number) =>
      `Не отвечал с ${time(sinceMs, nowMs)} (${lasting(nowMs - sinceMs)}); запасным каналом ушло сообщений: ${count}.`,
    more: (count: number) => `… и ещё ${count}`,
  },
  digest: {
    sinceStart: (ms: number) => `Сведения только с запуска, ${lasting(ms)} назад.`,
    quiet: "Происшествий не было.",
    incidents: (count: number) => `Происшествий: ${count}.`,
    ongoing: (sinceMs: number, nowMs: number) => `ещё длится, с ${time(sinceMs, nowMs)}`,
    muted: (patterns: readonly string[], except: readonly string[]) => notTold(patterns, except),
    uptime: (ms: number) => `Сторож работает ${lasting(ms)}.`,
  },
  causes: {
    engine: (f: Fault, proxy?: string) =>
      `Docker не отвечает${proxy === undefined ? "" : ` через прокси ${proxy}`}: ${fault(f)}`,
    disk: (label: string, usedPct: number) => `диск ${label} занят на ${usedPct}%`,
    memory: (usedPct: number) => `память хоста занята на ${usedPct}%`,
    containerMissing: (name: string) => `контейнера ${name} нет`,
    containerDown: (
      name: string,
      f: { readonly state: ContainerFacts["state"]; readonly exitCode: number; readonly oomKilled: boolean },
    ) =>
      `контейнер ${name} ${containerState({ ...f, health: "none", restartCount: 0, error: "", healthOutput: "", image: "" })}, код выхода ${exitCode(f.exitCode, f.oomKilled)}${f.oomKilled ? ", убит из-за нехватки памяти (OOM)" : ""}`,
    containerUnhealthy: (name: string) => `контейнер ${name} не проходит проверку здоровья`,
    containerRestarted: (name: string, ms: number) => `контейнер ${name} запущен ${lasting(ms)} назад`,
  },
};

function notTold(patterns: readonly string[], except: readonly string[]): string {
  return `Не сообщается: ${patterns.join(", ")} (WATCHDOG_MUTE)${except.length > 0 ? `, кроме ${except.join(", ")}` : ""}.`;
}

/** The host's path is not known from inside a container; the operator knows it. */
function biggest(advice: string, du: string, sort: string, { label, hostPath }: DiskPlace): Advice {
  const command = (path: string): string => `${du} --max-depth=2 ${path} | ${sort} | tail -20`;
  return hostPath === undefined
    ? `${advice}: ${command("MOUNT")} (MOUNT: куда на хосте смонтирован ${label})`
    : { advice, command: command(hostPath) };
}

const manyWords: Record<SubjectKind, string> = {
  container: "Контейнеры",
  dep: "Зависимости",
  disk: "Диски",
  disk_crit: "Почти полные диски",
  disk_forecast: "Заполняющиеся диски",
  inodes: "Иноды",
  cert: "Сертификаты",
  agent_hung: "Зависшие агенты",
  proc_blocking: "Блокирующие процессы",
  blind: "Недоступные источники",
};

function ownerName(owner: OwnerFacts): string {
  return "container" in owner ? `контейнер ${owner.container}` : `служба ${owner.unit}`;
}

const logsOf = (container: string): string => `docker logs --tail 50 ${container}`;

const thenLogs = (advice: string, container: string | undefined): Advice =>
  container === undefined ? `${advice}.` : { advice, command: logsOf(container) };

/** What stands still meanwhile, and what goes on. */
function blindScope({ source, part }: BlindFacts): string {
  if (part === undefined) return "Сигналы этого источника заморожены, пока он не вернётся.";
  const others = {
    disk: "остальные диски проверяются",
    docker: "остальные контейнеры проверяются",
    proc: "остальные процессы проверяются",
    mem: "остальное проверяется",
  };
  return `Заморожено только это, ${others[source]} как обычно.`;
}

function blindAdvice({ source, part, proxy }: BlindFacts): Advice {
  switch (source) {
    case "mem":
      return "проверьте WATCHDOG_PROC_ROOT и доступ к /proc.";
    case "disk":
      return part === undefined
        ? "проверьте WATCHDOG_DISK_PATHS и смонтированы ли эти пути (на хосте: findmnt)."
        : `проверьте, смонтирован ли ${part} и отвечает ли он (на хосте: findmnt).`;
    case "docker":
      if (part !== undefined) return { command: `docker inspect ${part}` };
      return proxy === undefined
        ? "проверьте, что Docker работает (systemctl status docker) и сокет смонтирован (WATCHDOG_DOCKER_SOCK)."
        : `проверьте контейнер ${proxy}, через который читается Docker (docker ps -a --filter name=${proxy}), затем сам Docker (systemctl status docker).`;
    case "proc":
      return part === undefined
        ? "проверьте pid: host и WATCHDOG_PROC_ROOT."
        : { advice: "посмотрите, чего ждёт этот процесс", command: `sudo cat /proc/${part}/stack` };
    default:
      return source satisfies never;
  }
}

function agentWhere(f: AgentFacts): string {
  const parts = [
    ...(f.stage === undefined ? [] : [`стадия ${f.stage}`]),
    ...(f.jobId === undefined ? [] : [`задание ${f.jobId}`]),
    ...(f.pid === undefined ? [] : [`pid ${f.pid}`]),
  ];
  return parts.length > 0 ? `; ${parts.join(", ")}` : "";
}
