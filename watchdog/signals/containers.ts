import type { Moment } from "../clock.ts";
import type { ContainerSample, DockerReading, FoundContainer } from "../collectors/containers.ts";
import type { Reading } from "../collectors/reading.ts";
import type { ContainerSettings } from "../config/areas/containers.ts";
import type { Topic } from "../kinds.ts";
import { detailOf } from "../lang/detail.ts";
import type { ContainerFacts } from "../lang/facts.ts";
import type { Lang } from "../lang/index.ts";
import { type Condition, type Family, type Finding, familyOf } from "./signal.ts";

const LOOP_WINDOW_MS = 10 * 60_000;
const LOOP_RESTARTS = 3;

/** Restart counts seen within the window, oldest first. */
export interface Restarts {
  readonly id: string;
  readonly seen: readonly { readonly count: number; readonly at: Moment }[];
}
/** By container name. */
export type RestartMemory = ReadonlyMap<string, Restarts>;

export function containerSignals(
  before: RestartMemory,
  reading: Reading<DockerReading>,
  config: ContainerSettings,
  lang: Lang,
  now: Moment,
): { memory: RestartMemory; family: Family } {
  let memory = before;
  const family = familyOf("docker", reading, ({ containers }) => {
    const seen = new Map<string, Restarts>();
    memory = seen;
    const findings = containers.map((sample): Finding => {
      const history = historyOf(before.get(sample.name), sample, now);
      if (history) seen.set(sample.name, history);
      return { ...findingOf(sample, restartsIn(history), lang, now), confirmTicks: config.containerDownTicks };
    });
    return { findings, gone: lang.details.containerGone, awaited: true };
  });
  return { memory, family };
}

function historyOf(before: Restarts | undefined, { found }: ContainerSample, now: Moment): Restarts | undefined {
  if (found === "missing" || "unreadable" in found) return before;
  const last = before?.seen.at(-1);
  // Another container of that name, or a count that began anew with the daemon: a new baseline.
  const restarted = before?.id !== found.id || (last !== undefined && found.restartCount < last.count);
  const kept = restarted ? [] : (before?.seen ?? []);
  // The newest sample outside the window is the count at its beginning, so it stays.
  const recent = kept.filter((_, index) => (kept[index + 1]?.at.monoMs ?? Infinity) > now.monoMs - LOOP_WINDOW_MS);
  const unchanged = recent.length > 0 && recent.at(-1)?.count === found.restartCount;
  return { id: found.id, seen: unchanged ? recent : [...recent, { count: found.restartCount, at: now }] };
}

function restartsIn(history: Restarts | undefined): number {
  const seen = history?.seen ?? [];
  return (seen.at(-1)?.count ?? 0) - (seen[0]?.count ?? 0);
}

function findingOf({ name, named, found }: ContainerSample, restarts: number, lang: Lang, now: Moment): Finding {
  const topic: Topic = { kind: "container", subject: name };
  const title = lang.titles.container(name);
  if (found !== "missing" && "unreadable" in found)
    return { topic, title, condition: "unknown", detail: lang.details.containerUnreadable(found.unreadable.reason) };
  const condition = found === "missing" ? "bad" : conditionOf(found, named, restarts);
  const facts = factsOf(found, restarts);
  const changed = found === "missing" ? undefined : changedOf(found, condition, now);
  return {
    topic,
    title,
    condition,
    ...(changed ? { changed } : {}),
    detail: detailOf(lang.details.container(facts), condition === "bad" && lang.details.containerAdvice(name, facts)),
  };
}

/** Good: up, and healthy or without a health check. Hold: on its way. Everything else is bad. */
export function conditionOf(found: FoundContainer, named: boolean, restarts: number): Condition {
  if (restarts >= LOOP_RESTARTS) return "bad";
  switch (found.state) {
    case "running":
      return found.health === "unhealthy" ? "bad" : found.health === "starting" ? "unknown" : "good";
    case "removing":
      return "unknown";
    case "exited":
      return hasFinished(found) && !named ? "good" : "bad";
    case "created":
    case "paused":
    case "restarting":
    case "dead":
      return "bad";
    default:
      return found.state satisfies never;
  }
}

/** When it came to be as it is, by the engine. With a health check it is well only once that has spoken; a time to come is another clock's. */
function changedOf(
  { state, health, startedAtMs, finishedAtMs }: FoundContainer,
  condition: Condition,
  now: Moment,
): Moment | undefined {
  const isUp = state === "running" && health === "none" && condition === "good";
  const atMs = state === "exited" || state === "dead" ? finishedAtMs : isUp ? startedAtMs : undefined;
  return atMs === undefined || atMs > now.wallMs
    ? undefined
    : { wallMs: atMs, monoMs: now.monoMs - (now.wallMs - atMs) };
}

/** A one-shot that did its work: nobody meant it to run on. */
function hasFinished({ exitCode, oomKilled, restartPolicy }: FoundContainer): boolean {
  return exitCode === 0 && !oomKilled && (restartPolicy === "no" || restartPolicy === "on-failure");
}

function factsOf(found: FoundContainer | "missing", restarts: number): ContainerFacts {
  const loop = restarts >= LOOP_RESTARTS ? { restarts } : {};
  if (found === "missing")
    return {
      state: "missing",
      health: "none",
      restartCount: 0,
      exitCode: 0,
      oomKilled: false,
      error: "",
      healthOutput: "",
      image: "",
    };
  const { state, health, restartCount, exitCode, oomKilled, error, healthOutput, image } = found;
  return { state, health, restartCount, exitCode, oomKilled, error, healthOutput, image, ...loop };
}
