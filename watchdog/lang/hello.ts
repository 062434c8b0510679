import { detailOf } from "./detail.ts";
import { pluralizer } from "./format.ts";

/** What the message on start tells. */
export interface HelloFacts {
  readonly version: string;
  readonly host: string;
  /** What is watched, each part in words. */
  readonly parts: readonly string[];
  /** Sources that cannot be read, with the reason. */
  readonly blind: readonly string[];
  readonly problems: readonly string[];
}

/** So many problems are told in words; the rest is for doctor. */
const HELLO_PROBLEMS = 5;

const pluralRu = pluralizer("ru");
const pluralEn = pluralizer("en");

export const helloRu = {
  title: "Сторож запущен",
  detail: ({ version, host, parts, blind, problems }: HelloFacts) =>
    detailOf(
      [
        `Версия ${version}, хост ${host}.`,
        `Наблюдается: ${parts.length > 0 ? parts.join("; ") : "ничего"}.`,
        ...(blind.length > 0 ? [`Не читается: ${blind.join("; ")}.`] : []),
        problems.length > 0 ? `Замечания к настройкам: ${problems.length}.` : "Замечаний к настройкам нет.",
        ...problems.slice(0, HELLO_PROBLEMS).map((problem) => `– ${problem}`),
      ],
      problems.length > 0 && "команда doctor.",
    ),
  watched: {
    mem: "память",
    disks: (labels: readonly string[]) => `диски ${labels.join(", ")}`,
    containers: (count: number) =>
      pluralRu(count, { one: "контейнер", few: "контейнера", many: "контейнеров", other: "контейнера" }),
    deps: (names: readonly string[]) => `зависимости ${names.join(", ")}`,
    metrics: "оркестратор",
    processes: (patterns: readonly string[]) => `оставшиеся процессы (${patterns.join(", ")})`,
  },
};

export const helloEn: typeof helloRu = {
  title: "Watchdog started",
  detail: ({ version, host, parts, blind, problems }) =>
    detailOf(
      [
        `Version ${version}, host ${host}.`,
        `Watched: ${parts.length > 0 ? parts.join("; ") : "nothing"}.`,
        ...(blind.length > 0 ? [`Cannot be read: ${blind.join("; ")}.`] : []),
        problems.length > 0 ? `Problems in the settings: ${problems.length}.` : "No problems in the settings.",
        ...problems.slice(0, HELLO_PROBLEMS).map((problem) => `– ${problem}`),
      ],
      problems.length > 0 && "the command doctor.",
    ),
  watched: {
    mem: "memory",
    disks: (labels) => `disks ${labels.join(", ")}`,
    containers: (count) => pluralEn(count, { one: "container", other: "containers" }),
    deps: (names) => `dependencies ${names.join(", ")}`,
    metrics: "the orchestrator",
    processes: (patterns) => `left-over processes (${patterns.join(", ")})`,
  },
};
