import { type DurationUnit, formatsOf, hoursText, type PluralForms, type Words } from "../format.ts";

/** Short, because a phone is narrow. */
export const shortUnits = { day: "д", hour: "ч", minute: "мин", second: "с" };

/** How Russian counts and dates. The full stop of the year's mark would make two at a sentence's end. */
export const words: Words = {
  tag: "ru-RU",
  yearMark: /\s*г\./,
  units: {
    day: { one: "день", few: "дня", many: "дней", other: "дня" },
    hour: { one: "час", few: "часа", many: "часов", other: "часа" },
    minute: { one: "минута", few: "минуты", many: "минут", other: "минуты" },
    second: { one: "секунда", few: "секунды", many: "секунд", other: "секунды" },
  },
  shortUnits,
  sizes: ["Б", "КБ", "МБ", "ГБ", "ТБ"],
};

export const { plural, duration, durationIn, short, size, time, date } = formatsOf(words);

/** After verbs (длилось, не меняется): only the feminine singular differs. */
const ACCUSATIVE: Record<DurationUnit, PluralForms> = {
  ...words.units,
  minute: { ...words.units.minute, one: "минуту" },
  second: { ...words.units.second, one: "секунду" },
};
export const lasting = (ms: number): string => durationIn(ms, ACCUSATIVE);
export const times = (n: number): string => plural(n, { one: "раз", few: "раза", many: "раз", other: "раза" });
export const age = (s: number): string => hoursText(s, shortUnits.hour) ?? lasting(s * 1000);
