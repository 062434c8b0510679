import type { Moment } from "../clock.ts";

/** When a key that keeps changing is called flapping, and when it counts as settled. Milliseconds. */
export interface FlapRules {
  /** Changes of state within `windowMs`; 0 = never. */
  readonly changes: number;
  readonly windowMs: number;
  readonly steadyMs: number;
}

export interface Flap {
  /** The first change that counted. */
  readonly since: Moment;
  readonly lastChange: Moment;
  readonly count: number;
  /** The operator was told that it flaps. */
  readonly announced: boolean;
}

/** A flapping key that is bad for this long on end is told all the same. */
const BAD_ON_END_MS = 2 * 60_000;

/** The master alarm, blindness and what fills slowly are never called flapping; an occurrence has no state to change. */
export function mayFlap(key: string): boolean {
  return !/^(orchestrator_down|blind:|disk:|disk_crit:|disk_forecast:|inodes:|job_failed|host_boot|mutes|digest|cert:)/.test(key);
}

export interface History {
  /** Changes of state within the window, oldest first. */
  readonly changes: readonly Moment[];
  readonly flap?: Flap;
}

/** Takes in one tick: `changed` says whether the state did. Pure. */
export function trackChanges(before: History, key: string, changed: boolean, now: Moment, rules: FlapRules): History {
  if (rules.changes === 0 || !mayFlap(key)) return { changes: [] };
  const recent = before.changes.filter((at) => now.monoMs - at.monoMs < rules.windowMs);
  const changes = changed ? [...recent, now].slice(-rules.changes) : recent;
  if (before.flap) return { changes, flap: changed ? { ...before.flap, count: before.flap.count + 1, lastChange: now } : before.flap };
  const [first] = changes;
  const flaps = changed && first !== undefined && changes.length >= rules.changes;
  return flaps ? { changes, flap: { since: first, lastChange: now, count: changes.length, announced: false } } : { changes };
}

/** What a flapping key has to say for itself; `as usual`: it is bad for so long on end that the ordinary decision applies. */
export function flapVerdict(flap: Flap, active: boolean, activeSince: Moment | undefined, frozen: boolean, now: Moment, rules: FlapRules): "flapping" | "settled" | "as usual" | "quiet" {
  if (!frozen && now.monoMs - flap.lastChange.monoMs >= rules.steadyMs) return "settled";
  if (!flap.announced) return "flapping";
  return active && activeSince !== undefined && now.monoMs - activeSince.monoMs >= BAD_ON_END_MS ? "as usual" : "quiet";
}
