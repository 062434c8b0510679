import assert from "node:assert/strict";
import { told } from "../../helpers/drivers/told.ts";
import type { Message } from "../../helpers/fakes/telegram.ts";

const DAY_MS = 86_400_000;

/** One incident as it happened. */
export interface Happened {
  readonly title: string;
  readonly beganMs: number;
  readonly ended: boolean;
}

/** One incident as the operator understands it from the chat. */
export interface Understood {
  readonly title: string;
  /** Time of day, as the message shows it; undefined: only counted. */
  readonly sinceMs: number | undefined;
  ended: boolean;
}

const TIME = String.raw`(?:\d\d \w{3} )?(\d\d):(\d\d):(\d\d) UTC`;
const SINCE = new RegExp(`[Ss]ince ${TIME}`);
const SPAN = new RegExp(`${TIME} – (?:\\d\\d \\w{3} )?\\d\\d:\\d\\d:\\d\\d UTC`, "g");
const EARLIER = /^Before that: (.+)\.$/m;
const MORE = /and (\d+) times? more/;

/**
 * Reads the chat from the beginning, as a person does who knows nothing else: what began, what is over. A second alarm of
 * something that is already known to be bad is no second incident; that it is the same one is what its title says.
 */
export function understand(messages: readonly Pick<Message, "text">[]): Understood[] {
  const incidents: Understood[] = [];
  const known = (title: string, sinceMs: number | undefined): Understood => {
    const open = incidents.find((one) => one.title === title && !one.ended);
    const same = incidents.find((one) => one.title === title && one.sinceMs !== undefined && one.sinceMs === sinceMs);
    if (open ?? same) return (open ?? same) as Understood;
    const incident = { title, sinceMs, ended: false };
    incidents.push(incident);
    return incident;
  };
  for (const { mark, title, detail } of messages.flatMap(({ text }) => told(text))) {
    if (mark === "ℹ️" || title === "Job failed") continue;
    const before = EARLIER.exec(detail);
    for (const span of before?.[1]?.matchAll(SPAN) ?? []) known(title, timeOf(span)).ended = true;
    for (let more = Number(MORE.exec(before?.[1] ?? "")?.[1] ?? 0); more > 0; more -= 1)
      incidents.push({ title, sinceMs: undefined, ended: true });
    const rest = before ? detail.replace(before[0], "") : detail;
    if (mark === "🟢") known(title, timeOf([...rest.matchAll(SPAN)][0])).ended = true;
    else known(title, timeOf(SINCE.exec(rest)));
  }
  return incidents;
}

function timeOf(match: RegExpExecArray | RegExpMatchArray | null | undefined): number | undefined {
  if (!match) return undefined;
  const [, hours, minutes, seconds] = match.map(Number);
  return ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
}

/** The number of failed jobs that the chat tells of. */
export function failuresIn(messages: readonly Pick<Message, "text">[]): number {
  const counts = messages
    .flatMap(({ text }) => told(text))
    .filter(({ title }) => title === "Job failed")
    .map(({ detail }) => Number(/^(\d+) new failure/.exec(detail)?.[1] ?? NaN));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The set that can be reconstructed is the set that happened: each incident by its title, its beginning (within `toleranceMs`) and whether it is over. */
export function sameIncidents(
  messages: readonly Pick<Message, "text">[],
  happened: readonly Happened[],
  toleranceMs: number,
): void {
  const understood = understand(messages);
  const shown = `the chat:\n${messages.map(({ text }) => text).join("\n----\n")}`;
  const missing = happened.filter(({ title, beganMs, ended }) => {
    const index = understood.findIndex(
      (one) =>
        one.title === title &&
        one.ended === ended &&
        one.sinceMs !== undefined &&
        distance(one.sinceMs, beganMs) <= toleranceMs,
    );
    if (index !== -1) understood.splice(index, 1);
    return index === -1;
  });
  assert.deepEqual({ missing, invented: understood }, { missing: [], invented: [] }, shown);
}

/** Messages show whole seconds, and the moment of a reading is that of its tick, which may have begun just before the fault that it sees. */
const EARLIER_MS = 2000;

/** Of a time of day, after the moment. */
function distance(timeOfDayMs: number, wallMs: number): number {
  const apart = (timeOfDayMs + EARLIER_MS - (wallMs % DAY_MS) + 2 * DAY_MS) % DAY_MS;
  return apart > DAY_MS / 2 ? Infinity : apart - EARLIER_MS;
}
