import { createHash } from "node:crypto";

/** Making foreign text harmless: bounded, printable, without secrets. Pure. */

// C0 and C1 controls, line and paragraph separators, bidirectional overrides: all can forge or garble a message.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Replaces unprintable characters and lone surrogates, so that the text can be sent anywhere. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (c) => (c === "\n" || c === "\t" || c === "\0" ? " " : "\ufffd"));
}

/** At most `max` characters (code points are never split); an ellipsis shows that something was cut. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = max - 1;
  if (isLowSurrogate(text.charCodeAt(end))) end -= 1;
  return text.slice(0, end) + "…";
}

/**
 * A name from outside as a part of a key: printable and at most `max` characters. What had to be changed for that ends in a short
 * hash of the whole, so that two names stay two, and each keeps its key for good.
 */
export function identifier(name: string, max: number): string {
  const shown = printable(name);
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
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/]*@/gi;
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

/**
 * Foreign text as it may stand in a message: printable, spaces collapsed, masked, at most `max` characters.
 * Masked before it is cut, so that half a secret cannot slip through; the masking itself sees a bounded text, at whose end half a URL's credentials may stand.
 */
export function fragment(text: string, max: number): string {
  const bound = max * 8 + 1000;
  const head = text.length > bound ? text.slice(0, bound).replace(/:\/\/[^\s/@]*$/, "://***") : text;
  return truncate(maskSecrets(printable(head).replace(/\s+/g, " ")).trim(), max);
}

/** A URL for people: no credentials, no query, no fragment. */
export function displayUrl(url: URL): string {
  const path = url.pathname === "/" ? "" : url.pathname;
  return url.protocol === "tcp:" ? `tcp://${url.host}` : `${url.protocol}//${url.host}${path}`;
}

/** What a thrown thing says, in one bounded line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return truncate(printable(text), 300);
}

/** The same for every text inside a JSON value; its keys, numbers and dates are ours. */
export function redactJson(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((entry) => redactJson(entry, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redactJson(entry, redact)]));
}

/** Builds a function that removes the given secrets wherever they stand, also in percent-encoded form. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const needles = [...new Set(secrets.filter((s) => s.length >= 4).flatMap((s) => [s, encodeURIComponent(s), JSON.stringify(s).slice(1, -1)]))];
  return (text) => needles.reduce((result, needle) => result.replaceAll(needle, "***"), text);
}
