import { createHash } from "node:crypto";
import { redactor, type Redact } from "./redactor.ts";

/**
 * Making foreign text harmless: without secrets, printable, bounded. Always in that order, because a text that was cut inside a
 * secret holds most of it, and no redactor recognises it any more. So nothing else cuts foreign text: `identifier`, `clip`, `excerpt`,
 * `fragment`, `reasonOf`, `head` and `tail` do, and each of them hides this process's secrets first.
 */

// Set once by each program's main, and not handed down: the thirty places that cut foreign text would be thirty places to forget it.
let hide: Redact = redactor([]);

/** From now on these are hidden wherever foreign text is cut. Returns the same redactor for texts that are not. */
export function hideSecrets(secrets: readonly string[]): Redact {
  return (hide = redactor(secrets));
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

const SECRET_WORDS = "password|passwd|passphrase|token|secret|key|credentials?|authorization|bearer";
// The word may end a longer name (--api-key, DB_PASSWORD) or begin one (token_file). The value follows =, :, a space, or in a quoted list a comma.
const ANNOUNCED = `(?:${SECRET_WORDS})[\\w-]*\\\\?["']?\\s*(?:[=:]|\\s|,(?=\\s*["']))\\s*(?:(?:bearer|basic|digest|token)\\s+)?`;
// A flag is no value: in "--no-key --token x" the value is x. It is swallowed along with what follows it.
const FLAGS = `(?:--?[\\w-]*(?:${SECRET_WORDS})[\\w-]*[=\\s]\\s*)*`;
// A quote that is never closed hides the rest; one in the middle of a word belongs to it.
const VALUE = `(?:\\\\?"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s"']+(?:["'](?![\\s,;:}\\])]|$)[^\\s"']*)*)`;
const AFTER_WORD = new RegExp(`(${ANNOUNCED})${FLAGS}${VALUE}`, "gi");
const URL_CREDENTIALS = /(\w:\/\/)[^\s/]*@/g;
// The shape of a Telegram bot token; it can stand in a URL path, where no word announces it.
const BOT_TOKEN = /\b(bot)?\d{6,}:[A-Za-z0-9_-]{20,}/g;

/** Replaces what looks like a secret by ***: values after password/token/secret/key, credentials in URLs, bot tokens. */
export function maskSecrets(text: string): string {
  return text
    .replace(URL_CREDENTIALS, "$1***@")
    .replace(BOT_TOKEN, "$1***")
    .replace(AFTER_WORD, "$1***");
}

const SECRET_FLAG = new RegExp(`^--?[\\w-]*(?:${SECRET_WORDS})[\\w-]*$`, "i");
/** No flag is longer; the pattern takes quadratic time where the word stands in it over and over, and an argument may have 128 kB. */
const MAX_FLAG = 200;
const isSecretFlag = (argument: string): boolean => argument.length <= MAX_FLAG && SECRET_FLAG.test(argument);

/** The narrower kind, for texts that speak of keys themselves: credentials in URLs, bot tokens, and what a password, token or secret is set to. Pure. */
export function maskCredentials(text: string): string {
  return text.replace(URL_CREDENTIALS, "$1***@").replace(BOT_TOKEN, "$1***").replace(/((?:password|passwd|token|secret)["']?\s*[=:]\s*)\S+/gi, "$1***");
}

/** Arguments of a command line: the one after a bare --password or the like is a secret as a whole, blanks and all. */
export function maskArguments(args: readonly string[]): string[] {
  return args.map((argument, index) => (isSecretFlag(args[index - 1] ?? "") && !argument.startsWith("-") ? "***" : argument));
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
