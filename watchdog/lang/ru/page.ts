import type { WatchdogKind } from "../../kinds.ts";
import { clockMinute, zoneName } from "../format.ts";
import { plural, short, shortUnits, size, words } from "./words.ts";

/** The status page in Russian; this file is the type that every other language must match. */

const MONTHS = ["янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"];

export const page = {
  units: shortUnits,
  duration: short,
  time: (wallMs: number, nearMs: number): string => clockMinute(wallMs, nearMs, MONTHS),
  zone: (wallMs: number): string => zoneName(wallMs, words.tag),
  title: (host: string) => `${host} · Watchdog`,
  size,
  sources: {
    metrics: "Оркестратор",
    mem: "Память",
    disk: "Диски",
    docker: "Docker",
    deps: "Зависимости",
    proc: "Процессы",
  },
  /** What a signal is about when it is good: its title names the fault. By the first part of its key. */
  subjects: {
    orchestrator_down: "Оркестратор",
    metrics_stale: "Свежесть метрик",
    job_failed: "Упавшие задания",
    queue_stalled: "Очередь",
    agent_hung: "Агент",
    host_mem: "Память хоста",
    disk: "Диск",
    disk_crit: "Диск, верхний порог:",
    disk_forecast: "Диск, прогноз:",
    inodes: "Иноды",
    container: "Контейнер",
    dep: "Зависимость",
    cert: "Сертификат",
    proc_blocking: "Процесс",
    blind: "Источник",
    host_boot: "Перезагрузка хоста",
    mutes: "Заглушённые сигналы",
    digest: "Сводка за сутки",
    hello: "Запуск сторожа",
  } satisfies Record<WatchdogKind, string>,
  states: {
    well: "Всё в порядке",
    alert: (count: number) => plural(count, { one: "тревога", few: "тревоги", many: "тревог", other: "тревоги" }),
    undelivered: "Сообщения не доходят",
    blind: "Часть хоста не видна",
    unwatched: "Контейнеры не под наблюдением",
    starting: "Первая проверка ещё идёт",
    stale: "Проверки остановились",
    off: "Выключен",
  },
  hints: {
    well: (signals: number) =>
      `Под наблюдением: ${plural(signals, { one: "сигнал", few: "сигнала", many: "сигналов", other: "сигнала" })}.`,
    undelivered: "Наблюдение идёт, но сообщения сейчас не доставляются.",
    blind: "То, что не читается, заморожено; остальное проверяется как обычно.",
    unwatched:
      "Docker читается, но ни у одного контейнера нет политики перезапуска или метки watchdog.watch=true (WATCHDOG_CONTAINERS). Остальное проверяется.",
    starting: "Результаты появятся через несколько секунд.",
    stale: "Процесс отвечает, но новых проверок нет. Ниже — последнее, что известно.",
    off: "WATCHDOG_ENABLED=false: ничего не читается и не отправляется.",
    mutedBad: (count: number) => `Ещё заглушено, но плохо: ${count}.`,
  },
  /** {} is how long, written by the page itself. */
  checked: "проверено {} назад",
  old: "Данные устарели: последняя проверка {} назад.",
  gone: "Watchdog не отвечает {}. Ниже — последнее, что известно.",
  refused: "Watchdog отвечает отказом {}. Ниже — последнее, что известно.",
  headings: {
    bad: "Тревоги",
    gauges: "Память и диски, 24 часа",
    sources: "Источники",
    delivery: "Доставка",
    good: "В порядке",
    muted: "Заглушено",
    problems: "Настройки: замечания",
    messages: "Последние сообщения",
  },
  since: (time: string, ms: string) => `с ${time} · ${ms}`,
  tags: {
    told: (time: string) => `сообщено ${time}`,
    untold: "ещё не сообщено",
    over: "закончилось, сообщение в пути",
    muted: "заглушено",
    frozen: "сейчас не проверяется",
    flapping: "мигает",
  },
  cause: (cause: string) => `Вероятная причина: ${cause}.`,
  gauge: {
    threshold: (pct: number) => `порог ${pct}%`,
    free: (free: string, total: string) => `свободно ${free} из ${total}`,
    inodes: (pct: number) => `иноды ${pct}%`,
    unread: "сейчас не измеряется",
    stale: "сейчас не измеряется, последнее известное",
    empty: "измерений пока нет",
    range: (low: number, high: number) => `за 24 часа от ${low}% до ${high}%`,
    memory: "Память",
  },
  source: {
    ok: "читается",
    failed: "не читается",
    off: "выключен",
    lastOk: (time: string) => `последний раз ${time}`,
    never: "ещё ни разу",
  },
  delivery: {
    channel: {
      telegram: "Telegram",
      console: "журнал (бот не настроен)",
      webhook: "запасной канал",
    } as Readonly<Record<string, string>>,
    to: "Куда",
    pending: "Ждут отправки",
    lastOk: "Последняя доставка",
    never: "ещё не было",
    error: "Ошибка",
  },
  mutedExcept: (kinds: string) => `Сообщается всё равно: ${kinds}`,
  mutedNow: (keys: string) => `Сейчас плохо: ${keys}`,
  older: (count: number) => `Ещё ${count}`,
  noMessages: "С запуска ничего не отправлено.",
  footer: (version: string, up: string, ticks: number, tookMs: number) =>
    `Watchdog ${version} · работает ${up} · ${plural(ticks, { one: "проверка", few: "проверки", many: "проверок", other: "проверки" })}, последняя за ${tookMs} мс`,
  needsToken: "Нужен токен: откройте страницу как /?token=… (WATCHDOG_STATUS_TOKEN).",
};
