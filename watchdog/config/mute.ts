import { KIND_NAMES, KINDS, type KindName, keyOf, type Topic } from "../kinds.ts";
import { nearest } from "./nearest.ts";
import { type Problem, showValue } from "./table.ts";
import { matchesKey } from "./value.ts";

/** Whether a signal of this topic is kept silent: a pattern stands for it, and it is of a kind that may be silenced. Pure. */
export function isMuted(patterns: readonly string[], topic: Topic): boolean {
  return KINDS[topic.kind].mutable && patterns.some((pattern) => matchesKey(pattern, keyOf(topic)));
}

/** The kinds that these patterns stand for and that are told all the same. Pure. */
export function neverMuted(patterns: readonly string[]): KindName[] {
  return KIND_NAMES.filter((kind) => !KINDS[kind].mutable && patterns.some((pattern) => standsFor(pattern, kind)));
}

/** The patterns that silence something; of the others a problem says why they do not. Pure. */
export function usefulMutes(patterns: readonly string[], problems: Problem[]): string[] {
  return patterns.filter((pattern) => {
    const kinds = KIND_NAMES.filter((kind) => standsFor(pattern, kind));
    const report = (what: string): unknown =>
      problems.push({ variable: "WATCHDOG_MUTE", text: `WATCHDOG_MUTE: ${showValue(pattern)} ${what}` });
    if (kinds.length === 0) {
      report(`stands for no kind of signal; ${suggestion(pattern)} the pattern is dropped, the rest counts`);
    } else if (kinds.every((kind) => !KINDS[kind].mutable)) {
      report(
        `stands for ${kinds.join(" and ")} alone, which is never muted; allowed: patterns of other keys; the pattern is dropped, the rest counts`,
      );
      return false;
    } else if (kinds.includes("orchestrator_down")) {
      report(
        `also stands for orchestrator_down, the master alarm, which is never muted; allowed: patterns of other keys; the rest of the pattern counts`,
      );
    }
    return kinds.length > 0;
  });
}

/** Whether some key of this kind matches the pattern. Pure. */
function standsFor(pattern: string, kind: KindName): boolean {
  if (!KINDS[kind].subject) return matchesKey(pattern, kind);
  // A key is the kind, a colon, and any text that is not empty; what of the pattern is left after the colon may match that text.
  return restsAfter(pattern, `${kind}:`).some((rest) => rest !== "");
}

/** What can be left of a pattern once its beginning has matched this text exactly. Pure. */
function restsAfter(pattern: string, text: string): string[] {
  let positions = new Set([0]);
  const withStars = (): void => {
    // A star may also stand for nothing. Positions that are added while a set is walked are walked too.
    for (const at of positions) if (pattern[at] === "*") positions.add(at + 1);
  };
  withStars();
  for (const character of text) {
    if (positions.size === 0) break;
    const next = [...positions].flatMap((at) =>
      pattern[at] === "*" ? [at] : pattern[at] === character ? [at + 1] : [],
    );
    positions = new Set(next);
    withStars();
  }
  return [...positions].map((at) => pattern.slice(at));
}

function suggestion(pattern: string): string {
  const [name = "", ...rest] = pattern.split(":");
  const word = name.toLowerCase().replaceAll("*", "");
  // A part of the name is nearer than a name of few letters: `proc` means proc_blocking, not disk.
  const parts = KIND_NAMES.filter((kind) => word.length > 2 && kind.includes(word));
  const mutable = parts.filter((kind) => KINDS[kind].mutable);
  const kind = nearest(word, [mutable, parts, KIND_NAMES].find(({ length }) => length > 0) ?? []) as KindName;
  if (!KINDS[kind].mutable) return `the nearest, ${kind}, is never muted;`;
  return `did you mean ${KINDS[kind].subject ? `${kind}:${rest.join(":") || "*"}` : kind}?`;
}
