import type { Moment } from "../clock.ts";
import { KINDS, type Topic } from "../kinds.ts";
import type { Detail } from "../lang/detail.ts";
import type { Span } from "../lang/facts.ts";
import { idOf, type Signal } from "../signals/signal.ts";
import { coveredOf, coversOf } from "./covers.ts";
import { type Action, type AlertState, decide } from "./decide.ts";
import { type FlapRules, flapVerdict, type History, trackChanges } from "./flap.ts";
import { isOpen, type Notice } from "./notice.ts";

/**
 * What was observed and what was told, kept apart, for every entity about which there is something to tell or that was told.
 * Told moves only when a message was accepted (`deliver`). All functions are pure: entry in, entry out.
 */
export interface Entry extends History {
  readonly topic: Topic;
  readonly entity?: string;
  readonly title: string;
  readonly detail: Detail;
  /** The probable cause as of the last tick. */
  readonly cause?: string;
  readonly active: boolean;
  readonly frozen: boolean;
  /** Good again, for too short a time to call it over. */
  readonly easing?: boolean;
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
  /** The message that told it, where the channel gives them numbers. */
  readonly messageId?: number;
}

export interface Episode {
  readonly seq: number;
  /** The first bad reading. */
  readonly since: Moment;
  /** When it became an alert, after debounce; lateness counts from here. */
  readonly flagged: Moment;
  readonly until?: Moment;
  /** When it was called over, after so many good readings; the recovery's lateness counts from here. */
  readonly cleared?: Moment;
  /** What was last said of it while it was bad, and the last cause that was known. */
  readonly detail: Detail;
  readonly cause?: string;
}

export type Ledger = ReadonlyMap<string, Entry>;

/** What the operator configured about judging. */
export interface Rules {
  readonly cooldownS: number;
  readonly flap: FlapRules;
  readonly isMuted: (topic: Topic) => boolean;
  /** Ids of the alerts whose standing makes what /metrics feeds a consequence. */
  readonly causeIds: readonly string[];
}

const MAX_EPISODES = 5;

/** Takes in one tick's signals. An entity that is not among them any more is inactive. */
export function observeAll(ledger: Ledger, signals: readonly Signal[], now: Moment, rules: Rules): Ledger {
  const next = new Map<string, Entry>();
  const dropped = new Set<string>();
  for (const signal of signals) {
    const id = idOf(signal);
    // Of what is muted nothing is kept, so that nothing old is told on the day the mute is lifted.
    if (signal.retired || rules.isMuted(signal.topic)) {
      dropped.add(id);
      continue;
    }
    const entry = observe(ledger.get(id), signal, now);
    if (entry) next.set(id, withHistory(entry, ledger.get(id), signal.steadySince ?? now, now, rules));
  }
  for (const [id, before] of ledger) {
    if (next.has(id) || dropped.has(id) || rules.isMuted(before.topic)) continue;
    const entry = before.edge ? before : close({ ...before, active: false, frozen: false }, now);
    next.set(id, withHistory(entry, before, now, now, rules));
  }
  return withoutIdle(next);
}

function withHistory(
  { flap: _flap, ...entry }: Entry,
  before: Entry | undefined,
  changedAt: Moment,
  now: Moment,
  rules: Rules,
): Entry {
  const changed = entry.active !== (before?.active ?? false) && !entry.edge;
  return {
    ...entry,
    ...trackChanges(before ?? { changes: [] }, entry.topic.kind, changed ? changedAt : undefined, now, rules.flap),
  };
}

/** undefined: nothing to tell and nothing told. */
function observe(before: Entry | undefined, signal: Signal, now: Moment): Entry | undefined {
  const { topic, entity, title, detail, cause, cooldownS, active, until } = signal;
  if (!before && !active) return undefined;
  const {
    cause: _cause,
    easing: _easing,
    ...known
  } = before ?? { told: { alerting: false }, episodes: [], skipped: 0, nextSeq: 1, changes: [] };
  const entry: Entry = {
    ...known,
    ...(cause === undefined ? {} : { cause }),
    ...(active && until ? { easing: true } : {}),
    topic,
    title,
    detail,
    active,
    frozen: signal.frozen ?? false,
    ...(entity === undefined ? {} : { entity }),
    ...(cooldownS === undefined ? {} : { cooldownS }),
  };
  if (signal.edge) return observeEdge(entry, before, signal.edge, now);
  return active ? open(entry, signal, now) : close(entry, now, until);
}

function observeEdge(
  { edge: _edge, ...entry }: Entry,
  before: Entry | undefined,
  { count }: NonNullable<Signal["edge"]>,
  now: Moment,
): Entry {
  const total = (before?.edge?.count ?? 0) + count;
  if (total === 0) return entry;
  const edge = { count: total, first: before?.edge?.first ?? now };
  // The words of the last tick in which something happened stay.
  return { ...entry, detail: count > 0 ? entry.detail : (before?.detail ?? entry.detail), edge };
}

function open(entry: Entry, { since, detail: current, reason, cause }: Signal, now: Moment): Entry {
  const detail = reason ?? current;
  const last = entry.episodes.at(-1);
  const words = { detail, ...(cause === undefined ? {} : { cause }) };
  if (last && !last.until) return { ...entry, episodes: [...entry.episodes.slice(0, -1), { ...last, ...words }] };
  const episode: Episode = { seq: entry.nextSeq, since: since ?? now, flagged: now, ...words };
  const episodes = [...entry.episodes, episode];
  const tooMany = episodes.length > MAX_EPISODES;
  return {
    ...entry,
    nextSeq: entry.nextSeq + 1,
    episodes: tooMany ? episodes.toSpliced(1, 1) : episodes,
    skipped: entry.skipped + (tooMany ? 1 : 0),
  };
}

function close(entry: Entry, now: Moment, until = now): Entry {
  const last = entry.episodes.at(-1);
  return last && !last.until
    ? { ...entry, episodes: [...entry.episodes.slice(0, -1), { ...last, until, cleared: now }] }
    : entry;
}

function withoutIdle(ledger: ReadonlyMap<string, Entry>): Ledger {
  return new Map(
    [...ledger].filter(
      ([, { told, episodes, edge, changes, flap }]) =>
        told.alerting || episodes.length > 0 || edge || changes.length > 0 || flap,
    ),
  );
}

/** What is to be told now, judged by what is observed now against what was told; oldest first. */
export function judgeAll(ledger: Ledger, now: Moment, rules: Rules): Notice[] {
  // What is good again, or cannot be judged, is no cause of what is told now.
  const cause = rules.causeIds
    .map((id) => ledger.get(id))
    .find((entry) => entry?.active && !entry.easing && !entry.frozen && entry.told.alerting)?.told;
  return [...ledger]
    .flatMap(([id, entry]) => judge(id, entry, now, rules) ?? [])
    .filter((notice) => !isCovered(ledger, notice))
    .map((notice) =>
      cause && KINDS[notice.topic.kind].followsOrchestrator
        ? { ...notice, consequenceOf: cause.messageId === undefined ? {} : { messageId: cause.messageId } }
        : notice,
    )
    .sort((a, b) => a.due.monoMs - b.due.monoMs);
}

export function judge(id: string, entry: Entry, now: Moment, rules: Rules): Notice | undefined {
  const { topic, title, detail, edge, flap, active, frozen, told, episodes, skipped } = entry;
  const common = { id, topic, title, detail, judged: now };
  if (edge) {
    const { count, first } = edge;
    return { ...common, kind: KINDS[topic.kind].info ? "info" : "edge", span: { since: first }, due: first, count };
  }
  const last: Episode = episodes.at(-1) ?? { seq: entry.nextSeq - 1, since: now, flagged: now, until: now, detail };
  const ofState = { ...common, span: spanOf(last), throughSeq: last.seq };
  if (flap) {
    const verdict = flapVerdict(flap, active, episodes.at(-1)?.since, frozen, now, rules.flap);
    if (verdict === "quiet") return undefined;
    if (verdict !== "as usual")
      return {
        ...ofState,
        ...causeOf(entry),
        kind: verdict,
        flap: { count: flap.count, lastedMs: now.monoMs - flap.since.monoMs },
        due: verdict === "flapping" ? flap.lastChange : now,
        open: active,
      };
  }
  // The first thing nobody was told yet: the end of the told episode, or the beginning of the first.
  const first = episodes[0] ?? last;
  // What a flapping key kept to itself was not late.
  const due = flap ? now : told.alerting ? (first.cleared ?? first.until ?? now) : first.flagged;
  const incident = { ...ofState, due, skipped, earlier: episodes.slice(0, -1).map(spanOf) };
  const kind = incidentKind(entry, now, rules);
  switch (kind) {
    case "alert":
    case "realert":
      return { ...incident, ...causeOf(entry), kind };
    case "missed":
      return { ...incident, ...causeOf(last), kind, detail: last.detail };
    case "recovery":
      return { ...incident, kind };
    case undefined:
      return undefined;
    default:
      return kind satisfies never;
  }
}

function causeOf({ cause }: { readonly cause?: string }): { readonly cause?: string } {
  return cause === undefined ? {} : { cause };
}

function incidentKind(
  { told, active, frozen, easing, episodes, cooldownS }: Entry,
  now: Moment,
  rules: Rules,
): Exclude<Action, "none"> | "missed" | undefined {
  const action = decide(active, told, now.monoMs, (cooldownS ?? rules.cooldownS) * 1000);
  // A frozen signal cannot be said to go on, nor one that is good again.
  if (action === "realert" && (frozen || easing)) return undefined;
  if (action !== "none") return action;
  return !told.alerting && !active && episodes.length > 0 ? "missed" : undefined;
}

function spanOf({ since, until }: Episode): Span {
  return { since, ...(until ? { until } : {}) };
}

/** The message was accepted: told becomes what the notice said, which may be older than what is observed by now. */
export function deliverAll(ledger: Ledger, notices: readonly Notice[], messageId?: number): Ledger {
  const next = new Map(ledger);
  for (const notice of notices) {
    const entry = next.get(notice.id);
    if (!entry) continue;
    next.set(notice.id, deliver(entry, notice, messageId));
    uncover(next, notice);
  }
  return withoutIdle(next);
}

/** Whether another alert about the same subject says it already. What was told is always told to be over. */
function isCovered(ledger: Ledger, { topic, kind }: Notice): boolean {
  if (kind === "recovery") return false;
  return coversOf(topic).some(({ id }) => {
    const cover = ledger.get(id);
    return (
      cover !== undefined && (cover.active || cover.told.alerting || (kind === "missed" && cover.episodes.length > 0))
    );
  });
}

/** An alert that covers others was told to be over: what it covered and is over too needs no word, and what stands was told with it, where its text says so. */
function uncover(ledger: Map<string, Entry>, { topic, kind, judged }: Notice): void {
  if (kind !== "recovery" && kind !== "missed") return;
  for (const { id, recoverySaysSo } of coveredOf(topic)) {
    const entry = ledger.get(id);
    const last = entry?.episodes.at(-1);
    if (!entry) continue;
    if (!entry.active && !entry.told.alerting) ledger.set(id, { ...entry, episodes: [], skipped: 0 });
    else if (entry.active && last && last.flagged.monoMs <= judged.monoMs && recoverySaysSo && kind === "recovery") {
      ledger.set(id, {
        ...entry,
        episodes: [last],
        skipped: 0,
        told: { ...entry.told, alerting: true, lastAlertAt: judged.monoMs, lastAlertWallMs: judged.wallMs },
      });
    }
  }
}

function deliver(entry: Entry, notice: Notice, messageId: number | undefined): Entry {
  if (notice.kind === "edge" || notice.kind === "info") {
    const { edge, ...rest } = entry;
    const left = (edge?.count ?? 0) - notice.count;
    return edge && left > 0 ? { ...rest, edge: { ...edge, count: left, first: notice.judged } } : rest;
  }
  const open = isOpen(notice);
  const episodes = entry.episodes.filter(({ seq }) => seq > notice.throughSeq || (open && seq === notice.throughSeq));
  // Sequence numbers have no gaps: what is untold and not listed was left out of the middle.
  const untold = entry.nextSeq - 1 - notice.throughSeq + (open ? 1 : 0);
  const common = {
    ...entry,
    episodes,
    skipped: Math.max(0, untold - episodes.length),
    told: toldBy(notice, messageId),
  };
  if (notice.kind === "settled") return withoutFlap(common);
  return notice.kind === "flapping" && entry.flap ? { ...common, flap: { ...entry.flap, announced: true } } : common;
}

/** Being told that a key flaps is not being told that it is bad: should it stay bad, that is still to be said. */
function toldBy(notice: Notice, messageId: number | undefined): Told {
  const { kind, judged } = notice;
  if (!isOpen(notice) || kind === "flapping") return { alerting: false };
  return {
    alerting: true,
    lastAlertAt: judged.monoMs,
    lastAlertWallMs: judged.wallMs,
    ...(messageId === undefined ? {} : { messageId }),
  };
}

function withoutFlap({ flap: _flap, ...entry }: Entry): Entry {
  return { ...entry, changes: [] };
}
