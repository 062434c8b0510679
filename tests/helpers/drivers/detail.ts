import { type Detail, detailText } from "../../../watchdog/lang/detail.ts";
import { LANGS, type Lang } from "../../../watchdog/lang/index.ts";

/** A detail, or what a test says of one: facts alone, or a text as people read it. */
export type Said = string | readonly string[] | Partial<Detail>;

const HEADINGS = Object.values(LANGS).map(({ messages }) => `${messages.advice} `);

/** One detail of these parts. In a text the line under the heading is what is to be done, and what follows it a remark. */
export function saidOf(...parts: readonly Said[]): Detail {
  const details = parts.map(partOf);
  return Object.assign({}, ...details, { facts: details.flatMap(({ facts = [] }) => facts) }) as Detail;
}

function partOf(said: Said): Partial<Detail> {
  if (typeof said !== "string") return "length" in said ? { facts: said } : said;
  const lines = said.split("\n");
  const at = lines.findIndex((line) => HEADINGS.some((heading) => line.startsWith(heading)));
  if (at === -1) return { facts: lines };
  const heading = HEADINGS.find((begin) => lines[at]?.startsWith(begin)) ?? "";
  const remark = lines.slice(at + 1).join("\n");
  return {
    facts: lines.slice(0, at),
    advice: lines[at]?.slice(heading.length) ?? "",
    ...(remark === "" ? {} : { remark }),
  };
}

/** As people read it. */
export function shown(said: Said, lang: Lang = LANGS.en): string {
  return detailText(saidOf(said), lang);
}

/** The same with its detail as people read it. */
export function withText<T extends { readonly detail: Detail }>(
  { detail, ...rest }: T,
  lang: Lang = LANGS.en,
): Omit<T, "detail"> & { readonly detail: string } {
  return { ...rest, detail: detailText(detail, lang) };
}
