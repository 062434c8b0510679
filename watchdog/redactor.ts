/** Taking secrets out of texts. Pure. */

/** Replaces secrets by ***. Returns at most the first `max` characters of the text; a secret that reaches beyond them is still seen whole. */
export type Redact = (text: string, max?: number) => string;

/** Shorter secrets would tear every text. */
const MIN_SECRET = 4;
/** A piece of a secret that is at least this long is hidden too: whoever quotes us may have cut in the middle. */
const PIECE = 8;

/**
 * Builds a function that removes the given secrets wherever they stand: as they are, as URLs, JSON and HTML write them, and in
 * pieces. What any two of them cover together is hidden, so that a secret that is part of another leaves no rest.
 */
export function redactor(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets.map((secret) => secret.toWellFormed()))]
    .filter((secret) => secret.length >= MIN_SECRET)
    .sort((a, b) => b.length - a.length);
  if (known.length === 0) return (text, max = text.length) => text.slice(0, max);
  const whole = new RegExp(
    known.map((secret) => (secret.match(/\\+|[^\\]/gu) ?? []).map(anyFormOf).join("")).join("|"),
    "g",
  );
  const pieces = new Set(known.flatMap((secret) => [secret, encodeURIComponent(secret)]).flatMap(piecesOf));
  const longest = (known[0]?.length ?? 0) * LONGEST_FORM;

  /** Where secrets and pieces of them stand, by where they begin. */
  const spansOf = (text: string): [number, number][] => {
    const spans: [number, number][] = [];
    // From the next character on, not from the end of what was found: two may overlap.
    whole.lastIndex = 0;
    for (let found = whole.exec(text); found; found = whole.exec(text)) {
      spans.push([found.index, found.index + found[0].length]);
      whole.lastIndex = found.index + 1;
    }
    for (let at = 0; at + PIECE <= text.length; at += 1)
      if (pieces.has(text.slice(at, at + PIECE))) spans.push([at, at + PIECE]);
    return spans.sort(([a], [b]) => a - b);
  };

  return (text, max = text.length) => {
    const seen = text.slice(0, max + longest);
    let [result, end] = ["", 0];
    for (const [from, to] of spansOf(seen)) {
      if (from >= max) break;
      if (from >= end) result += `${seen.slice(end, from)}***`;
      end = Math.max(end, to);
    }
    return result + seen.slice(end, Math.max(end, max));
  };
}

/** Pieces that are no words: digits or capitals in the middle, no blanks and no slashes. Every "postgres" would vanish because of a postgres123. */
function piecesOf(secret: string): string[] {
  return Array.from({ length: Math.max(0, secret.length - PIECE + 1) }, (_, at) => secret.slice(at, at + PIECE)).filter(
    (piece) => /\d|[a-z][A-Z]/.test(piece) && !/[\s/]/.test(piece) && new Set(piece).size >= 4,
  );
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
const CONTROLS: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };
/** Of one character: an emoji percent-encoded twice. */
const LONGEST_FORM = 24;

/** A pattern of one character of a secret, or of a run of backslashes, however it may be written: percent-encoded (once more, too), JSON's and JavaScript's \\ escapes, HTML's entities, made printable. */
function anyFormOf(char: string): string {
  if (/[A-Za-z0-9]/.test(char)) return char;
  const eitherCase = (hex: string): string =>
    hex.toLowerCase().replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const code = char.codePointAt(0) ?? 0;
  const bytes = encodeURIComponent(char).startsWith("%")
    ? encodeURIComponent(char).slice(1).split("%")
    : [code.toString(16)];
  const units = char.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  const control = CONTROLS[char];
  return `(?:${[
    char.startsWith("\\") ? `\\\\{${char.length},${8 * char.length}}` : `\\\\{0,8}${literal(char)}`,
    bytes.map((byte) => `%(?:25){0,2}${eitherCase(byte)}`).join(""),
    units.map((unit) => `\\\\{1,8}u${eitherCase(unit)}`).join(""),
    `&#0{0,4}${code};`,
    `&#[xX]0{0,4}${eitherCase(code.toString(16))};`,
    ...(code < 256 ? [`\\\\{1,8}x${eitherCase(code.toString(16).padStart(2, "0"))}`] : []),
    ...(char in ENTITIES ? [`&${ENTITIES[char]};`] : []),
    ...(control === undefined ? [] : [`\\\\{1,8}${control}`]),
    ...(char === " " ? ["\\+"] : []),
    ...(/[\p{C}\p{Zl}\p{Zp}]/u.test(char) ? ["[ \\ufffd]"] : []),
  ].join("|")})`;
}
