import type { Moment } from "../clock.ts";
import type { Flap } from "../decide/flap.ts";
import type { Entry, Episode, Ledger, Told } from "../decide/ledger.ts";
import { keyOf, type Topic, topicOf } from "../kinds.ts";
import type { Detail } from "../lang/detail.ts";
import { LANGS } from "../lang/index.ts";
import type { Summary } from "../messages/render.ts";
import { isRecord } from "../net/exchange.ts";
import { heapOf, MAX_HEAP_BYTES } from "../net/heap.ts";
import type { ChannelMemory } from "../notify/channel.ts";
import { clip, head } from "../safe.ts";
import type { Restarts } from "../signals/containers.ts";
import type { Damped, DampState } from "../signals/damping.ts";
import type { AgentMemory, MetricsMemory } from "../signals/metrics.ts";
import { idOf } from "../signals/signal.ts";

/** Everything that outlives a restart. */
export interface Saved {
  readonly ledger: Ledger;
  /** Of the signal layer: what was active, so that nothing is taken for recovered unseen. */
  readonly damping: DampState;
  /** The baseline that job_failed counts from. */
  readonly failedJobs?: number;
  readonly counted: Counted;
  readonly mutesNamed?: Moment;
  readonly digestDay?: string;
  readonly summary?: Summary;
  readonly telegram: ChannelMemory;
  /** Of the host's boot in which this was saved. */
  readonly bootId?: string;
}

/**
 * What alerts that stand count from, where that is longer ago than a tick. A run that began to count anew would take a hung
 * agent, a stalled queue, stale metrics or a restart loop for recovered.
 */
export interface Counted {
  readonly generated?: NonNullable<MetricsMemory["generated"]>;
  readonly idleQueue?: NonNullable<MetricsMemory["idleQueue"]>;
  readonly agents: readonly (AgentMemory & { readonly entity: string })[];
  readonly restarts: readonly (Restarts & { readonly name: string })[];
}

const FORMAT = "watchdog-state";
export const STATE_VERSION = 1;

/** The document as it is written. Of a moment only the wall time is kept: monotonic time means nothing in another process. */
export function encodeState({ ledger, damping, summary, ...rest }: Saved, run?: string): string {
  const active = [...damping.values()].filter(({ signal }) => signal.active && !signal.edge);
  return JSON.stringify(
    {
      format: FORMAT,
      version: STATE_VERSION,
      ...(run === undefined ? {} : { run }),
      ...rest,
      ...(summary ? { summary: { sinceMs: summary.since, count: summary.count, lines: summary.lines } } : {}),
      ledger: [...ledger.values()]
        .filter(
          ({ edge, ...entry }) =>
            edge !== undefined ||
            entry.told.alerting ||
            entry.episodes.length > 0 ||
            entry.flap !== undefined ||
            entry.changes.length > 0,
        )
        .map((entry) => withKey(flat({ ...entry, episodes: entry.episodes.map(flat) }))),
      damping: active.map(({ signal: { reason: _said, ...signal }, reason: _reason, ...damped }) => ({
        ...damped,
        signal: withKey(flat(signal)),
      })),
    },
    (_, value: unknown) => (isMoment(value) ? value.wallMs : value),
  );
}

const withKey = <T extends { readonly topic: Topic }>({ topic, ...rest }: T): object => ({
  key: keyOf(topic),
  ...rest,
});

/** The facts stay one text under its old name, and what is to be done stands beside it: so an older watchdog can still read the document. */
const flat = <T extends { readonly detail: Detail }>({ detail, ...rest }: T): object & Omit<T, "detail"> => ({
  ...rest,
  detail: detail.facts.join("\n"),
  advice: detail.advice,
  command: detail.command,
});

/** Whether a text began as a document of ours, whole or torn. Pure. */
export function isOurs(text: string): boolean {
  const head = `{"format":"${FORMAT}"`;
  return /^\s*\{\s*"format"\s*:\s*"watchdog-state"/.test(text) || (text.length < head.length && head.startsWith(text));
}

/** Of a document of ours: whether a later version wrote it. Pure. */
export function isNewer(text: string): boolean {
  return Number(/^[^,]{0,100},\s*"version"\s*:\s*(\d{1,9})/.exec(text)?.[1] ?? 0) > STATE_VERSION;
}

/** The random name of the run that wrote it, which two daemons on one file know each other by; undefined: 0.1.0 did not say. Pure. */
export function runOf(text: string): string | undefined {
  return /^[^{]{0,100}\{[^{}]{0,100}"run"\s*:\s*"([0-9a-f]{16})"/.exec(text)?.[1];
}

/** What tells whether anything worth writing changed: words that vary from tick to tick do not count. */
export function stateSignature(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
    ["detail", "advice", "command", "cause", "bad", "good"].includes(key) ? undefined : value,
  );
}

function isMoment(value: unknown): value is Moment {
  return (
    isRecord(value) &&
    typeof value["wallMs"] === "number" &&
    typeof value["monoMs"] === "number" &&
    Object.keys(value).length === 2
  );
}

/** Throws with a reason when the text is torn, foreign, of a newer version or malformed anywhere: half a memory is worse than none. */
export function decodeState(text: string, now: Moment): Saved {
  if (heapOf(Buffer.from(text)) > MAX_HEAP_BYTES) throw new Error("too complex for any state");
  const json: unknown = JSON.parse(text);
  if (!isRecord(json) || json["format"] !== FORMAT) throw new Error("not a state file of the watchdog");
  if (json["version"] !== STATE_VERSION)
    throw new Error(`version ${clip(String(json["version"]), 20)}, this watchdog reads ${STATE_VERSION}`);
  const moment = rebase(now);
  const ledger = listOf(json["ledger"], "ledger").flatMap((entry) => entryOf(entry, moment));
  const damping = listOf(json["damping"], "damping").flatMap((entry) => dampedOf(entry, moment));
  return {
    ledger: new Map(ledger.map((entry) => [idOf(entry), entry])),
    damping: new Map(damping.map((entry) => [idOf(entry.signal), entry])),
    telegram: telegramOf(json["telegram"]),
    counted: countedOf(json["counted"], moment),
    ...optional("failedJobs", json["failedJobs"], number),
    ...optional("mutesNamed", json["mutesNamed"], moment),
    ...optional("digestDay", json["digestDay"], string),
    ...optional("summary", json["summary"], (summary) => summaryOf(summary, moment)),
    ...optional("bootId", json["bootId"], string),
  };
}

type Decode<T> = (value: unknown) => T;

/** Monotonic time as if this process had run then; never in the future, whatever the wall clock did. */
function rebase(now: Moment): Decode<Moment> {
  return (value) => {
    const wallMs = wallTime(value);
    return { wallMs, monoMs: now.monoMs - Math.max(0, now.wallMs - wallMs) };
  };
}

/** ECMAScript's largest date. */
const MAX_DATE_MS = 8.64e15;

/** Nothing where a later version of the watchdog knew the kind and this one does not: it has no words for it. */
function entryOf(json: unknown, moment: Decode<Moment>): Entry[] {
  const entry = record(json);
  const topic = topicOf(string(entry["key"]));
  if (!topic) return [];
  return [
    {
      topic,
      title: string(entry["title"]),
      detail: detailFrom(entry),
      active: boolean(entry["active"]),
      frozen: boolean(entry["frozen"]),
      told: toldOf(entry["told"], moment),
      episodes: listOf(entry["episodes"], "episodes").map((episode) => episodeOf(episode, moment)),
      skipped: number(entry["skipped"]),
      nextSeq: number(entry["nextSeq"]),
      changes: listOf(entry["changes"], "changes").map(moment),
      ...optional("entity", entry["entity"], string),
      ...optional("cause", entry["cause"], string),
      ...optional("cooldownS", entry["cooldownS"], number),
      ...optional("flap", entry["flap"], (flap) => flapOf(flap, moment)),
      ...optional("edge", entry["edge"], (edge) => edgeOf(edge, moment)),
    },
  ];
}

function toldOf(json: unknown, moment: Decode<Moment>): Told {
  const told = record(json);
  const wallMs = told["lastAlertWallMs"];
  const last = wallMs === undefined ? {} : { lastAlertWallMs: number(wallMs), lastAlertAt: moment(wallMs).monoMs };
  return { alerting: boolean(told["alerting"]), ...last, ...optional("messageId", told["messageId"], number) };
}

function episodeOf(json: unknown, moment: Decode<Moment>): Episode {
  const episode = record(json);
  return {
    seq: number(episode["seq"]),
    since: moment(episode["since"]),
    flagged: moment(episode["flagged"]),
    detail: detailFrom(episode),
    ...optional("until", episode["until"], moment),
    ...optional("cleared", episode["cleared"], moment),
    ...optional("cause", episode["cause"], string),
  };
}

const HEADINGS = Object.values(LANGS).map(({ messages }) => messages.advice);

/** The first versions wrote what is to be done as the last line of the text, under its heading. Nobody else looks for that. */
function detailFrom({ detail, advice, command }: ReturnType<typeof record>): Detail {
  const text = string(detail);
  const lines = text === "" ? [] : text.split("\n");
  const heading = HEADINGS.find((begin) => lines.at(-1)?.startsWith(begin));
  const old = heading === undefined ? undefined : lines.pop()?.slice(heading.length).trimStart();
  return {
    facts: lines,
    ...optional("advice", advice ?? old, string),
    ...optional("command", command, string),
  };
}

function flapOf(json: unknown, moment: Decode<Moment>): Flap {
  const flap = record(json);
  return {
    since: moment(flap["since"]),
    lastChange: moment(flap["lastChange"]),
    count: number(flap["count"]),
    announced: boolean(flap["announced"]),
  };
}

function edgeOf(json: unknown, moment: Decode<Moment>): NonNullable<Entry["edge"]> {
  const edge = record(json);
  return {
    count: number(edge["count"]),
    first: moment(edge["first"]),
  };
}

function dampedOf(json: unknown, moment: Decode<Moment>): Damped[] {
  const damped = record(json);
  const signal = record(damped["signal"]);
  const topic = topicOf(string(signal["key"]));
  if (!topic) return [];
  const since = optional("since", signal["since"], moment);
  return [
    {
      family: string(damped["family"]),
      bad: 1,
      good: 0,
      everGood: boolean(damped["everGood"]),
      ...(since.since ? { badSince: since.since } : {}),
      signal: {
        topic,
        active: true,
        title: string(signal["title"]),
        detail: detailFrom(signal),
        ...since,
        ...optional("entity", signal["entity"], string),
        ...optional("cooldownS", signal["cooldownS"], number),
      },
    },
  ];
}

function countedOf(json: unknown, moment: Decode<Moment>): Counted {
  const { generated, idleQueue, agents, restarts } = record(json);
  return {
    ...optional("generated", generated, (value) => ({
      atS: number(record(value)["atS"]),
      seen: moment(record(value)["seen"]),
    })),
    ...optional("idleQueue", idleQueue, (value) => ({
      finished: number(record(value)["finished"]),
      since: moment(record(value)["since"]),
    })),
    agents: listOf(agents, "agents")
      .map(record)
      .map(({ entity, cpuTicks, since, generatedAtS }) => ({
        entity: string(entity),
        cpuTicks: number(cpuTicks),
        since: moment(since),
        ...optional("generatedAtS", generatedAtS, number),
      })),
    restarts: listOf(restarts, "restarts")
      .map(record)
      .map(({ name, id, seen }) => ({
        name: string(name),
        id: string(id),
        seen: listOf(seen, "seen")
          .map(record)
          .map(({ count, at }) => ({ count: number(count), at: moment(at) })),
      })),
  };
}

function summaryOf(json: unknown, moment: Decode<Moment>): Summary {
  const summary = record(json);
  return {
    since: moment(summary["sinceMs"]),
    count: number(summary["count"]),
    lines: listOf(summary["lines"], "lines").map(string).slice(-30),
  };
}

function telegramOf(json: unknown): ChannelMemory {
  const migrated = record(json)["migrated"];
  return optional("migrated", migrated, (value) => ({
    from: string(record(value)["from"]),
    to: string(record(value)["to"]),
  }));
}

function optional<K extends string, T>(name: K, value: unknown, decode: Decode<T>): { [P in K]?: T } {
  return (value === undefined ? {} : { [name]: decode(value) }) as { [P in K]?: T };
}

const MAX_ITEMS = 100_000;
const MAX_TEXT = 10_000;

function listOf(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) throw new Error(`${name} is not a list`);
  return value;
}
function record(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error("an object is missing");
  return value;
}
function string(value: unknown): string {
  if (typeof value !== "string") throw new Error("a text is missing");
  return head(value, MAX_TEXT);
}
function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error("a number is missing");
  return value;
}
/** A number that Date takes: any other could not be shown. */
function wallTime(value: unknown): number {
  const wallMs = number(value);
  if (Math.abs(wallMs) > MAX_DATE_MS) throw new Error("a time is no time");
  return wallMs;
}
function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error("a flag is missing");
  return value;
}
