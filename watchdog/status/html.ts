/** Markup whose every foreign part is escaped: only this module makes it. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[] | undefined;

// Bidirectional controls: one in a name would turn round what follows it.
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Safe in text and in quoted attributes. Lone surrogates would make the document ill-formed. */
export function escapeMarkup(text: string): string {
  return text
    .toWellFormed()
    .replace(TURNING, "\ufffd")
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A template whose strings are markup and whose values are text, or markup made the same way; undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: strings.reduce((result, string, index) => result + markupOf(values[index - 1]) + string) };
}

/** Our own constants alone: what comes from outside goes through `html`. */
export const trusted = (markup: string): Html => ({ html: markup });

function markupOf(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escapeMarkup(String(part));
  return "html" in part ? part.html : part.map((each) => each.html).join("");
}
