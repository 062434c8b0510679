import type { LangCode } from "../format.ts";
import { en } from "./en.ts";
import { type PageTexts, ru } from "./ru.ts";

export type { PageTexts } from "./ru.ts";
export const PAGE_TEXTS: Readonly<Record<LangCode, PageTexts>> = { ru, en };
