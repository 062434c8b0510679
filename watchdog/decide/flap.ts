import type { Moment } from "../clock.ts";
import { KINDS, type KindName } from "../kinds.ts";

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
/** A change older than this is told as what it is: what has been steady since then does not flap. */
const FRESH_MS = 2 * 60_000;

export interface History {
  /** Changes of state within the window, each within `steadyMs` of the one before it; oldest first. */
  readonly changes: readonly Moment[];
  readonly flap?: Flap;
}

/** Takes in one tick: `changedAt` says when the state really changed, where it did. Pure. */
export function trackChanges(
  before: History,
  kind: KindName,
  changedAt: Moment | undefined,
  now: Moment,
  rules: FlapRules,
): History {
  if (rules.changes === 0 || !KINDS[kind].flaps) return { changes: [] };
  const recent = before.changes.filter((at) => now.monoMs - at.monoMs < rules.windowMs);
  // A flap that nobody was told of while it was fresh is told as what it came to.
  const flap = before.flap && (before.flap.announced || isFresh(before.flap, now)) ? before.flap : undefined;
  if (!changedAt) return flap ? { changes: recent, flap } : { changes: recent };
  const last = recent.at(-1);
  const at = last && last.monoMs > changedAt.monoMs ? last : changedAt;
  const changes = [...(last && at.monoMs - last.monoMs > rules.steadyMs ? [] : recent), at].slice(-rules.changes);
  if (flap) return { changes, flap: { ...flap, count: flap.count + 1, lastChange: at } };
  const [first] = changes;
  return first && changes.length >= rules.changes
    ? { changes, flap: { since: first, lastChange: at, count: changes.length, announced: false } }
    : { changes };
}

function isFresh({ lastChange }: Flap, now: Moment): boolean {
  return now.monoMs - lastChange.monoMs < FRESH_MS;
}

/** What a flapping key has to say for itself; `as usual`: it is bad for so long on end that the ordinary decision applies. */
export function flapVerdict(
  flap: Flap,
  active: boolean,
  activeSince: Moment | undefined,
  frozen: boolean,
  now: Moment,
  rules: FlapRules,
): "flapping" | "settled" | "as usual" | "quiet" {
  if (!flap.announced) return isFresh(flap, now) ? "flapping" : "as usual";
  if (!frozen && now.monoMs - flap.lastChange.monoMs >= rules.steadyMs) return "settled";
  return active && activeSince !== undefined && now.monoMs - activeSince.monoMs >= BAD_ON_END_MS ? "as usual" : "quiet";
}
