import { detailOf } from "../detail.ts";
import type { PruneFacts } from "../facts.ts";
import { decimalSizeText } from "../format.ts";
import { age } from "./words.ts";

/** The pruner's texts in Russian; this file is the type that every other language must match. */

const size = (bytes: number): string => decimalSizeText(bytes, ["Б", "кБ", "МБ", "ГБ", "ТБ", "ПБ"]);
const freed = (bytes: number | undefined): string =>
  bytes === undefined ? "сколько освобождено, docker не сказал" : `освобождено ${size(bytes)}`;

function measures(f: PruneFacts): string[] {
  const cache =
    f.cacheBeforeBytes !== undefined && f.cacheAfterBytes !== undefined
      ? [`Кэш сборки: было ${size(f.cacheBeforeBytes)}, стало ${size(f.cacheAfterBytes)}.`]
      : [];
  const disk =
    f.diskBeforePct !== undefined && f.diskAfterPct !== undefined
      ? [`Диск Docker: было занято ${f.diskBeforePct}%, стало ${f.diskAfterPct}%.`]
      : [];
  const early = f.earlyAtPct === undefined ? [] : [`Очищено раньше срока: диск занят на ${f.earlyAtPct}% или больше.`];
  return [...cache, ...disk, ...early];
}
const older = (ageS: number | undefined): string => (ageS === undefined ? "" : ` старше ${age(ageS)}`);

export const prune = {
  titles: {
    pruned: "Кэш сборки очищен",
    failed: "Кэш сборки не очищается",
    useless: "Очистка кэша сборки ничего не даёт",
  },
  details: {
    pruned: (f: PruneFacts) =>
      detailOf([
        f.freedBytes === undefined
          ? `Кэш сборки Docker${older(f.ageS)} очищен: ${freed(undefined)}.`
          : `Освобождено ${size(f.freedBytes)} кэша сборки Docker${older(f.ageS)}.`,
        ...measures(f),
      ]),
    failed: (reason: string, overSsh: boolean) =>
      detailOf(
        [`Очистка не удалась: ${reason}.`, "Если это не исправить, кэш заполнит диск."],
        `docker compose --profile ${overSsh ? "prune-ssh logs --tail 50 watchdog-pruner-ssh" : "prune logs --tail 50 watchdog-pruner"}, затем настройки WATCHDOG_PRUNE_*.`,
      ),
    works: (f: PruneFacts) => detailOf(`Очистка снова работает: ${freed(f.freedBytes)}.`),
    useless: (f: PruneFacts) =>
      detailOf(
        [
          `Очистка прошла без ошибок, но ничего не освободила, хотя ${size(f.clearableBytes ?? 0)} кэша${older(f.ageS)} она должна была удалить.`,
          ...measures(f),
        ],
        "сравните docker system df -v с журналом движка (journalctl -u docker); кэш можно очистить и вручную: docker builder prune (удалит и недавний кэш; образы и данные останутся).",
      ),
    useful: (f: PruneFacts) => detailOf(`Старого кэша больше не остаётся: ${freed(f.freedBytes)}.`),
  },
};
