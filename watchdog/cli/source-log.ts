import { type Readings, SOURCE_NAMES, SOURCES, type SourceName } from "../collectors/index.ts";
import type { Reading, Source } from "../collectors/reading.ts";
import type { Config } from "../config/variables.ts";
import type { Watch } from "../daemon/watch.ts";
import type { Log } from "../log.ts";
import { sourceView } from "../status/view.ts";

/** One line a source after the first tick: on with its reading, failed or off with the reason; then one whenever that changes. Call it after each tick. */
export function sourceLog(watch: Watch, config: Config, log: Log): () => void {
  const shown = new Map<SourceName, string>();
  return () => {
    const last = watch.lastTick();
    if (!last) return;
    for (const name of SOURCE_NAMES) {
      const { state, error } = sourceView(name, last.readings, null);
      if (shown.get(name) === state) continue;
      shown.set(name, state);
      log[state === "failed" ? "warn" : "info"](`source ${name} ${state}`, {
        reason: state === "off" ? SOURCES[name].whyOff(config) : error,
        reading: shownOf(name, last.readings),
      });
    }
    log.debug("tick", { ms: Math.round(last.tookMs), signals: last.signals.length });
  };
}

function shownOf(name: SourceName, readings: Readings): string | undefined {
  const reading: Reading<unknown> = readings[name];
  return reading.state === "ok" ? (SOURCES[name] as Source<unknown>).shown(reading.value) : undefined;
}
