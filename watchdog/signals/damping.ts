import type { Moment } from "../clock.ts";
import type { Detail } from "../lang/detail.ts";
import { round1 } from "../lang/format.ts";
import { type Condition, type Family, type Finding, type Findings, idOf, type Signal } from "./signal.ts";

/** The one shared place of debounce, clear ticks, hysteresis and freezing. Pure: state in, state out. */

export interface Damped {
  readonly family: string;
  readonly signal: Signal;
  /** Length of the current run of bad (good) readings; one of them is 0. */
  readonly bad: number;
  readonly good: number;
  /** When the current run of bad (good) readings began. */
  readonly badSince?: Moment;
  readonly goodSince?: Moment;
  /** The last good reading. */
  readonly goodAt?: Moment;
  /** It was seen good at least once: from then on a bad reading is news, not a slow start. */
  readonly everGood: boolean;
  /** What was last said of it while it was plainly bad. */
  readonly reason?: Detail;
}
export type DampState = ReadonlyMap<string, Damped>;

export interface DampRules {
  readonly clearTicks: number;
  /** While it is true, what was never seen good is awaited rather than told, in the families that come up by and by. */
  readonly grace: boolean;
}

/** One tick's findings on top of the previous state: the new state, and every signal that there is, vanished ones once more as inactive. */
export function damp(
  previous: DampState,
  families: readonly Family[],
  rules: DampRules,
  now: Moment,
): { state: DampState; signals: Signal[] } {
  const state = new Map<string, Damped>();
  const vanished: Signal[] = [];
  const retired: Signal[] = [];
  for (const family of families) {
    const before = [...previous.values()].filter((entry) => entry.family === family.name);
    if (family.state === "frozen") {
      for (const entry of before) state.set(idOf(entry.signal), freeze(entry));
      continue;
    }
    if (family.state === "off") {
      retired.push(...before.map(retire));
      continue;
    }
    for (const finding of family.findings)
      state.set(idOf(finding), dampOne(family, previous.get(idOf(finding)), finding, rules, now));
    for (const entry of before) {
      const id = idOf(entry.signal);
      if (state.has(id)) continue;
      if (family.retires?.(entry.signal)) retired.push(retire(entry));
      else if (family.keeps?.(entry.signal)) state.set(id, freeze(entry));
      else if (entry.signal.active) vanished.push(goneOf(entry.signal, family.gone));
    }
  }
  // What vanished first: a reused pid's new alert must not be followed by a recovery of the same title.
  return { state, signals: [...retired, ...vanished, ...[...state.values()].map(({ signal }) => signal)] };
}

function freeze(entry: Damped): Damped {
  return { ...entry, signal: { ...entry.signal, frozen: true } };
}

function retire({ signal }: Damped): Signal {
  return { ...goneOf(signal), retired: true };
}

function goneOf(
  { since: _since, until: _until, steadySince: _steady, frozen: _frozen, reason: _reason, ...signal }: Signal,
  gone: Detail = { facts: [] },
): Signal {
  return { ...signal, active: false, detail: gone };
}

function dampOne(
  { name: family, awaited }: Findings & { readonly name: string },
  before: Damped | undefined,
  finding: Finding,
  rules: DampRules,
  now: Moment,
): Damped {
  const wasActive = before?.signal.active ?? false;
  if (finding.condition === "unknown") {
    const signal = {
      ...signalOf(finding, wasActive, before?.signal.since),
      ...(wasActive ? reasonOf(before) : {}),
      frozen: true,
    };
    return { ...(before ?? { bad: 0, good: 0, everGood: false }), family, signal };
  }
  // Inside the band nothing changes: what alerts goes on, what does not is good.
  const isBad = finding.condition === "bad" || (finding.condition === "between" && wasActive);
  const bad = isBad ? (before?.bad ?? 0) + 1 : 0;
  const good = isBad ? 0 : (before?.good ?? 0) + 1;
  const badSince = isBad ? (before?.badSince ?? now) : undefined;
  const goodSince = isBad ? undefined : (before?.goodSince ?? now);
  const goodAt = isBad ? before?.goodAt : now;
  const everGood = (before?.everGood ?? false) || !isBad;
  const isAwaited = rules.grace && awaited === true && !everGood;
  const active = wasActive
    ? good < (finding.clearTicks ?? rules.clearTicks)
    : bad >= (finding.confirmTicks ?? 1) && !isAwaited;
  // The source's own time counts where it lies between two readings that it fits; a clock that differs from ours does not.
  const toldOf = (from: Moment | undefined, to: Moment | undefined): Moment | undefined =>
    finding.changed && to && finding.changed.monoMs < to.monoMs && finding.changed.monoMs >= (from?.monoMs ?? -Infinity)
      ? finding.changed
      : undefined;
  const began = toldOf(before?.goodAt, badSince);
  const since = active ? (wasActive ? before?.signal.since : (finding.since ?? began ?? badSince)) : undefined;
  const ended = wasActive ? toldOf(before?.signal.since, goodSince) : undefined;
  const until = wasActive ? (ended ?? goodSince) : undefined;
  const [real, shown] = active ? [began, badSince] : [ended, goodSince];
  const steadySince = real && shown && shown.monoMs - real.monoMs >= STEADY_MS ? real : undefined;
  const signal = {
    ...signalOf(finding, active, since),
    ...(until ? { until } : {}),
    ...(steadySince ? { steadySince } : {}),
  };
  const common = {
    family,
    bad,
    good,
    everGood,
    ...(badSince ? { badSince } : {}),
    ...(goodSince ? { goodSince } : {}),
    ...(goodAt ? { goodAt } : {}),
  };
  if (finding.condition === "bad") return { ...common, reason: finding.detail, signal };
  return active
    ? { ...common, ...reasonOf(before), signal: { ...signal, ...reasonOf(before) } }
    : { ...common, signal };
}

/** What was as it is for so long before we saw it has not just changed. */
const STEADY_MS = 2 * 60_000;

function reasonOf(before: Damped | undefined): { reason?: Detail } {
  return before?.reason === undefined ? {} : { reason: before.reason };
}

function signalOf(finding: Finding, active: boolean, since: Moment | undefined): Signal {
  const { topic, entity, title, detail, cooldownS } = finding;
  return {
    topic,
    active,
    title,
    detail,
    ...(entity === undefined ? {} : { entity }),
    ...(cooldownS === undefined ? {} : { cooldownS }),
    ...(since === undefined ? {} : { since }),
  };
}

/** Bad from the threshold on, good strictly below threshold minus hysteresis, both after rounding the value to 0.1. */
export function percentCondition(valuePct: number, thresholdPct: number, hysteresisPct: number): Condition {
  const value = round1(valuePct);
  if (value >= thresholdPct) return "bad";
  // Rounded too, since 90.3 - 2 is a hair above 88.3 in binary.
  return value < Math.round((thresholdPct - hysteresisPct) * 1e6) / 1e6 ? "good" : "between";
}
