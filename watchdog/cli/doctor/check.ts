import type { Place } from "../../lang/facts.ts";
import type { DoctorTexts } from "../../lang/index.ts";
import { printable } from "../../safe.ts";

/** One point that doctor looked at. What failed says the one thing to do about it; what is off says why it is, and may say what to do. */
export type Check = Ok | Off | Failed;

interface Ok {
  /** Stable, for machines: `telegram.chat`, `disk:root`. */
  readonly id: string;
  readonly state: "ok";
  readonly title: string;
  readonly detail: string;
}

interface Failed extends Omit<Ok, "state"> {
  readonly state: "failed";
  /** One line: the command or the variable that mends it. */
  readonly advice: string;
}

interface Off extends Omit<Ok, "state"> {
  readonly state: "off";
  readonly advice?: string;
}

/** What every judgement needs besides its facts. */
export interface Ctx<Settings = unknown> {
  readonly config: Settings;
  readonly t: DoctorTexts;
  readonly place: Place;
}

export function ok(id: string, title: string, detail: string): Check {
  return { id, state: "ok", title, detail };
}
export function off(id: string, title: string, detail: string, advice?: string): Check {
  return { id, state: "off", title, detail, ...(advice === undefined ? {} : { advice }) };
}
export function failed(id: string, title: string, detail: string, advice: string): Check {
  return { id, state: "failed", title, detail, advice };
}

const MARKS = { ok: "✓", failed: "✗", off: "–" } as const;
const MAX_TITLE = 28;

/** The checks as a table of this width. An advice stays on one line, so that it can be copied. Pure. */
export function tableOf(checks: readonly Check[], t: DoctorTexts, width: number): string {
  const column = Math.min(MAX_TITLE, Math.max(0, ...checks.map(({ title }) => title.length)));
  const indent = 2 + column + 2;
  const rows = checks.flatMap((check) => {
    const title = printable(check.title);
    const [first = "", ...more] = check.detail
      .split("\n")
      .flatMap((line) => wrap(printable(line), Math.max(20, width - indent)));
    const tooLong = title.length > column;
    return [
      `${MARKS[check.state]} ${tooLong ? title : `${title.padEnd(column)}  ${first}`}`.trimEnd(),
      ...(tooLong ? [first, ...more] : more).map((line) => " ".repeat(indent) + line),
      ...("advice" in check && check.advice !== undefined ? [`  → ${printable(check.advice)}`] : []),
    ];
  });
  const count = (state: Check["state"]): number => checks.filter((check) => check.state === state).length;
  return [...rows, "", t.summary(count("failed"), count("ok"), count("off"))].join("\n") + "\n";
}

/** The checks for machines. */
export function reportOf(checks: readonly Check[]): { readonly ok: boolean; readonly checks: readonly Check[] } {
  return { ok: checks.every(({ state }) => state !== "failed"), checks };
}

/** Lines of at most `width` characters, broken between words; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
