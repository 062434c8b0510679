import type { Moment } from "../clock.ts";
import type { Span } from "../lang/facts.ts";
import { idOf, type Signal } from "../signals/signal.ts";
import { decide, type AlertState } from "./decide.ts";

/**
 * What was observed and what was told, kept apart, for every entity about which there is something to tell or that was told.
 * Told moves only when a message was accepted (`deliver`). All functions are pure: entry in, entry out.
 */
export interface Entry {
  readonly key: string;
  readonly entity?: string;
  readonly title: string;
  readonly detail: string;
  readonly active: boolean;
  readonly frozen: boolean;
  readonly cooldownS?: number;
  readonly told: Told;
  /** Oldest first, since what was told: the first may be the episode that was told as going on. Only the last can be open. */
  readonly episodes: readonly Episode[];
  /** Episodes that were left out of the middle to stay bounded. */
  readonly skipped: number;
  readonly nextSeq: number;
  /** Occurrences not yet told. */
  readonly edge?: { readonly count: number; readonly first: Moment };
}

export interface Told extends AlertState {
  /** Wall time of the last alert or re-alert, for people. */
  readonly lastAlertWallMs?: number;
}

export interface Episode {
  readonly seq: number;
  /** The first bad reading. */
  readonly since: Moment;
  /** When it became an alert, after debounce; lateness counts from here. */
  readonly flagged: Moment;
  readonly until?: Moment;
  /** What was last said of it while it was bad. */
  readonly detail: string;
}

export type Ledger = ReadonlyMap<string, Entry>;

/** One thing to tell. `missed`: an incident that began and ended before it could be told. */
export type NoticeKind = "alert" | "realert" | "recovery" | "missed" | "edge";

export interface Notice {
  readonly id: string;
  readonly key: string;
  readonly kind: NoticeKind;
  readonly title: string;
  readonly detail: string;
  /** The incident it is about; without an end while it lasts. */
  readonly span: Span;
  /** How long that incident has lasted, or lasted; by the clock that does not step. */
  readonly lastedMs: number;
  /** Episodes before that one which nobody was told the end of, and how many more were left out. */
  readonly earlier: readonly Span[];
  readonly skipped: number;
  /** Of an edge. */
  readonly count: number;
  /** When it became due; lateness counts from here. */
  readonly due: Moment;
  /** When it was last judged: the moment its cooldown counts from. */
  readonly judged: Moment;
  /** What `deliver` needs: the last episode it tells of, and whether that one was going on. */
  readonly throughSeq: number;
  readonly open: boolean;
}

const MAX_EPISODES = 5;

/** Takes in one tick's signals. An entity that is not among them any more is inactive. */
export function observeAll(ledger: Ledger, signals: readonly Signal[], now: Moment): Ledger {
  const next = new Map<string, Entry>();
  for (const signal of signals) {
    const entry = observe(ledger.get(idOf(signal)), signal, now);
    if (entry) next.set(idOf(signal), entry);
  }
  for (const [id, entry] of ledger) {
    const kept = next.get(id) ?? (entry.edge ? entry : close({ ...entry, active: false, frozen: false }, now));
    next.set(id, kept);
  }
  return withoutIdle(next);
}

/** undefined: nothing to tell and nothing told. */
function observe(before: Entry | undefined, signal: Signal, now: Moment): Entry | undefined {
  const { key, entity, title, detail, cooldownS, active } = signal;
  if (!before && !active) return undefined;
  const entry: Entry = {
    told: { alerting: false }, episodes: [], skipped: 0, nextSeq: 1, ...before,
    key, title, detail, active, frozen: signal.frozen ?? false,
    ...(entity === undefined ? {} : { entity }), ...(cooldownS === undefined ? {} : { cooldownS }),
  };
  if (signal.edge) {
    const count = (before?.edge?.count ?? 0) + signal.edge.count;
    const { edge: _edge, ...rest } = entry;
    // The words of the last tick in which something happened stay.
    return { ...rest, detail: active ? detail : (before?.detail ?? detail), ...(count > 0 ? { edge: { count, first: before?.edge?.first ?? now } } : {}) };
  }
  return active ? open(entry, signal, now) : close(entry, now);
}

function open(entry: Entry, { since, detail: current, reason }: Signal, now: Moment): Entry {
  const detail = reason ?? current;
  const last = entry.episodes.at(-1);
  if (last && !last.until) return { ...entry, episodes: [...entry.episodes.slice(0, -1), { ...last, detail }] };
  const episode: Episode = { seq: entry.nextSeq, since: since ?? now, flagged: now, detail };
  const episodes = [...entry.episodes, episode];
  const tooMany = episodes.length > MAX_EPISODES;
  return { ...entry, nextSeq: entry.nextSeq + 1, episodes: tooMany ? episodes.toSpliced(1, 1) : episodes, skipped: entry.skipped + (tooMany ? 1 : 0) };
}

function close(entry: Entry, now: Moment): Entry {
  const last = entry.episodes.at(-1);
  return last && !last.until ? { ...entry, episodes: [...entry.episodes.slice(0, -1), { ...last, until: now }] } : entry;
}

function withoutIdle(ledger: ReadonlyMap<string, Entry>): Ledger {
  return new Map([...ledger].filter(([, { told, episodes, edge }]) => told.alerting || episodes.length > 0 || edge !== undefined));
}

/** What is to be told now, judged by what is observed now against what was told; oldest first. */
export function judgeAll(ledger: Ledger, now: Moment, cooldownS: number): Notice[] {
  return [...ledger].flatMap(([id, entry]) => judge(id, entry, now, cooldownS) ?? []).sort((a, b) => a.due.monoMs - b.due.monoMs);
}

export function judge(id: string, entry: Entry, now: Moment, cooldownS: number): Notice | undefined {
  const kind = kindOf(entry, now, cooldownS);
  if (kind === undefined) return undefined;
  const { key, title, episodes, skipped, told } = entry;
  const common = { id, key, kind, title, judged: now };
  if (kind === "edge") {
    const { count, first } = entry.edge ?? { count: 0, first: now };
    return { ...common, detail: entry.detail, span: { sinceMs: first.wallMs }, lastedMs: 0, earlier: [], skipped: 0, count, due: first, throughSeq: 0, open: false };
  }
  const last = episodes.at(-1);
  if (!last) return undefined;
  const earlier = episodes.slice(0, -1);
  // The first thing nobody was told yet: the end of the told episode, or the beginning of the first.
  const first = episodes[0] ?? last;
  const due = told.alerting ? (first.until ?? now) : first.flagged;
  const ended = kind === "recovery" || kind === "missed";
  return {
    ...common, due, skipped, count: 0, throughSeq: last.seq, open: !ended,
    detail: kind === "missed" ? last.detail : entry.detail,
    span: spanOf(last), lastedMs: (last.until ?? now).monoMs - last.since.monoMs, earlier: earlier.map(spanOf),
  };
}

function kindOf({ told, active, frozen, episodes, edge, cooldownS }: Entry, now: Moment, defaultCooldownS: number): NoticeKind | undefined {
  if (edge) return edge.count > 0 ? "edge" : undefined;
  const action = decide(active, told, now.monoMs, (cooldownS ?? defaultCooldownS) * 1000);
  // A frozen signal cannot be said to go on.
  if (action === "realert" && frozen) return undefined;
  if (action !== "none") return action;
  return !told.alerting && !active && episodes.length > 0 ? "missed" : undefined;
}

function spanOf({ since, until }: Episode): Span {
  return { sinceMs: since.wallMs, ...(until ? { untilMs: until.wallMs } : {}) };
}

/** The message was accepted: told becomes what the notice said, which may be older than what is observed by now. */
export function deliverAll(ledger: Ledger, notices: readonly Notice[]): Ledger {
  const next = new Map(ledger);
  for (const notice of notices) {
    const entry = next.get(notice.id);
    if (entry) next.set(notice.id, deliver(entry, notice));
  }
  return withoutIdle(next);
}

function deliver(entry: Entry, notice: Notice): Entry {
  if (notice.kind === "edge") {
    const { edge, ...rest } = entry;
    const left = (edge?.count ?? 0) - notice.count;
    return edge && left > 0 ? { ...rest, edge: { count: left, first: notice.judged } } : rest;
  }
  const told: Told = notice.open ? { alerting: true, lastAlertAt: notice.judged.monoMs, lastAlertWallMs: notice.judged.wallMs } : { alerting: false };
  const episodes = entry.episodes.filter(({ seq }) => seq > notice.throughSeq || (notice.open && seq === notice.throughSeq));
  return { ...entry, told, episodes, skipped: Math.max(0, entry.skipped - notice.skipped) };
}
