import { createHistory, diskName } from "../../../watchdog/history/history.ts";
import { momentAt, type Rig, rigOf } from "../drivers/signal-rig.ts";
import { diskAt, disks } from "./samples.ts";

/** Use of a disk in percent, by the hour since the recording began. */
export type Course = (hour: number) => number;

export interface Told {
  readonly hour: number;
  readonly active: boolean;
  readonly detail: string;
}

const MINUTE_MS = 60_000;

/**
 * Plays a course through the real ring buffer and signal layer, a reading every two minutes: each change of `disk_forecast:data`,
 * with the hour it happened in.
 */
export function playCourse(course: Course, hours: number, env: Readonly<Record<string, string>> = {}): Told[] {
  const rig: Rig = rigOf({ WATCHDOG_DISK_FORECAST_H: "24", ...env });
  const history = createHistory();
  const changes: Told[] = [];
  let active = false;
  for (let minute = 0; minute <= hours * 60; minute += 2) {
    const now = momentAt(minute * MINUTE_MS);
    const usedPct = Math.min(100, Math.max(0, course(minute / 60)));
    history.record(diskName("data"), usedPct, now);
    // Judged every ten minutes: what is told does not depend on it, how long the test takes does.
    if (minute % 10 !== 0) continue;
    rig.tick(
      { disk: disks([diskAt("data", usedPct)]) },
      10 * MINUTE_MS,
      new Map([["data", history.series(diskName("data"), now)]]),
    );
    const signal = rig.signal("disk_forecast:data");
    if (signal.active !== active) changes.push({ hour: minute / 60, active: signal.active, detail: signal.detail });
    active = signal.active;
  }
  return changes;
}

/** The same every time: noise of at most `amplitude` points either way. */
export function noise(amplitude: number, seed = 1): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * amplitude;
  };
}
