import { en } from "./en.ts";
import type { LangCode } from "./format.ts";
import { type Lang, ru } from "./ru.ts";

export type { Lang } from "./ru.ts";
export const LANGS: Readonly<Record<LangCode, Lang>> = { ru, en };
