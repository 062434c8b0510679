/** Numbers, durations and times as people read them. Pure. */

export type LangCode = "ru" | "en";

/** The forms of a noun after a number, by CLDR plural category. */
export interface PluralForms {
  readonly one: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

export function pluralizer(code: LangCode): (count: number, forms: PluralForms) => string {
  const rules = new Intl.PluralRules(code);
  return (count, forms) => {
    const category = rules.select(count);
    const form = category === "one" ? forms.one : category === "few" ? forms.few : category === "many" ? forms.many : undefined;
    return `${count} ${form ?? forms.other}`;
  };
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

/**
 * A span as it is shown: its length agrees to the second with its two times. `lastedMs` is what the clock that does not step
 * measured; where the wall clock was set meanwhile, the beginning is told by the wall clock as it is at the end.
 */
export function shownSpan(sinceMs: number, untilMs: number, lastedMs: number): { readonly sinceMs: number; readonly lastedMs: number } {
  const beganMs = Math.abs(untilMs - sinceMs - lastedMs) > 2000 ? untilMs - lastedMs : sinceMs;
  return { sinceMs: beganMs, lastedMs: (Math.floor(untilMs / 1000) - Math.floor(beganMs / 1000)) * 1000 };
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
export function sizeText(bytes: number, units: readonly [string, string, string, string, string]): string {
  const power = bytes >= 2 ** 40 ? 4 : bytes >= BYTES_PER_GB ? 3 : bytes >= 2 ** 20 ? 2 : bytes >= 1024 ? 1 : 0;
  return `${round1(bytes / 1024 ** power)} ${units[power]}`;
}

/** As the docker client prints sizes, so that both can be compared: powers of 1000 and four digits (go-units, HumanSize). The byte first. */
export function decimalSizeText(bytes: number, units: readonly [string, ...string[]]): string {
  let [value, power] = [bytes, 0];
  for (; value >= 1000 && power < units.length - 1; power += 1) value /= 1000;
  return `${Number(value.toPrecision(4))} ${units[power]}`;
}

/** `12:04:10 MSK`, with the date in front when it is another day than `nearMs`. In the zone of the TZ variable. */
export function clockTime(wallMs: number, nearMs: number, code: LangCode): string {
  const locale = code === "ru" ? "ru-RU" : "en-GB";
  const day = (ms: number): string => new Date(ms).toDateString();
  const date = day(wallMs) === day(nearMs) ? {} : ({ day: "2-digit", month: "short" } as const);
  return new Intl.DateTimeFormat(locale, { ...date, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" })
    .format(wallMs)
    .replace(",", "");
}

/** `12:04`, with the date in front when it is another day than `nearMs`. In the zone of the TZ variable. Without Intl: a page holds a hundred of these, and each formatter holds memory that is not the heap's. */
export function clockMinute(wallMs: number, nearMs: number, months: readonly string[]): string {
  const date = new Date(wallMs);
  const two = (n: number): string => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return date.toDateString() === new Date(nearMs).toDateString() ? time : `${date.getDate()} ${months[date.getMonth()] ?? ""} ${time}`;
}

/** By language and offset: it changes twice a year. */
const zones = new Map<string, string>();

/** The zone of the TZ variable, as a clock shows it: UTC, MSK, GMT+3. */
export function zoneName(wallMs: number, code: LangCode): string {
  const key = `${code} ${new Date(wallMs).getTimezoneOffset()}`;
  const parts = zones.has(key) ? [] : new Intl.DateTimeFormat(code === "ru" ? "ru-RU" : "en-GB", { timeZoneName: "short" }).formatToParts(wallMs);
  const name = zones.get(key) ?? parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  zones.set(key, name);
  return name;
}

/** `31 Jan 2026`, in the zone of the TZ variable. */
export function calendarDate(wallMs: number, code: LangCode): string {
  // Russian ends with "г.", which would make two full stops at a sentence's end.
  return new Intl.DateTimeFormat(code === "ru" ? "ru-RU" : "en-GB", { day: "numeric", month: "long", year: "numeric" }).format(wallMs).replace(/\s*г\.$/, "");
}
