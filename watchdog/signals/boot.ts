import type { Moment } from "../clock.ts";
import type { Lang } from "../lang/index.ts";
import type { DampState } from "./damping.ts";
import type { Occurrence } from "./signal.ts";

/** So many names at most; the alerts themselves name every one. */
const SHOWN = 50;

/**
 * After a boot of the host: one message that says how many containers and dependencies came back, once all are there or the
 * grace is over; undefined until then. `state` is that of this tick. Pure.
 */
export function bootOccurrence(
  bootedAtMs: number,
  state: DampState,
  graceOver: boolean,
  lang: Lang,
  now: Moment,
): Occurrence | undefined {
  const awaited = [...state.values()].filter(({ family }) => family === "docker" || family === "deps");
  const missing = awaited
    .filter(({ everGood, signal }) => !everGood || signal.active)
    .map(({ signal }) => signal.title);
  if (!graceOver && (missing.length > 0 || awaited.length === 0)) return undefined;
  return {
    topic: { kind: "host_boot" },
    count: 1,
    title: lang.titles.hostBoot,
    detail: lang.details.hostBoot(
      bootedAtMs,
      now.wallMs,
      awaited.length - missing.length,
      awaited.length,
      missing.slice(0, SHOWN),
      Math.max(0, missing.length - SHOWN),
    ),
  };
}
