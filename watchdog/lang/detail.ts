/** What stands under a headline. Its parts are kept apart until a channel, a page or a document shows them. */
export interface Detail {
  /** One line each. */
  readonly facts: readonly string[];
  /** What to do, in words. */
  readonly advice?: string;
  /** What to do, as it can be pasted into a shell; where there is advice too, it comes after that. */
  readonly command?: string;
  /** A line that comes last: what was found out beside the tick. */
  readonly remark?: string;
}

/** What to do, without its heading; a text is advice in words. */
export type Advice = string | Pick<Detail, "advice" | "command">;

/** These facts, and what is to be said after them; false: nothing. */
export function detailOf(facts: string | readonly string[], then: Advice | Detail | false = false): Detail {
  const lines = typeof facts === "string" ? [facts] : facts;
  if (typeof then === "string") return { facts: lines, advice: then };
  return then === false ? { facts: lines } : { ...then, facts: "facts" in then ? [...lines, ...then.facts] : lines };
}

/** The line that says what to do, under this heading; none where nothing is to be done. */
export function adviceLines({ advice, command }: Detail, heading: string): string[] {
  const parts = [advice, command].filter((part) => part !== undefined);
  return parts.length > 0 ? [`${heading} ${parts.join(": ")}`] : [];
}

/** The whole of it as one text. This is the only place where the parts are joined. */
export function detailText(detail: Detail, { messages }: { readonly messages: { readonly advice: string } }): string {
  const { facts, remark } = detail;
  return [...facts, ...adviceLines(detail, messages.advice), ...(remark === undefined ? [] : [remark])].join("\n");
}
