import type { Answer } from "../../../net/exchange.ts";

/** A day at most, so that an absurd number does not silence us for good; within it the bot is asked each hour anyway. */
const MAX_RETRY_AFTER_S = 86_400;

/**
 * How many seconds a 429 asks us to wait: the larger of `parameters.retry_after` (Bot API, "ResponseParameters"; a number, by some proxies
 * written as a string) and of the header `Retry-After` (RFC 9110, 10.2.3: seconds or a date). undefined: neither says anything usable.
 * A date is compared with the answer's own `Date`, so that a wrong clock here does not matter. Pure.
 */
export function retryAfterS(parameter: unknown, headers: Answer["headers"], nowMs: number): number | undefined {
  const answeredMs = dateOf(headers.date) ?? nowMs;
  const until = dateOf(headers["retry-after"]);
  const seconds = [
    secondsOf(parameter),
    secondsOf(headers["retry-after"]),
    until === undefined ? undefined : (until - answeredMs) / 1000,
  ];
  const longest = Math.max(...seconds.filter((value) => value !== undefined && value > 0).map(Number));
  return longest > 0 ? Math.min(longest, MAX_RETRY_AFTER_S) : undefined;
}

function secondsOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

/** Only what has a month's or a day's name is a date: `Date.parse` takes a bare number for a year. */
function dateOf(value: string | undefined): number | undefined {
  const ms = value !== undefined && /[a-z]{3}/i.test(value) ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? ms : undefined;
}
