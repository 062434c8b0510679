import { isLowSurrogate } from "../safe.ts";

/** One notice as text: its first line and the rest. Plain; escaping comes last. */
export interface Block {
  readonly head: string;
  readonly body: string;
}

/** A message in both forms; the plain one is for the console, and for Telegram when it refuses the other. */
export interface Text {
  readonly html: string;
  readonly plain: string;
}

/** Telegram counts 4,096 characters after parsing; we keep the markup within it too. */
export const MAX_LENGTH = 4096;

/** Bot API, "HTML style": only these three need escaping in text. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : "&gt;"));
}

const SEPARATOR = "\n\n";

export function textOf(blocks: readonly Block[]): Text {
  const plain = blocks.map(({ head, body }) => (body === "" ? head : `${head}\n${body}`)).join(SEPARATOR);
  return { html: escapeHtml(plain), plain };
}

/** How many of the first blocks fit one message; 0 when not even the first does. */
export function fitting(blocks: readonly Block[]): number {
  let length = 0;
  for (const [index, block] of blocks.entries()) {
    length += (index === 0 ? 0 : SEPARATOR.length) + escapedLength(block.head) + 1 + escapedLength(block.body);
    if (length > MAX_LENGTH) return index;
  }
  return blocks.length;
}

/** One block that is too long for a message, as several: nothing is dropped, each part repeats the first line and tells its number. `reserve`: what the caller still adds to a part. */
export function splitBlock({ head, body }: Block, reserve = 0): Block[] {
  const shortHead = cutAt(head, 400);
  const headRest = head.slice(shortHead.length);
  const room = MAX_LENGTH - escapedLength(shortHead) - 20 - reserve;
  const parts = splitText(headRest === "" ? body : `${headRest}\n${body}`, room);
  return parts.map((part, index) => ({ head: `${shortHead} (${index + 1}/${parts.length})`, body: part }));
}

/** Cuts by escaped length, at a line's end, or else between two names of a list or two words, where there is such a place in the last half; never inside a character. */
export function splitText(text: string, maxEscaped: number): string[] {
  const parts: string[] = [];
  for (let rest = text; rest !== ""; ) {
    let part = cutAt(rest, maxEscaped);
    if (part.length < rest.length) part = part.slice(0, breakIn(part));
    parts.push(part.replace(/\n$/, ""));
    rest = rest.slice(part.length);
  }
  return parts;
}

/** Where a part that is not the last should end. */
function breakIn(part: string): number {
  const ends = ["\n", ", ", " "].map((mark) => part.lastIndexOf(mark) + mark.length);
  return ends.find((end) => end > part.length / 2) ?? part.length;
}

/** The longest head of the text whose escaped form has at most `maxEscaped` UTF-16 units. */
export function cutAt(text: string, maxEscaped: number): string {
  let length = 0;
  let end = 0;
  while (end < text.length) {
    const width = isLowSurrogate(text.charCodeAt(end + 1)) ? 2 : 1;
    length += escapedLength(text.slice(end, end + width));
    if (length > maxEscaped) break;
    end += width;
  }
  return text.slice(0, end);
}

export function escapedLength(text: string): number {
  let length = text.length;
  for (const c of text) length += c === "&" ? 4 : c === "<" || c === ">" ? 3 : 0;
  return length;
}
