import type { Parser } from "./value.ts";

/** An age as Go writes durations (https://pkg.go.dev/time#ParseDuration): the engine wants the text, arithmetic the number. */
export interface GoDuration {
  readonly text: string;
  readonly seconds: number;
}

const UNIT_S: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const TERM = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;
/** A time.Duration ends at about 292 years; ten are plenty. */
const LONGEST_S = 87_600 * 3600;

/** Seconds, or undefined for anything that is not one of Go's positive durations. Pure. */
export function goSeconds(text: string): number | undefined {
  let seconds = 0;
  let end = 0;
  for (const match of text.matchAll(TERM)) {
    seconds += Number(match[1]) * (UNIT_S[match[2] ?? ""] ?? NaN);
    end = match.index + match[0].length;
  }
  return end > 0 && end === text.length && Number.isFinite(seconds) ? seconds : undefined;
}

/** The shortest way to write it in whole hours, minutes and seconds: 36h, 1h30m, 45s. Pure. */
export function goText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 3600), "h"],
    [Math.floor((whole % 3600) / 60), "m"],
    [whole % 60, "s"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join("");
}

export const goDuration: Parser<GoDuration> = {
  allowed: "a Go duration from 1s to 87600h, such as 72h or 1h30m",
  parse: (raw) => {
    const seconds = goSeconds(raw);
    return seconds !== undefined && seconds >= 1 && seconds <= LONGEST_S ? { text: raw, seconds } : undefined;
  },
};
