import type { FaultKind } from "../../net/fault.ts";
import type { Place } from "../facts.ts";
import { fault } from "./texts.ts";
import { plural, short } from "./words.ts";

/** Doctor's texts in Russian; this file is the type that every other language must match. An advice is one line: a command or a variable. */

/** «set this and make it count». */
const set = ({ inContainer, hardened }: Place, what: string): string =>
  inContainer
    ? `в .env.watchdog: ${what}; затем docker compose ${hardened ? "up -d с теми же -f, что и при запуске (docker-compose.hardened.yml)" : "up -d"}`
    : `задайте ${what} и запустите watchdog заново`;
/** «write this into the compose file». */
const compose = ({ hardened }: Place, what: string): string =>
  `docker-compose.override.yml, watchdog: ${what}; затем docker compose ${hardened ? "-f docker-compose.hardened.yml -f docker-compose.override.yml up -d (без второго -f этот файл не читается)" : "up -d"}`;

export const doctor = {
  summary: (failed: number, ok: number, off: number) =>
    failed === 0 ? `Всё в порядке: ✓ ${ok}, – ${off}.` : `Нужно ваше внимание: ✗ ${failed}, ✓ ${ok}, – ${off}.`,
  fault,
  /** A check that itself broke. */
  broken: (reason: string) => `проверка сама сломалась: ${reason}`,
  brokenAdvice: "это ошибка watchdog: пришлите её текст и вывод doctor --json тем, кто его ведёт",
  titles: {
    config: "Настройки",
    enabled: "Выключатель",
    bot: "Бот Telegram",
    chat: "Чат",
    topic: "Тема",
    right: "Право писать",
    send: "Пробное сообщение",
    tgProxy: "Прокси для Telegram",
    webhook: "Запасной канал",
    heartbeat: "Пульс наружу",
    clock: "Часы",
    stateFile: "Файл состояния",
    engine: "Docker",
    containers: "Контейнеры",
    container: (name: string) => `Контейнер ${name}`,
    proxyPost: "Прокси не пускает POST",
    override: "Файл override",
    memory: "Память",
    pidNamespace: "Процессы хоста видны",
    processes: "Процессы читаются",
    disks: "Диски",
    disk: (label: string) => `Диск ${label}`,
    metrics: "/metrics",
    metricsPart: (part: string) => `/metrics: ${part}`,
    deps: "Зависимости",
    dep: (name: string) => `Зависимость ${name}`,
    root: "Корень только для чтения",
    caps: "Нет capabilities",
    noNewPrivs: "no-new-privileges",
  },
  config: {
    fine: "замечаний нет",
    advice: (name: string, place: Place) => set(place, `исправьте ${name} или уберите`),
    secretFile: (path: string, owner: string, { inContainer }: Place) => {
      const file = inContainer ? `<файл хоста, который смонтирован как ${path}>` : path;
      return `sudo chown ${owner} ${file}; sudo chmod 440 ${inContainer ? "<он же>" : path}`;
    },
    statusToken: (place: Place) => set(place, "WATCHDOG_STATUS_TOKEN=<вывод команды openssl rand -hex 16>"),
    running: "WATCHDOG_ENABLED=true",
    switchedOff: "WATCHDOG_ENABLED=false: ничего не читается и не отправляется",
  },
  telegram: {
    off: "бота нет: сообщения идут в журнал (WATCHDOG_TG_BOT_TOKEN, WATCHDOG_TG_CHAT_ID)",
    first: "не проверялось: сначала бот",
    firstChat: "не проверялось: сначала чат",
    bot: (name: string) => `${name}, токен верен`,
    noChat: "WATCHDOG_TG_CHAT_ID не задан",
    badChat: "не проверялся: WATCHDOG_TG_CHAT_ID не читается, смотрите «Настройки»",
    badToken: "не проверялся: WATCHDOG_TG_BOT_TOKEN не читается, смотрите «Настройки»",
    findChat: ({ command }: Place) => `${command} doctor chat-id   покажет номера чатов`,
    noTopic: "не задана (WATCHDOG_TG_THREAD_ID): сообщения идут в сам чат",
    topicUnproven: (id: number) => `${id}; есть ли такая тема, покажет только doctor --send`,
    topicFound: (id: number) => `${id}, сообщение дошло`,
    notForum: (id: number) => `${id}, но в этом чате нет тем`,
    topicGone: (id: number) => `${id}: такой темы нет, сообщения пойдут в сам чат`,
    generalTopic: "1: общая тема не имеет номера, Telegram его отвергает",
    dropTopic: (place: Place) => set(place, "уберите WATCHDOG_TG_THREAD_ID"),
    findTopic: ({ command }: Place) => `${command} doctor chat-id   покажет номера тем`,
    may: (status: string) => `бот может писать (${status})`,
    mayPrivate: "личный чат: отвечает тому, кто нажал Start",
    mayNot: (status: string) => `боту нельзя писать (${status})`,
    unknownRight: (reason: string) => `не видно, можно ли писать: ${reason}`,
    allowInChannel: "канал → Администраторы → добавить бота с правом «Публикация сообщений»",
    allowInGroup: "группа → Участники → бот: разрешить «Отправка сообщений» или сделать администратором",
    invite: "добавьте бота в этот чат: в канал администратором, в группу участником; в личном чате нажмите Start",
    sendOff: "не отправлялось: doctor --send",
    sent: (id: number | undefined) => `доставлено${id === undefined ? "" : `, сообщение ${id}`}`,
    migrated: (to: string) => `группа стала супергруппой с номером ${to}`,
    setChat: (to: string, place: Place) => set(place, `WATCHDOG_TG_CHAT_ID=${to}`),
    alien: (status: number) => `HTTP ${status} без ответа Bot API`,
    alienAdvice: (place: Place) => set(place, "WATCHDOG_TG_API_URL=https://api.telegram.org"),
    newToken: (place: Place) => set(place, "WATCHDOG_TG_BOT_TOKEN=… (@BotFather → /mybots → API Token)"),
    ownBot: (place: Place) => set(place, "WATCHDOG_TG_BOT_TOKEN своего, отдельного бота (@BotFather → /newbot)"),
    waitS: (seconds: number) => `подождите ${seconds} с и повторите`,
    later: "это сбой на стороне Telegram: повторите через несколько минут",
    network: (kind: FaultKind, hasProxy: boolean, place: Place) => {
      if (hasProxy) return set(place, "проверьте WATCHDOG_TG_PROXY_URL: прокси должен пускать к api.telegram.org:443");
      switch (kind) {
        case "dns":
          return "проверьте DNS этого хоста: getent hosts api.telegram.org";
        case "tls":
          return "в трафик вмешивается прокси: NODE_EXTRA_CA_CERTS=/путь/к/его.pem или WATCHDOG_TG_PROXY_URL";
        case "refused":
        case "timeout":
        case "reset":
        case "unreachable":
        case "other":
          return "откройте выход к api.telegram.org:443 или задайте WATCHDOG_TG_PROXY_URL=http://хост:порт";
        default:
          return kind satisfies never;
      }
    },
  },
  example: {
    title: "Пробное сообщение",
    detail: "Так сторож пишет в этот чат. Ниже пример каждого знака; ничего из этого не случилось.",
    alert: ["Пример тревоги", "Что-то стало плохо: что именно, насколько и что делать."],
    realert: ["Пример повтора", "Всё ещё плохо."],
    recovery: ["Пример восстановления", "Снова хорошо."],
    flapping: ["Пример мигания", "То хорошо, то плохо."],
    info: ["Пример сведений", "К сведению, не тревога."],
  },
  chatId: {
    noToken: (place: Place) =>
      `WATCHDOG_TG_BOT_TOKEN не задан: ${set(place, "WATCHDOG_TG_BOT_TOKEN=… (@BotFather → /newbot)")}`,
    heading: (bot: string) => `Где к боту ${bot} обращались в последнее время:`,
    none: (bot: string, { command }: Place) =>
      `К боту ${bot} никто не обращался.\nНапишите боту сообщение; в группе – /start${bot.startsWith("@") ? bot : ""}; в канале опубликуйте что-нибудь (бот там администратор).\nЗатем снова: ${command} doctor chat-id`,
    conflict: (bot: string) =>
      `Бота ${bot} слушает другая программа (webhook или getUpdates), и его сообщения достаются ей.`,
    types: { private: "личный", group: "группа", supergroup: "группа", channel: "канал" } as Record<string, string>,
    topic: (id: number) => `тема ${id}`,
    removed: "бот оттуда удалён",
    next: (place: Place) => `Впишите строки нужного чата в .env.watchdog и проверьте: ${place.command} doctor --send`,
    many: "Показаны первые 100 обращений: если нужного чата нет, повторите завтра или напишите боту от имени нового.",
  },
  network: {
    /** What mends a failed connection to something that a variable names. */
    advice: (kind: FaultKind | "status", host: string, name: string, isOwnLoopback: boolean) => {
      if (isOwnLoopback) return `в контейнере ${host} – это он сам: в ${name} впишите host.docker.internal`;
      switch (kind) {
        case "refused":
          return `запустите сервис на ${host} или исправьте адрес в ${name}`;
        case "timeout":
        case "unreachable":
          return `проверьте сеть и брандмауэр до ${host} или адрес в ${name}`;
        case "dns":
          return `исправьте имя ${host} в ${name} или подключите контейнер к его сети (networks)`;
        case "tls":
          return "смонтируйте сертификат центра и задайте NODE_EXTRA_CA_CERTS=/путь/ca.pem";
        case "reset":
          return `проверьте http или https в ${name} и журнал сервиса ${host}`;
        case "status":
          return `смотрите журнал сервиса ${host} или исправьте путь в ${name}`;
        case "other":
          return `проверьте ${name}`;
        default:
          return kind satisfies never;
      }
    },
  },
  engine: {
    off: "WATCHDOG_DOCKER_SOCK пуст: контейнеры не наблюдаются",
    noSocket: (path: string) => `${path} здесь нет: контейнеры не наблюдаются`,
    found: (version: string, spoken: string, oldest: string, newest: string) =>
      `${version}, говорим API ${spoken} (движок: ${oldest}–${newest})`,
    mountSocket: (path: string, place: Place) => compose(place, `volumes: ["/var/run/docker.sock:${path}:ro"]`),
    startEngine:
      "systemctl status docker; если он остановлен: systemctl start docker; если его перезапускали: docker compose restart watchdog",
    denied: "сокет принадлежит другому: docker compose -f docker-compose.hardened.yml up -d",
    joinGroup: "sudo usermod -aG docker $USER   и войдите заново (группа docker даёт права root на этом хосте)",
    startProxy: (host: string) =>
      `проверьте контейнер ${host} (прокси сокета): docker ps -a --filter name=${host}; если он остановлен: docker start <его имя>`,
    proxyRefuses: "прокси должен пускать GET /version, /info, /containers/json, /containers/<id>/json",
    tooOld: "обновите Docker: нужен 20.10.10 или новее (API 1.41)",
    notEngine: (name: string) => `${name} указывает не на движок Docker: исправьте`,
    hangs:
      "движок висит: journalctl -u docker -n 50; systemctl restart docker – только зная, что он остановит все контейнеры хоста (кроме live-restore)",
    silent: "не проверялись: движок не отвечает",
    all: (count: number, names: string) =>
      `* нашёл ${plural(count, { one: "контейнер", few: "контейнера", many: "контейнеров", other: "контейнера" })}: ${names}`,
    none: "* не нашёл ни одного с политикой перезапуска или меткой watchdog.watch=true",
    missing: "такого контейнера нет",
    missingAdvice: (name: string) => `docker ps -a --format '{{.Names}}'   и исправьте ${name} в WATCHDOG_CONTAINERS`,
    unreadable: (reason: string) => `не читается: ${reason}`,
    noProxy: "нет прокси: сокет подключён напрямую, POST на нём не пробуется",
    noSource: "Docker не наблюдается",
    refused: (status: number) => `POST /version отклонён: ${status}`,
    passed: (status: number) => `POST /version прошёл до движка: ответ ${status}`,
    noOverride:
      "watchdog запущен с -f docker-compose.hardened.yml без файла override: docker-compose.override.yml Compose в этом случае сам не читает",
    withOverride: (command: string) => `если он у вас есть: ${command}`,
    passedAdvice:
      "запретите в прокси всё, кроме GET (образец: haproxy.docker.cfg), и перезапустите только контейнер прокси",
  },
  host: {
    memory: (usedPct: number, totalGb: number, thresholdPct: number) =>
      `занято ${usedPct}% из ${totalGb} ГБ (порог ${thresholdPct}%)`,
    memoryOff: "WATCHDOG_MEM_ENABLED=false",
    procRoot: (root: string, place: Place) => set(place, `WATCHDOG_PROC_ROOT=/proc (сейчас ${root})`),
    procOff: "WATCHDOG_PROC_ENABLED=false: оставшиеся процессы не ищутся",
    shared: (init: string) => `pid 1 – ${init}`,
    noContainer: (init: string) => `не в контейнере; pid 1 – ${init}`,
    ownNamespace: (init: string) => `видны только процессы этого контейнера (pid 1 – ${init})`,
    sharePids: (place: Place) => compose(place, "pid: host"),
    readable: (count: number, patterns: string, option: string) =>
      `hidepid ${option}; подходит под ${patterns}: ${count}`,
    hidden: (option: string) => `чужие процессы скрыты: hidepid ${option}`,
    unhide:
      "WATCHDOG_PROC_ENABLED=false; или на хосте: mount -o remount,hidepid=0 /proc   (тогда каждый пользователь хоста видит чужие процессы)",
    unknown: "неизвестно",
  },
  disk: {
    off: "WATCHDOG_DISK_ENABLED=false",
    forecastAlone: "тревога только по прогнозу (WATCHDOG_DISK_FORECAST_H), уровень не проверяется",
    measured: (usedPct: number, dfPct: number) => `занято ${usedPct}%, df покажет ${dfPct}%`,
    where: (source: string, device: string) => `${source}, устройство ${device}`,
    sameAs: (label: string) => `тот же диск, что ${label}`,
    compare: (command: string) => `сравнить: ${command}`,
    mount: (path: string, place: Place) => compose(place, `volumes: ["/файл/на/диске:${path}:ro"]`),
    correct: (path: string, place: Place) => set(place, `исправьте ${path} в WATCHDOG_DISK_PATHS`),
    hangs: (path: string) =>
      `мёртвое сетевое монтирование? уберите ${path} из WATCHDOG_DISK_PATHS; или на хосте: findmnt, затем umount -l <точка>, если она никому не нужна (несохранённое на ней пропадёт)`,
    noSize: "эта файловая система не сообщает размера",
  },
  metrics: {
    off: "WATCHDOG_METRICS_URL не задан: оркестратор не наблюдается",
    good: (agents: number) => `отвечает, все части на месте, агентов: ${agents}`,
    answers: "отвечает, но не всё на месте",
    missing: (signals: string) => `нет или не разобрать; заморожено: ${signals}`,
    partly: (signals: string) => `разобрано не всё; заморожено для остальных: ${signals}`,
    add: (part: string, off: string) => `добавьте ${part} в ответ оркестратора (LITE_SETUP, раздел 6) или ${off}`,
    notObject: (name: string) => `${name} должен указывать на JSON-объект (LITE_SETUP, раздел 6)`,
    status: (status: string) => `ответ HTTP ${status} вместо 2xx`,
  },
  dep: {
    off: "WATCHDOG_DEPS не задан",
    up: (url: string, ms: number) => `${url} отвечает за ${ms} мс`,
    down: (url: string, why: string) => `${url}: ${why}`,
    status: (status: string) => `HTTP ${status} вместо 2xx/3xx`,
  },
  clock: {
    off: "не с чем сравнить: нет ни бота, ни generated_at в /metrics",
    fine: (ms: number, source: string) => `расхождение ${short(ms)} (${source})`,
    ahead: (ms: number, source: string) => `спешат на ${short(ms)} (${source})`,
    behind: (ms: number, source: string) => `отстают на ${short(ms)} (${source})`,
    advice: "на хосте: timedatectl status; если синхронизация выключена: timedatectl set-ntp true",
    adviceMetrics:
      "на хосте: timedatectl status; если синхронизация выключена: timedatectl set-ntp true; если часы верны, застыл generated_at оркестратора",
  },
  confinement: {
    noContainer: "не в контейнере",
    readOnly: "записать нечего и некуда",
    writable: "корень контейнера открыт на запись",
    unreadable: (file: string) => `${file} не читается`,
    noCaps: "CapEff и CapPrm пусты",
    caps: (set: string) => `есть capabilities: ${set}`,
    noNewPrivs: "включено",
    newPrivs: "выключено",
    compose,
  },
  files: {
    noState: "WATCHDOG_STATE_FILE не задан: всё хранится в памяти",
    writable: (path: string) => `${path}: можно писать`,
    foreign: (path: string) => `${path}: файл другой программы; он остаётся как есть, состояние не хранится`,
    ownState: (place: Place) => set(place, "WATCHDOG_STATE_FILE=<отдельный файл>"),
    notWritable: (path: string, code: string) => `${path}: писать нельзя (${code})`,
    mountState: (dir: string, place: Place) => compose(place, `volumes: ["/var/lib/watchdog:${dir}"]`),
    makeDir: (dir: string) => `mkdir -p ${dir}`,
    chown: (path: string, dir: string, uid: number, { inContainer }: Place) =>
      `sudo chown ${uid} ${inContainer ? `<каталог хоста, который смонтирован в ${dir}> и файл состояния в нём` : `${dir} ${path}`}`,
    notSet: (name: string) => `не задан (${name})`,
    goesTo: (host: string) => `${host}; не проверялся, чтобы ничего не отправить`,
    proxied: (host: string) => `${host}; проверен вместе с ботом`,
  },
};
