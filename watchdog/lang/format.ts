/** Numbers, durations and times as people read them. Pure. */

import type { Moment } from "../clock.ts";
import type { Span } from "./facts.ts";

/** The forms of a noun after a number, by CLDR plural category. */
export type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

export function pluralizer(tag: string): (count: number, forms: PluralForms) => string {
  const rules = new Intl.PluralRules(tag);
  return (count, forms) => `${count} ${forms[rules.select(count)] ?? forms.other}`;
}

const UNITS_S = { day: 86_400, hour: 3600, minute: 60, second: 1 } as const;
export type DurationUnit = keyof typeof UNITS_S;

/** The two largest units of a duration, whole and without zeros: 3 days 4 hours, 12 minutes, 0 seconds. */
export function durationParts(ms: number): { unit: DurationUnit; count: number }[] {
  const totalS = Math.max(0, Math.floor(ms / 1000));
  const units = Object.keys(UNITS_S) as DurationUnit[];
  const first = units.find((unit) => totalS >= UNITS_S[unit]) ?? "second";
  const count = Math.floor(totalS / UNITS_S[first]);
  const next = units[units.indexOf(first) + 1];
  // Below ten minutes seconds matter; above, the minutes alone say it.
  const skipSeconds = next === "second" && count >= 10;
  const rest = next === undefined || skipSeconds ? 0 : Math.floor((totalS % UNITS_S[first]) / UNITS_S[next]);
  return [{ unit: first, count }, ...(next !== undefined && rest > 0 ? [{ unit: next, count: rest }] : [])];
}

/** What a language counts and dates with: all that the helpers here have to know of it. */
export interface Words {
  /** BCP 47, with the region, because dates follow it. */
  readonly tag: string;
  /** What Intl writes after a year and nobody needs. */
  readonly yearMark?: RegExp;
  readonly units: Readonly<Record<DurationUnit, PluralForms>>;
  readonly shortUnits: Readonly<Record<DurationUnit, string>>;
  /** From the byte to the terabyte. */
  readonly sizes: SizeWords;
}
type SizeWords = readonly [string, string, string, string, string];

/** The helpers of a language. */
export function formatsOf(words: Words) {
  const { tag, units, shortUnits, sizes } = words;
  const plural = pluralizer(tag);
  const durationAs = (ms: number, word: (count: number, unit: DurationUnit) => string): string =>
    durationParts(ms)
      .map(({ unit, count }) => word(count, unit))
      .join(" ");
  const durationIn = (ms: number, forms: Words["units"]): string =>
    durationAs(ms, (count, unit) => plural(count, forms[unit]));
  return {
    plural,
    durationIn,
    duration: (ms: number): string => durationIn(ms, units),
    short: (ms: number): string => durationAs(ms, (count, unit) => `${count} ${shortUnits[unit]}`),
    size: (bytes: number): string => sizeText(bytes, sizes),
    time: (wallMs: number, nearMs: number): string => clockTime(wallMs, nearMs, words),
    date: (wallMs: number): string => calendarDate(wallMs, words),
  };
}

/**
 * The wall time of a moment as it is shown `now`. Where the wall clock was set since then, it is told by the clock as it is now,
 * so that the times of one message follow each other as what they tell of did.
 */
export function shownTime(moment: Moment, now: Moment): number {
  const agoMs = now.monoMs - moment.monoMs;
  return Math.abs(now.wallMs - agoMs - moment.wallMs) > 2000 ? now.wallMs - agoMs : moment.wallMs;
}

/** A span as it is shown `now`: its end is not before its beginning, and its length agrees to the second with its two times. */
export function shownSpan(
  span: Span,
  now: Moment,
): { readonly sinceMs: number; readonly untilMs: number; readonly lastedMs: number } {
  const untilMs = shownTime(span.until ?? now, now);
  const sinceMs = Math.min(shownTime(span.since, now), untilMs);
  return { sinceMs, untilMs, lastedMs: (Math.floor(untilMs / 1000) - Math.floor(sinceMs / 1000)) * 1000 };
}

/** One decimal at most; a whole number without it. */
export function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

export const BYTES_PER_GB = 2 ** 30;

/** Ages of caches are counted in hours, however many; undefined for what is no whole number of them. */
export function hoursText(seconds: number, unit: string): string | undefined {
  return seconds >= 3600 && seconds % 3600 === 0 ? `${seconds / 3600} ${unit}` : undefined;
}

/** GB, MB and KB are powers of 1024 here, as everywhere in our figures. `units` are the words for them, the byte first. */
function sizeText(bytes: number, units: SizeWords): string {
  const power = bytes >= 2 ** 40 ? 4 : bytes >= BYTES_PER_GB ? 3 : bytes >= 2 ** 20 ? 2 : bytes >= 1024 ? 1 : 0;
  return `${round1(bytes / 1024 ** power)} ${units[power]}`;
}

/** As the docker client prints sizes, so that both can be compared: powers of 1000 and four digits (go-units, HumanSize). The byte first. */
export function decimalSizeText(bytes: number, units: readonly [string, ...string[]]): string {
  let [value, power] = [bytes, 0];
  for (; value >= 1000 && power < units.length - 1; power += 1) value /= 1000;
  return `${Number(value.toPrecision(4))} ${units[power]}`;
}

/** By language and what they show: making one takes longer than all else that a message needs. */
const clockFormats = new Map<string, Intl.DateTimeFormat>();

/** `12:04:10 MSK`, with the date in front when it is another day than `nearMs`, and with the year when it is another one. In the zone of the TZ variable. */
function clockTime(wallMs: number, nearMs: number, { tag, yearMark }: Words): string {
  const [at, near] = [new Date(wallMs), new Date(nearMs)];
  const year = at.getFullYear() === near.getFullYear() ? {} : ({ year: "numeric" } as const);
  const date = at.toDateString() === near.toDateString() ? {} : ({ day: "2-digit", month: "short", ...year } as const);
  const key = `${tag} ${Object.keys(date)}`;
  const format =
    clockFormats.get(key) ??
    new Intl.DateTimeFormat(tag, {
      ...date,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    });
  clockFormats.set(key, format);
  return format
    .format(wallMs)
    .replace(yearMark ?? "", "")
    .replace(",", "");
}

/** `12:04`, with the date in front when it is another day than `nearMs`, and with the year when it is another one. In the zone of the TZ variable. Without Intl: a page holds a hundred of these, and each formatter holds memory that is not the heap's. */
export function clockMinute(wallMs: number, nearMs: number, months: readonly string[]): string {
  const [date, near] = [new Date(wallMs), new Date(nearMs)];
  const two = (n: number): string => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === near.toDateString()) return time;
  const year = date.getFullYear() === near.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${months[date.getMonth()] ?? ""}${year} ${time}`;
}

/** By tag and offset: it changes twice a year. */
const zones = new Map<string, string>();

/** The zone of the TZ variable, as a clock shows it: UTC, MSK, GMT+3. */
export function zoneName(wallMs: number, tag: string): string {
  const key = `${tag} ${new Date(wallMs).getTimezoneOffset()}`;
  const parts = zones.has(key) ? [] : new Intl.DateTimeFormat(tag, { timeZoneName: "short" }).formatToParts(wallMs);
  const name = zones.get(key) ?? parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  zones.set(key, name);
  return name;
}

/** `31 Jan 2026`, in the zone of the TZ variable. */
function calendarDate(wallMs: number, { tag, yearMark }: Words): string {
  return new Intl.DateTimeFormat(tag, { day: "numeric", month: "long", year: "numeric" })
    .format(wallMs)
    .replace(yearMark ?? "", "");
}
