import type { Notice } from "../decide/notice.ts";
import { type Block, cutAt, escapedLength, MAX_LENGTH } from "./text.ts";

/** Many notices of one kind as one block: what is true of all, the names under what is said of them, advice. */
export interface Card {
  readonly head: string;
  readonly intro: readonly string[];
  readonly groups: readonly CardGroup[];
  readonly tail: readonly string[];
}

export interface CardGroup {
  /** Empty: the names alone. */
  readonly state: string;
  readonly names: readonly { readonly name: string; readonly notice: Notice }[];
}

/** One message: its blocks, and the notices that are told once it was accepted. */
export interface Part {
  readonly blocks: readonly Block[];
  readonly notices: readonly Notice[];
  /** Of one of several, which may have to wait: its blocks as they are at that monotonic time, when it can be late. */
  readonly at?: (monoMs: number) => readonly Block[];
}

/** So many messages at most, whatever is to be told. */
export const MAX_PARTS = 3;
/** ` (1/3)` */
export const NUMBER_ROOM = 10;

export function cardBlock({ head, intro, groups, tail }: Card): Block {
  const lines = groups.map(({ state, names }) =>
    lineOf(
      names.map(({ name }) => name),
      state,
    ),
  );
  return { head, body: [...intro, ...lines, ...tail].join("\n") };
}

/**
 * A card that is too long for one message, as two or three: each tells the names that it shows. What is left after the third is a
 * number in it (`more`), and told with it. `reserve`: what the caller still adds to a part. Pure.
 */
export function cardParts(card: Card, more: (count: number) => string, reserve: number): Part[] {
  const head = cutAt(card.head, 400);
  const room = MAX_LENGTH - escapedLength(head) - NUMBER_ROOM - reserve;
  const total = card.groups.reduce((sum, { names }) => sum + names.length, 0);
  const tail = card.tail.map((line) => cutAt(line, 600));
  const tailRoom = [...tail, more(total)].reduce((sum, line) => sum + 1 + escapedLength(line), 0);
  const parts: { lines: string[]; length: number; notices: Notice[] }[] = [];
  const begin = (lines: readonly string[]): void =>
    void parts.push({
      lines: [...lines],
      length: lines.reduce((sum, line) => sum + 1 + escapedLength(line), 0),
      notices: [],
    });
  begin(card.intro.map((line) => cutAt(line, 600)).slice(0, 3));
  const roomNow = (): number => (parts.length < MAX_PARTS ? room : room - tailRoom);
  const left: Notice[] = [];
  for (const { state: whole, names } of card.groups) {
    const state = cutAt(whole, 600);
    let line: string[] = [];
    const close = (): void => {
      if (line.length > 0) parts.at(-1)?.lines.push(lineOf(line, state));
      line = [];
    };
    for (const { name: full, notice } of names) {
      const name = cutAt(full, 300);
      const extra = (): number =>
        line.length > 0 ? escapedLength(`, ${name}`) : 1 + escapedLength(lineOf([name], state));
      if (left.length === 0 && (parts.at(-1)?.length ?? 0) + extra() > roomNow()) {
        close();
        if (parts.length < MAX_PARTS) begin([]);
      }
      const part = parts.at(-1);
      if (!part || left.length > 0 || part.length + extra() > roomNow()) {
        left.push(notice);
        continue;
      }
      part.length += extra();
      part.notices.push(notice);
      line.push(name);
    }
    close();
  }
  const end = [...(left.length > 0 ? [more(left.length)] : []), ...tail];
  // Only in the third part room was kept for the end.
  if (parts.length < MAX_PARTS && (parts.at(-1)?.length ?? 0) + tailRoom > room) begin([]);
  parts.at(-1)?.lines.push(...end);
  parts.at(-1)?.notices.push(...left);
  return parts.map(({ lines, notices }, index) => ({
    blocks: [{ head: `${head} (${index + 1}/${parts.length})`, body: lines.join("\n") }],
    notices,
  }));
}

function lineOf(names: readonly string[], state: string): string {
  return state === "" ? names.join(", ") : `• ${names.join(", ")}: ${state}`;
}
