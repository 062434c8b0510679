import { identifier } from "../safe.ts";

/** Parsers of single values. Each returns the value or undefined for "not allowed"; `allowed` says in words what would have been. Pure. */
export interface Parser<T> {
  readonly parse: (raw: string) => T | undefined;
  readonly allowed: string;
}

export const flag: Parser<boolean> = {
  allowed: "true/false, 1/0, yes/no or on/off",
  parse: (raw) => {
    const word = raw.toLowerCase();
    if (["true", "1", "yes", "on"].includes(word)) return true;
    if (["false", "0", "no", "off"].includes(word)) return false;
    return undefined;
  },
};

/** Plain decimal notation only: no hex, no exponent, no Infinity. */
const DECIMAL = /^[+-]?(\d+(?:\.\d*)?|\.\d+)$/;

interface Range {
  readonly min: number;
  readonly max?: number;
  /** The lower bound itself is not allowed. */
  readonly above?: boolean;
  readonly whole?: boolean;
}

function number(allowed: string, range: Range): Parser<number> {
  return {
    allowed,
    parse: (raw) => {
      if (!DECIMAL.test(raw)) return undefined;
      const value = Number(raw);
      if (!Number.isFinite(value) || (range.whole && !Number.isSafeInteger(value))) return undefined;
      if (range.above ? value <= range.min : value < range.min) return undefined;
      return range.max !== undefined && value > range.max ? undefined : value;
    },
  };
}

/** A period or age: positive, fractions allowed. */
export const period = number("a positive number", { min: 0, above: true });
export const periodOrOff = number("a positive number, or 0 = off", { min: 0 });
export const count = number("a whole number, 1 or more", { min: 1, whole: true });
export const countOrOff = number("a whole number, or 0 = off", { min: 0, whole: true });
export const percent = number("a number from 1 to 100", { min: 1, max: 100 });
export const percentOrOff: Parser<number> = {
  allowed: "a number from 1 to 100, or 0 = off",
  parse: (raw) => (DECIMAL.test(raw) && Number(raw) === 0 ? 0 : percent.parse(raw)),
};
/** A width, not a level: 0 means that a percentage recovers as soon as it is below its threshold. */
export const hysteresis = number("a number from 0 to 100", { min: 0, max: 100 });

export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return { allowed: words.join(" or "), parse: (raw) => words.find((word) => word === raw.toLowerCase()) };
}

export function text(allowed: string, pattern: RegExp): Parser<string> {
  return { allowed, parse: (raw) => (pattern.test(raw) ? raw : undefined) };
}

export const httpUrl: Parser<URL> = {
  allowed: "an http:// or https:// URL",
  parse: (raw) => urlOf(raw, ["http:", "https:"]),
};

export const httpProxy: Parser<URL> = {
  allowed: "http://host:port or http://user:password@host:port",
  parse: (raw) => {
    const url = urlOf(raw, ["http:", "https:"]);
    return url && url.pathname === "/" && url.search === "" ? url : undefined;
  },
};

export function urlOf(raw: string, protocols: readonly string[]): URL | undefined {
  if (/\s/.test(raw) || !URL.canParse(raw)) return undefined;
  const url = new URL(raw);
  return protocols.includes(url.protocol) && url.hostname !== "" ? url : undefined;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port` or `:port` (all addresses). */
export function hostPort(raw: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/.exec(raw);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host: match[1] ?? (match[2] || "0.0.0.0"), port } : undefined;
}

/** Whether nothing but this machine, or this container, can reach it. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) ||
    host === "::1"
  );
}

export const address: Parser<HostPort> = { allowed: "host:port", parse: hostPort };

/** A list: blanks are dropped, a bad entry is dropped and reported by the caller, the rest counts. */
export interface ListParser<T> {
  readonly parseEntry: (raw: string) => T | undefined;
  readonly allowed: string;
  /** Two entries with one identity: the second is reported and dropped. */
  identity?(entry: T): string;
}

export interface DiskPath {
  readonly label: string;
  readonly path: string;
}

/** `path` or `label=path`; without a label the path itself, a leading /host/ dropped. */
export const diskPath: ListParser<DiskPath> = {
  allowed: "entries /path or label=/path, each label once",
  identity: (entry) => entry.label,
  parseEntry: (raw) => {
    const match = /^(?:([^=/\s][^=/]*)=)?(\/.*)$/.exec(raw);
    const path = match?.[2];
    if (path === undefined || path.includes("\0")) return undefined;
    return { label: match?.[1]?.trim() ?? labelOf(path), path };
  },
};

export function labelOf(path: string): string {
  return path.startsWith("/host/") && path.length > "/host/".length ? path.slice("/host/".length) : path;
}

export interface Dependency {
  readonly name: string;
  readonly url: URL;
}

export const dependency: ListParser<Dependency> = {
  allowed: "entries name=http(s)://… or name=tcp://host:port, each name once, of letters, digits and _.:@-",
  identity: (entry) => entry.name,
  parseEntry: (raw) => {
    const cut = raw.indexOf("=");
    const name = raw.slice(0, cut).trim();
    const url = urlOf(raw.slice(cut + 1).trim(), ["http:", "https:", "tcp:"]);
    if (cut < 1 || !/^[\p{L}\p{N}_.:@ -]{1,80}$/u.test(name) || !url) return undefined;
    return url.protocol === "tcp:" && url.port === "" ? undefined : { name, url };
  },
};

/** The engine sets no limit to a container's name; keys and messages do. */
export const MAX_NAME = 128;

/** Container names as the engine allows them (moby daemon/names/names.go), or * for every one that is meant to run. A long one is named as the engine's list will be. */
export const containerName: ListParser<string> = {
  allowed: "container names, or *",
  identity: (entry) => entry,
  parseEntry: (raw) =>
    raw === "*" || /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(raw)
      ? identifier(raw.replace(/^\//, ""), MAX_NAME)
      : undefined,
};

/** A pattern of signal keys: `*` stands for any text, everything else for itself. */
export const keyPattern: ListParser<string> = {
  allowed: "signal keys such as dep:cache, where * stands for any text",
  parseEntry: (raw) => (/^[^\s\p{C}]{1,200}$/u.test(raw) ? raw : undefined),
};

/** Glob match in linear time: on a mismatch only the last `*` can take one character more. Pure. */
export function matchesKey(pattern: string, key: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let i = 0; i < key.length; ) {
    if (pattern[at] === "*") [star, resume, at] = [at, i, at + 1];
    else if (at < pattern.length && pattern[at] === key[i]) [at, i] = [at + 1, i + 1];
    else if (star !== -1) [at, resume, i] = [star + 1, resume + 1, resume + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** A daily span of wall time in a zone; it may pass midnight. */
export interface DailySpan {
  readonly fromMin: number;
  readonly toMin: number;
  readonly timeZone: string | undefined;
}

export const dailySpan: Parser<DailySpan> = {
  allowed: "HH:MM-HH:MM, optionally followed by a time zone, such as 23:00-07:00 Europe/Moscow",
  parse: (raw) => {
    const match = /^(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)(?:\s+(\S+))?$/.exec(raw);
    if (!match) return undefined;
    const [fromH, fromM, toH, toM] = match.slice(1, 5).map(Number) as [number, number, number, number];
    const timeZone = match[5];
    const [fromMin, toMin] = [fromH * 60 + fromM, toH * 60 + toM];
    if (fromM > 59 || toM > 59 || fromMin >= 1440 || toMin > 1440 || fromMin === toMin || !isTimeZone(timeZone))
      return undefined;
    return { fromMin, toMin: toMin % 1440, timeZone };
  },
};

/** A time of day in a zone. */
export interface DailyTime {
  readonly atMin: number;
  readonly timeZone: string | undefined;
}

export const dailyTime: Parser<DailyTime> = {
  allowed: "HH:MM, optionally followed by a time zone, such as 09:00 Europe/Moscow",
  parse: (raw) => {
    const match = /^(\d{1,2}):(\d\d)(?:\s+(\S+))?$/.exec(raw);
    const [hour, minute] = [Number(match?.[1]), Number(match?.[2])];
    return match && hour < 24 && minute < 60 && isTimeZone(match[3])
      ? { atMin: hour * 60 + minute, timeZone: match[3] }
      : undefined;
  },
};

/** By zone: making one takes longer than a tick has for it. */
const localFormats = new Map<string | undefined, Intl.DateTimeFormat>();

/** The calendar day of a moment in a zone, as 2026-01-31, and the minute of that day. */
export function localTime(
  wallMs: number,
  timeZone: string | undefined,
): { readonly day: string; readonly minute: number } {
  const format =
    localFormats.get(timeZone) ??
    new Intl.DateTimeFormat("en-GB", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      ...(timeZone === undefined ? {} : { timeZone }),
    });
  localFormats.set(timeZone, format);
  const parts = format.formatToParts(wallMs);
  const part = (type: string): string => parts.find((entry) => entry.type === type)?.value ?? "";
  return {
    day: `${part("year")}-${part("month")}-${part("day")}`,
    minute: Number(part("hour")) * 60 + Number(part("minute")),
  };
}

function isTimeZone(name: string | undefined): boolean {
  try {
    new Intl.DateTimeFormat(undefined, name === undefined ? {} : { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Whether a moment lies in the span: from its first minute on, up to but not including its last. */
export function withinDailySpan({ fromMin, toMin, timeZone }: DailySpan, wallMs: number): boolean {
  const { minute } = localTime(wallMs, timeZone);
  return fromMin < toMin ? minute >= fromMin && minute < toMin : minute >= fromMin || minute < toMin;
}

export const pattern: ListParser<string> = {
  allowed: "substrings of a command line",
  identity: (entry) => entry,
  parseEntry: (raw) => raw,
};

/** Where the engine is: a unix socket, or a socket proxy over TCP. */
export type DockerTarget = { readonly socketPath: string } | HostPort;

/** The host of the socket proxy; undefined: the socket itself is used, or nothing. */
export function proxyHost(target: DockerTarget | undefined): string | undefined {
  return target && "host" in target ? target.host : undefined;
}

export const dockerTarget: Parser<DockerTarget> = {
  allowed: "/path/to/docker.sock or tcp://host:port; empty = off",
  parse: (raw) => {
    if (raw.startsWith("tcp://")) return hostPort(raw.slice("tcp://".length).replace(/\/$/, ""));
    const path = raw.replace(/^unix:\/\//, "");
    return path.startsWith("/") ? { socketPath: path } : undefined;
  },
};
