import type { Moment } from "../clock.ts";
import { localTime, type DailyTime } from "../config/value.ts";
import type { Config } from "../config/variables.ts";
import type { Incident, Incidents } from "../history/incidents.ts";
import { sparkline, type History } from "../history/history.ts";
import { round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import type { Occurrence } from "../signals/signal.ts";

/** The day the digest was last due, so that each has one; undefined before the first tick. */
export type DigestDay = string | undefined;

/** Whether the digest is due now. The first tick only sets the day: a start after the hour is no reason to report. Pure. */
export function digestDue(at: DailyTime, lastDay: DigestDay, wallMs: number): { readonly due: boolean; readonly day: string } {
  const { day, minute } = localTime(wallMs, at.timeZone);
  const reached = minute >= at.atMin;
  // Before the hour the day that counts is still the previous one, whose digest is done.
  if (lastDay === undefined) return { due: false, day: reached ? day : "before" };
  // A clock that is set back must not make the same day come twice; ISO dates sort.
  return reached && (lastDay === "before" || day > lastDay) ? { due: true, day } : { due: false, day: lastDay };
}

export interface DigestFacts {
  readonly history: History;
  readonly incidents: Incidents;
  readonly config: Config;
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
  const shown = [...ongoing, ...ended.slice(-Math.max(0, MAX_LINES - ongoing.length) || ended.length)].slice(0, Math.max(MAX_LINES, ongoing.length));
  const ranMs = now.monoMs - startedMonoMs;
  const lines = [
    // Nothing is known of the time before the start.
    ...(ranMs < DAY_MS ? [lang.digest.sinceStart(ranMs)] : []),
    list.length === 0 ? lang.digest.quiet : lang.digest.incidents(list.length + left),
    ...shown.map((incident) => incidentLine(incident, lang, now)),
    ...(list.length + left > shown.length ? [lang.messages.more(list.length + left - shown.length)] : []),
    ...history.names().flatMap((name) => useLine(name, history, lang, now)),
    ...(config.mute.length > 0 ? [lang.digest.muted(config.mute)] : []),
    lang.digest.uptime(ranMs),
  ];
  return { key: "digest", tone: "info", count: 1, title: lang.titles.digest, detail: lines.join("\n") };
}

function incidentLine({ title, since, until }: Incident, lang: Lang, now: Moment): string {
  const times = until ? lang.messages.span(since.wallMs, until.wallMs, now.wallMs) : lang.digest.ongoing(since.wallMs, now.wallMs);
  const isMoment = until !== undefined && until.monoMs === since.monoMs;
  return isMoment ? `• ${title}: ${lang.time(since.wallMs, now.wallMs)}` : `• ${title}: ${lang.duration((until ?? now).monoMs - since.monoMs)}, ${times}`;
}

function useLine(name: string, history: History, lang: Lang, now: Moment): string[] {
  const points = history.series(name, now);
  if (points.length === 0) return [];
  const min = round1(Math.min(...points.map((point) => point.min)));
  const max = round1(Math.max(...points.map((point) => point.max)));
  const title = name === "mem" ? lang.titles.hostMem : lang.titles.disk(name.slice("disk:".length));
  return [`${title}: ${min}–${max}% ${sparkline(points, SPARK_WIDTH, 5)}`];
}
