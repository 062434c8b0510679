import { createHash } from "node:crypto";
import { type Redact, redactor } from "./redactor.ts";

/**
 * Making foreign text harmless: without secrets, printable, bounded. Always in that order, because a text that was cut inside a
 * secret holds most of it, and no redactor recognises it any more. So nothing else cuts foreign text: `identifier`, `clip`, `excerpt`,
 * `fragment`, `reasonOf`, `head` and `tail` do, and each of them hides this process's secrets first.
 */

// Set once by each program's main, and not handed down: the thirty places that cut foreign text would be thirty places to forget it.
let hide: Redact = redactor([]);

/** From now on these are hidden wherever foreign text is cut. Returns the same redactor for texts that are not. */
export function hideSecrets(secrets: readonly string[]): Redact {
  hide = redactor(secrets);
  return hide;
}

// C0 and C1 controls, line and paragraph separators, bidirectional overrides: all can forge or garble a message.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Replaces unprintable characters and lone surrogates, so that the text can be sent anywhere. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (c) => (c === "\n" || c === "\t" || c === "\0" ? " " : "\ufffd"));
}

/** At most `max` characters (code points are never split); an ellipsis shows that something was cut. Of a text that may hold no secret any more. */
function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = max - 1;
  if (isLowSurrogate(text.charCodeAt(end))) end -= 1;
  // A slice holds on to the whole text it was cut from, which may be megabytes that somebody sent; a copy does not.
  return Buffer.from(text.slice(0, end), "utf16le").toString("utf16le") + "…";
}

/**
 * A name from outside as a part of a key: printable and at most `max` characters. What had to be changed for that, or
 * hides a secret, ends in a short hash of the whole, so that two names stay two, and each keeps its key for good.
 */
export function identifier(name: string, max: number): string {
  const shown = printable(hide(name, max * 8));
  if (shown === name && name.length <= max) return name;
  return `${truncate(shown, max - HASH_LENGTH - 1)}~${createHash("sha256").update(JSON.stringify(name)).digest("hex").slice(0, HASH_LENGTH)}`;
}

const HASH_LENGTH = 8;

/** True for the second half of a pair: a cut in front of it would tear a character. */
export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

// Repetitions of what can be repeated inside a longer match are bounded, so that no text takes quadratic time.
const SPACE = "\\s{0,20}";
const REST = "[\\w-]{0,60}";
const SECRET_WORDS = "password|passwd|passphrase|token|secret|key|credentials?|authorization|bearer";
/** These words are common in harmless text (auth.py, «2 pass»): only as the end of a name that is set to something do they announce a secret. */
const SHORT_WORDS = "(?<!by|com)pass(?:in|out)?|pwd|auth|cookie";
const FLAG_NAME = `--?(?:${REST}(?:${SECRET_WORDS})${REST}|(?!-?(?:no|skip)-)${REST}(?:${SHORT_WORDS}))`;
const SCHEME = `(?:(?:bearer|basic|digest|token)\\s{1,20})?`;
// The word may end a longer name (--api-key, DB_PASSWORD) or begin one (token_file). The value follows =, :, a space, or in a quoted list a comma.
const ANNOUNCED = `(?:${SECRET_WORDS})${REST}\\\\?["']?${SPACE}(?:[=:]|\\s|,(?=${SPACE}["']))${SPACE}${SCHEME}`;
// A flag is no value: in "--no-key --token x" the value is x. It is swallowed along with what follows it.
const FLAGS = `(?:${FLAG_NAME}[=\\s]${SPACE})*`;
// A quote that is never closed hides the rest; one in the middle of a word belongs to it, and so does what follows a closing one at once.
const IN_WORD = `[^\\s"']*(?:["'](?![\\s,;:}\\])]|$)[^\\s"']*)*`;
const QUOTED = `(?:\\\\?"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?)`;
const VALUE = `(?:(?:""|'')\\s{1,20}(?=[^\\s-]))?(?:${QUOTED}+(?:[^\\s"',;:}\\])]${IN_WORD})?|[^\\s"']${IN_WORD})`;
const AFTER_WORD = new RegExp(`(${ANNOUNCED})${FLAGS}${VALUE}`, "gi");
// PWD and OLDPWD are the shell's own and name a folder.
const ASSIGNED = new RegExp(
  `((?<![\\w.-])(?!(?<=^|\\s)(?:OLD)?PWD=/)[\\w.-]{0,60}(?:${SHORT_WORDS})(?:\\\\?["']${SPACE}[:=]|\\s?=)${SPACE}(?![{[])${SCHEME})${VALUE}`,
  "gi",
);

const HEADER_NAME = "(?:proxy-)?authorization|(?:set-)?cookie2?";
// In quotes a header ends with them. Without, it is one word after the scheme, or words that each but the last end in a semicolon.
const QUOTED_HEADER = new RegExp(`((["'])(?:${HEADER_NAME})\\s{0,20}:${SPACE})(?:(?!\\2)[^])*`, "gi");
const AUTHORIZATION = new RegExp(
  `(authorization\\s{0,20}[:=]${SPACE})(?:[a-z][\\w-]{0,60}\\s{1,20}(?!-|\\w{1,20}://)(?=\\S))?${VALUE}`,
  "gi",
);
const COOKIE = new RegExp(`(cookie2?\\s{0,20}:${SPACE})${VALUE}(?:(?<=;)\\s{1,20}${VALUE})*`, "gi");

/** A way to hand over a password: flags that mean it in every program, or, after the name of a program, what means it in that one. */
interface Habit {
  readonly program: RegExp | undefined;
  /** The flag in a text, with its value. */
  readonly inText: RegExp;
  /** An argument that is the flag alone, with a blank behind it: the next one is the value. */
  readonly alone: RegExp;
  /** An argument that has flag and value in one. */
  readonly attached: RegExp;
}

function habit(program: string | undefined, flag: string, ignoreCase: "i" | ""): Habit {
  return {
    program: program === undefined ? undefined : new RegExp(`(?<![\\w-])(?:${program})(?=[\\s"']|$)`),
    inText: new RegExp(`((?<=^|[\\s"'])(?:${flag})${SCHEME})${VALUE}`, `g${ignoreCase}`),
    alone: new RegExp(`^(?:${flag})$`, ignoreCase),
    attached: new RegExp(`^(${flag})(?=\\S)`, ignoreCase),
  };
}

const HABITS: readonly Habit[] = [
  habit(undefined, `${FLAG_NAME}(?:${SPACE}=${SPACE}|\\s{1,20}(?!-)|["'],${SPACE}(?=["'][^-]))`, "i"),
  // -p3306:3306 publishes ports, of a container that is called mysql.
  habit("(?:mysql|mariadb)[\\w.-]{0,60}", "-p(?=\\S)(?!\\d{1,5}:\\d)", ""),
  // Flags of curl that take no value may stand in front of it: -sSu user:password.
  habit("curl", `-[0-46afgGiIjJklLMnNOpqRsSvVZ#:]{0,30}[uUb]${SPACE}|--(?:proxy-)?user[=\\s]${SPACE}`, ""),
  habit("sshpass", `-p${SPACE}`, ""),
  habit("redis-cli", `-a\\s${SPACE}`, ""),
];

const URL_CREDENTIALS = /(\w:\/\/)[^\s/]*@/g;
// What follows a colon and is no port is a password, whose @ may have been cut off. An address in brackets has colons of its own.
const URL_PASSWORD = /(\w:\/\/)[^\s/@:["']*:(?!\d{1,5}(?![\w%]))(?=[^\s/"'])(?:[^\s"',]*(?=@)|[^\s"']*)/g;
// The shape of a Telegram bot token; it can stand in a URL path, where no word announces it.
const BOT_TOKEN = /\b(bot)?\d{6,}:[A-Za-z0-9_-]{20,}/g;

/** Each of them keeps its first group and hides the rest of what it matches. */
const SECRETS = [URL_PASSWORD, QUOTED_HEADER, AUTHORIZATION, COOKIE, AFTER_WORD, ASSIGNED];

/** Replaces what looks like a secret by ***: values after password/token/secret/key and the like, credentials in URLs and headers, bot tokens. */
export function maskSecrets(text: string): string {
  const masked = text.replace(URL_CREDENTIALS, "$1***@").replace(BOT_TOKEN, "$1***");
  // All look at the same text: what one hides may be the word that announces another's secret.
  let spans = SECRETS.flatMap((pattern) => spansOf(pattern, masked, 0));
  for (const { program, inText } of HABITS) {
    const at = program ? masked.search(program) : 0;
    if (at !== -1) spans = spans.concat(spansOf(inText, masked, at));
  }
  let shown = "";
  let end = 0;
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    if (span.from >= end) shown += `${masked.slice(end, span.from)}***`;
    end = Math.max(end, span.to);
  }
  return shown + masked.slice(end);
}

/** From `start` on. */
function spansOf(pattern: RegExp, text: string, start: number): { readonly from: number; readonly to: number }[] {
  return [...text.slice(start).matchAll(pattern)].flatMap((match) => {
    const from = start + match.index + (match[1] ?? "").length;
    const to = start + match.index + match[0].length;
    return from < to ? [{ from, to }] : [];
  });
}

/** The narrower kind, for texts that speak of keys themselves: credentials in URLs, bot tokens, and what a password, token or secret is set to. Pure. */
export function maskCredentials(text: string): string {
  return text
    .replace(URL_CREDENTIALS, "$1***@")
    .replace(URL_PASSWORD, "$1***")
    .replace(BOT_TOKEN, "$1***")
    .replace(/((?:password|passwd|token|secret)["']?\s{0,20}[=:]\s{0,20})\S+/gi, "$1***");
}

const HEADER_ARGUMENT = new RegExp(
  `^((?:-H|--(?:proxy-)?header=)?\\s{0,20}(?:${HEADER_NAME})\\s{0,20}:)(?=\\s{0,20}\\S)`,
  "i",
);
/** A value that is only the beginning of one, or empty: the argument after it is what was meant. */
const UNFINISHED = new RegExp(`^$|^(?:bearer|basic|digest|token)$|(?:${SECRET_WORDS})["']?[:=]$`, "i");
/** No flag, header's name or program's path is longer, and an argument may have 128 kB. */
const MAX_FLAG = 200;

const isUnfinished = (value: string): boolean => value.length < MAX_FLAG && UNFINISHED.test(value);

/** Arguments of a command line: a value is hidden as a whole, blanks and all, be it the argument after a flag or the rest of one. Pure. */
export function maskArguments(args: readonly string[]): string[] {
  const known = new Set<Habit>();
  let isValue = false;
  return args.map((argument) => {
    const begin = argument.slice(0, MAX_FLAG);
    if (isValue && !begin.startsWith("-")) {
      isValue = isUnfinished(argument);
      return "***";
    }
    const habits = HABITS.filter((one) => known.has(one) || !one.program);
    isValue = argument.length < MAX_FLAG && habits.some(({ alone }) => alone.test(`${begin} `));
    for (const one of HABITS) if (one.program?.test(begin)) known.add(one);
    const name = isValue
      ? undefined
      : (HEADER_ARGUMENT.exec(begin) ?? habits.map(({ attached }) => attached.exec(begin)).find((match) => match))?.[1];
    if (name === undefined) return argument;
    isValue = isUnfinished(argument.slice(name.length));
    return `${name}***`;
  });
}

/** A foreign name: printable, at most `max` characters. Nothing is masked by its looks, so that different names stay different. */
export function clip(text: string, max: number): string {
  return cutLast(text, max, (all) => all);
}

/** What another program said, as part of a line of ours: printable, credentials masked, at most `max` characters. */
export function excerpt(text: string, max: number): string {
  return cutLast(text, max, maskCredentials);
}

/** Foreign text that may hold other people's secrets, such as a command line: one line, spaces collapsed, masked, at most `max` characters. */
export function fragment(text: string, max: number): string {
  return cutLast(text, max, (all) => maskSecrets(all.replace(/\s+/g, " ")).trim());
}

/** The beginning of a long text, at most `max` characters, as it is but for secrets. */
export function head(text: string, max: number): string {
  return hide(text, max);
}

/** The end of a long output, at most `max` characters. It does not begin in the middle of a secret. */
export function tail(text: string, max: number): string {
  return text.length <= max ? text : hide(text).slice(-max);
}

/** Looks at a bounded beginning only: a command line can have megabytes. At its end half a URL's credentials may stand. */
function cutLast(text: string, max: number, mask: (text: string) => string): string {
  const bound = max * 8 + 1000;
  const begin = head(text, bound);
  return truncate(mask(printable(text.length > bound ? begin.replace(/:\/\/[^\s/@]*$/, "://***") : begin)), max);
}

/** A URL for people: no credentials, no query, no fragment. */
export function displayUrl(url: URL): string {
  const path = url.pathname === "/" ? "" : url.pathname;
  return url.protocol === "tcp:" ? `tcp://${url.host}` : `${url.protocol}//${url.host}${path}`;
}

/** What a thrown thing says, in one bounded line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return excerpt(text, 300);
}

/** The same for every text inside a JSON value; its keys, numbers and dates are ours. */
export function redactJson<T>(value: T, redact: (text: string) => string): T {
  const redacted = (part: unknown): unknown => {
    if (typeof part === "string") return redact(part);
    if (Array.isArray(part)) return part.map(redacted);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, entry]) => [key, redacted(entry)]));
  };
  // The shape stays what it was: only texts are exchanged, for texts.
  return redacted(value) as T;
}
