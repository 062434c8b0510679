import type { Moment } from "../clock.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import { neverMuted } from "../config/mute.ts";
import { type DailyTime, localTime } from "../config/value.ts";
import { diskOfName, type History, sparkline } from "../history/history.ts";
import type { Incident, Incidents } from "../history/incidents.ts";
import { detailOf } from "../lang/detail.ts";
import { round1, shownSpan } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import type { Occurrence } from "../signals/signal.ts";

/** Which digest was the last: the day that outlives a restart, and when it was told by the clock that does not step. */
export interface DigestMemory {
  /** The day whose digest is done; `before`: none yet, and today's is still to come. undefined before the first tick. */
  readonly day?: string | undefined;
  readonly toldMonoMs?: number | undefined;
}

const BEFORE = "before";
/** A digest is never sooner than this after the last one: a clock that was set forward brings the new day early, and then it has its digest already. */
const LEAST_GAP_MS = 6 * 3_600_000;

/** Whether the digest is due now. The first tick only sets the day: a start after the hour is no reason to report. Pure. */
export function digestDue(
  at: DailyTime,
  { day: last, toldMonoMs }: DigestMemory,
  now: Moment,
): { readonly due: boolean; readonly memory: DigestMemory } {
  const { day, minute } = localTime(now.wallMs, at.timeZone);
  const reached = minute >= at.atMin;
  // ISO dates sort. A last day in the future comes from a clock that was set back since: it counts from today, like a start.
  if (last === undefined || (last !== BEFORE && day < last))
    return { due: false, memory: { day: reached ? day : BEFORE, toldMonoMs } };
  if (!reached || day === last) return { due: false, memory: { day: last, toldMonoMs } };
  const due = toldMonoMs === undefined || now.monoMs - toldMonoMs >= LEAST_GAP_MS;
  return { due, memory: { day, toldMonoMs: due ? now.monoMs : toldMonoMs } };
}

export interface DigestFacts {
  readonly history: History;
  readonly incidents: Incidents;
  readonly config: SilenceSettings;
  readonly lang: Lang;
  readonly startedMonoMs: number;
}

const SPARK_WIDTH = 24;
const MAX_LINES = 40;
const DAY_MS = 86_400_000;

/** A silent channel is a checked one: what happened in the last day, how full things were, what is muted, how long the watchdog has run. Pure. */
export function digest({ history, incidents, config, lang, startedMonoMs }: DigestFacts, now: Moment): Occurrence {
  const { incidents: list, left } = incidents.list(now);
  // What still goes on comes first and is never cut; of the rest the latest.
  const ongoing = list.filter(({ until }) => until === undefined);
  const ended = list.filter(({ until }) => until !== undefined);
  const shown = [...ongoing, ...ended.slice(-Math.max(0, MAX_LINES - ongoing.length) || ended.length)].slice(
    0,
    Math.max(MAX_LINES, ongoing.length),
  );
  const ranMs = now.monoMs - startedMonoMs;
  const lines = [
    // Nothing is known of the time before the start.
    ...(ranMs < DAY_MS ? [lang.digest.sinceStart(ranMs)] : []),
    list.length === 0 ? lang.digest.quiet : lang.digest.incidents(list.length + left),
    ...shown.map((incident) => incidentLine(incident, lang, now)),
    ...(list.length + left > shown.length ? [lang.messages.more(list.length + left - shown.length)] : []),
    ...history.names().flatMap((name) => useLine(name, history, lang, now)),
    ...(config.mute.length > 0 ? [lang.digest.muted(config.mute, neverMuted(config.mute))] : []),
    lang.digest.uptime(ranMs),
  ];
  return { topic: { kind: "digest" }, count: 1, title: lang.titles.digest, detail: detailOf(lines) };
}

function incidentLine(incident: Incident, lang: Lang, now: Moment): string {
  const { title, since, until } = incident;
  const { sinceMs, untilMs, lastedMs } = shownSpan(incident, now);
  const times = until ? lang.messages.span(sinceMs, untilMs, now.wallMs) : lang.digest.ongoing(sinceMs, now.wallMs);
  const isMoment = until !== undefined && until.monoMs === since.monoMs;
  return isMoment
    ? `• ${title}: ${lang.time(sinceMs, now.wallMs)}`
    : `• ${title}: ${lang.duration(lastedMs)}, ${times}`;
}

function useLine(name: string, history: History, lang: Lang, now: Moment): string[] {
  const points = history.series(name, now);
  if (points.length === 0) return [];
  const min = round1(Math.min(...points.map((point) => point.min)));
  const max = round1(Math.max(...points.map((point) => point.max)));
  const label = diskOfName(name);
  const title = label === undefined ? lang.titles.hostMem : lang.titles.disk(label);
  return [`${title}: ${min}–${max}% ${sparkline(points, SPARK_WIDTH, 5)}`];
}
