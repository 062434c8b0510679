import * as en from "../../../watchdog/lang/en/index.ts";
import {
  DOCTOR_TEXTS,
  type DoctorTexts,
  LANG_CODES,
  LANGS,
  type Lang,
  PAGE_TEXTS,
  type PageTexts,
  PRUNE_TEXTS,
  type PruneTexts,
} from "../../../watchdog/lang/index.ts";

/**
 * A made-up language: every text of English between brackets. Import it before everything else, because here happens what a
 * folder lang/xx/ and its line in each record of lang/index.ts would do, and the configuration reads those once.
 */

function marked(value: unknown): unknown {
  if (typeof value === "string") return `⟦${value}⟧`;
  if (typeof value === "function") return (...facts: unknown[]) => marked(value(...facts));
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]));
  return value;
}

export const xx = {
  texts: marked(en.texts) as Lang,
  page: marked(en.page) as PageTexts,
  doctor: marked(en.doctor) as DoctorTexts,
  prune: marked(en.prune) as PruneTexts,
};
(LANG_CODES as string[]).push("xx");
Object.assign(LANGS, { xx: xx.texts });
Object.assign(PAGE_TEXTS, { xx: xx.page });
Object.assign(DOCTOR_TEXTS, { xx: xx.doctor });
Object.assign(PRUNE_TEXTS, { xx: xx.prune });

/** The words of a rendered text that come from nowhere in lang/: what stands outside the brackets, without these names. */
export function hardWired(text: string, names: readonly string[]): string[] {
  let bare = text;
  for (let last = ""; last !== bare; ) [last, bare] = [bare, bare.replace(/⟦[^⟦⟧]*⟧/g, "")];
  for (const name of [...names].sort((one, other) => other.length - one.length)) bare = bare.replaceAll(name, "");
  return bare.match(/[\p{L}⟦⟧]+/gu) ?? [];
}
