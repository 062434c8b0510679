import { detailOf } from "../detail.ts";
import { HELLO_PROBLEMS, type HelloFacts } from "../facts.ts";
import { plural } from "./words.ts";

export const hello = {
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
      plural(count, { one: "контейнер", few: "контейнера", many: "контейнеров", other: "контейнера" }),
    deps: (names: readonly string[]) => `зависимости ${names.join(", ")}`,
    metrics: "оркестратор",
    processes: (patterns: readonly string[]) => `оставшиеся процессы (${patterns.join(", ")})`,
  },
};
