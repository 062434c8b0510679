import type { LangCode } from "../format.ts";
import { pruneEn } from "./en.ts";
import { type PruneLang, pruneRu } from "./ru.ts";

export type { PruneLang } from "./ru.ts";
/** Apart from the watchdog's own texts, which the observer's bundle is made of. */
export const PRUNE_LANGS: Readonly<Record<LangCode, PruneLang>> = { ru: pruneRu, en: pruneEn };
