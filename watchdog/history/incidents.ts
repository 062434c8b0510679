import type { Moment } from "../clock.ts";
import { KINDS, keyOf, type Topic } from "../kinds.ts";

/** One time that something was bad. */
export interface Incident {
  readonly title: string;
  readonly since: Moment;
  /** Without an end while it lasts. */
  readonly until?: Moment;
}

/** The signals of one tick, as far as incidents need them. */
interface Observed {
  readonly topic: Topic;
  readonly entity?: string;
  readonly title: string;
  readonly active: boolean;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly edge?: object;
}

/** The incidents of the last 24 h, told or not, muted or not: what the digest reports. Bounded; the oldest go first. */
export interface Incidents {
  observe(signals: readonly Observed[], now: Moment): void;
  /** Oldest first; `left` were too many to keep. */
  list(now: Moment): { readonly incidents: readonly Incident[]; readonly left: number };
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MAX = 300;

export function createIncidents(): Incidents {
  const open = new Map<string, Incident>();
  let ended: Incident[] = [];
  /** When those that were too many to keep ended; bounded by hour. */
  const dropped = new Map<number, number>();

  const end = (incident: Incident, until: Moment): void => {
    ended.push({ ...incident, until });
    if (ended.length > MAX) {
      ended.shift();
      const hour = Math.floor(until.monoMs / HOUR_MS);
      dropped.set(hour, (dropped.get(hour) ?? 0) + 1);
    }
  };

  return {
    observe: (signals, now) => {
      const active = new Set<string>();
      const ends = new Map<string, Moment>();
      for (const { topic, entity, title, active: isActive, since = now, until = now, edge } of signals) {
        const id = `${keyOf(topic)}#${entity ?? ""}`;
        if (!isActive) ends.set(id, until);
        if (!isActive || KINDS[topic.kind].info) continue;
        // An occurrence begins and ends at once.
        if (edge) {
          end({ title, since: now }, now);
          continue;
        }
        active.add(id);
        if (!open.has(id)) open.set(id, { title, since });
      }
      for (const [id, incident] of open) {
        if (active.has(id)) continue;
        open.delete(id);
        end(incident, ends.get(id) ?? now);
      }
      const kept = ended.filter(({ until }) => until && now.monoMs - until.monoMs < DAY_MS);
      for (const hour of [...dropped.keys()]) if (now.monoMs - hour * HOUR_MS >= DAY_MS) dropped.delete(hour);
      ended = kept;
    },
    list: () => ({
      incidents: [...ended, ...open.values()].sort((a, b) => a.since.monoMs - b.since.monoMs),
      left: [...dropped.values()].reduce((sum, count) => sum + count, 0),
    }),
  };
}
