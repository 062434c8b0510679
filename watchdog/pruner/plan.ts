import { type GoDuration, goText } from "../config/duration.ts";

/** Decisions and the two things the pruner may do, as data. Pure. */

/** Whether a prune is due by its period: never before, or at least `intervalS` ago. Seconds of one clock. */
export function decidePrune(prevRunTs: number | null | undefined, now: number, intervalS: number): boolean {
  return prevRunTs === undefined || prevRunTs === null || now - prevRunTs >= intervalS;
}

/** Under pressure a prune may come before its time, but no more often than this. */
export const PRESSURE_INTERVAL_S = 3600;

/** Seconds until the next prune is due; 0 = now. `pressed`: the engine's disk is at or above its limit. */
export function dueInS(prevRunTs: number | undefined, now: number, intervalS: number, pressed: boolean): number {
  const periodS = pressed ? Math.min(intervalS, PRESSURE_INTERVAL_S) : intervalS;
  return decidePrune(prevRunTs, now, periodS) ? 0 : (prevRunTs ?? now) + periodS - now;
}

/** What one prune takes. */
export interface PrunePlan {
  /** Only what was not used for this long; undefined = of any age. */
  readonly until: GoDuration | undefined;
  /** Also what images and frontends still refer to. */
  readonly all: boolean;
}

/** The age halved `halvings` times, but never below `floor`; an age that is below it already stays as it is. */
export function pressureAge(until: GoDuration, floor: GoDuration, halvings: number): GoDuration {
  const seconds = Math.max(until.seconds / 2 ** halvings, floor.seconds);
  if (seconds >= until.seconds) return until;
  return seconds === floor.seconds ? floor : { text: goText(seconds), seconds: Math.round(seconds) };
}

export interface MutatingRequest {
  readonly method: "POST";
  readonly path: string;
}

/** The only request of any of our programs that changes anything at the engine. Throws for `all` without an age. */
export function pruneRequest(apiVersion: string, plan: PrunePlan): MutatingRequest {
  const { until, all } = checked(plan);
  if (!/^1\.\d{1,3}$/.test(apiVersion)) throw new Error(`${JSON.stringify(apiVersion)} is no API version`);
  const query = new URLSearchParams();
  if (all) query.set("all", "1");
  if (until) query.set("filters", JSON.stringify({ until: [until.text] }));
  const text = query.toString();
  return { method: "POST", path: `/v${apiVersion}/build/prune${text === "" ? "" : `?${text}`}` };
}

/** The only command that is ever run on another host, for its shell. Throws for `all` without an age. */
export function pruneCommand(plan: PrunePlan): string {
  const { until, all } = checked(plan);
  return `docker builder prune -f${all ? " -a" : ""}${until ? ` --filter until=${shellQuote(until.text)}` : ""}`;
}

function checked(plan: PrunePlan): PrunePlan {
  if (plan.all && !plan.until) throw new Error("the whole build cache is never cleared: `all` needs an age");
  return plan;
}

/** One word for a POSIX shell, whatever it holds: harmless characters as they are, anything else between single quotes. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
