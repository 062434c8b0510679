import * as en from "./en/index.ts";
import type { DoctorTexts, Lang, PageTexts, PruneTexts } from "./locale.ts";
import * as ru from "./ru/index.ts";

export type { DoctorTexts, Lang, PageTexts, PruneTexts } from "./locale.ts";

/**
 * The languages: what is listed here can be chosen by WATCHDOG_LANG. A language has a folder of its name, and a place in each of
 * these records; a place that is forgotten does not compile. They are several, so that a program's bundle holds no text that
 * another program says.
 */
export const LANGS = { ru: ru.texts, en: en.texts } satisfies Record<string, Lang>;
export type LangCode = keyof typeof LANGS;
type Each<Texts> = Readonly<Record<LangCode, Texts>>;
export const PAGE_TEXTS: Each<PageTexts> = { ru: ru.page, en: en.page };
export const DOCTOR_TEXTS: Each<DoctorTexts> = { ru: ru.doctor, en: en.doctor };
export const PRUNE_TEXTS: Each<PruneTexts> = { ru: ru.prune, en: en.prune };

export const LANG_CODES = Object.keys(LANGS) as LangCode[];
export const DEFAULT_LANG: LangCode = "ru";
