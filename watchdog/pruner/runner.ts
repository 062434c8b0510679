import { existsSync } from "node:fs";
import { type Clock, type Moment, momentOf } from "../clock.ts";
import type { ParsedPrunerConfig } from "../config/pruner.ts";
import { LISTING_MS } from "../engine/build-cache.ts";
import type { Log } from "../log.ts";
import { attempt, type Outcome, type Way } from "./attempt.ts";
import { type DiskUse, diskMeter, type MeasureDisk } from "./disk.ts";
import { type PrunedEngine, pruneEngine } from "./engine.ts";
import { dueInS, type PrunePlan, pressureAge } from "./plan.ts";
import { pruneOverSsh } from "./ssh.ts";
import { type Target, targetOf } from "./target.ts";

export interface RunnerOptions {
  readonly parsed: Pick<ParsedPrunerConfig, "config" | "refused">;
  readonly inContainer: boolean;
  /** PATH, to find ssh in. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly exists?: (path: string) => boolean;
  readonly measureDisk?: MeasureDisk;
}

/** What the last runs came to; the status is a view of this. */
export interface RunnerView {
  readonly lastRunAt: Moment | undefined;
  readonly last: Outcome | undefined;
  readonly lastReclaimedBytes: number | null;
  readonly lastError: string | null;
  readonly cacheBytes: number | null;
  readonly disk: DiskUse | undefined;
  readonly pressed: boolean;
  readonly info: PrunedEngine | undefined;
}

/** When to prune and with what age; what it came to is kept. */
export interface Runner {
  target(): Target;
  /** One look: prunes if it is due. Resolves with the run's outcome, and how full the disk had to be for it to come early. Never rejects. */
  step(
    signal: AbortSignal,
  ): Promise<{ readonly outcome: Outcome; readonly earlyAtPct: number | undefined } | undefined>;
  /** One run now, whatever the time. */
  run(plan: PrunePlan, signal: AbortSignal): Promise<Outcome>;
  /** Milliseconds until the next look. */
  waitMs(): number;
  view(): RunnerView;
}

/** The disk is looked at this often where its use may bring a prune forward. */
const LOOK_MS = 60_000;

export function createRunner(options: RunnerOptions): Runner {
  const { parsed, path, clock, log, exists = existsSync } = options;
  const { config } = parsed;
  const pruneMs = config.pruneTimeoutS * 1000;
  // Over ssh the engine's disk is another machine's.
  const measureDisk = config.pruneSshHost
    ? undefined
    : (options.measureDisk ??
      diskMeter(options.inContainer, () => view.info?.dataRoot, clock, config.httpTimeoutS * 1000));
  let view: RunnerView = {
    lastRunAt: undefined,
    last: undefined,
    lastReclaimedBytes: null,
    lastError: null,
    cacheBytes: null,
    disk: undefined,
    pressed: false,
    info: undefined,
  };
  /** Runs under the pressure that goes on: the age is halved once more at each. */
  let halvings = 0;

  const target = (): Target => targetOf(parsed, exists);

  const wayTo = (to: Exclude<Target, { kind: "none" }>): Way =>
    to.kind === "ssh"
      ? { kind: "ssh", prune: (plan, signal) => pruneOverSsh(to.at, plan, { timeoutMs: pruneMs, signal, path }) }
      : {
          kind: "engine",
          engine: pruneEngine(to.at, Math.min(LISTING_MS, pruneMs), pruneMs),
          onInfo: (info) => {
            view = { ...view, info };
          },
        };

  const run = async (plan: PrunePlan, signal: AbortSignal): Promise<Outcome> => {
    // Recorded before it runs: whatever becomes of it, it is not repeated at once.
    view = { ...view, lastRunAt: momentOf(clock) };
    const to = target();
    log.info("prune starts", {
      target: to.kind === "none" ? "none" : to.shown,
      until: plan.until?.text ?? "any age",
      all: plan.all,
    });
    const outcome =
      to.kind === "none"
        ? { plan, error: to.reason }
        : await attempt({ way: wayTo(to), plan, measureDisk, clock, log, signal });
    if (signal.aborted) return outcome;
    const { error, freedBytes, cacheBeforeBytes, cacheAfterBytes } = outcome;
    view = {
      ...view,
      last: outcome,
      lastError: error ?? null,
      lastReclaimedBytes: error === undefined ? (freedBytes ?? null) : view.lastReclaimedBytes,
      cacheBytes: cacheAfterBytes ?? cacheBeforeBytes ?? view.cacheBytes,
    };
    if (error === undefined)
      log.info("prune ended", {
        freedBytes: freedBytes ?? "unknown",
        cacheBeforeBytes,
        cacheAfterBytes,
        diskBeforePct: outcome.diskBeforePct,
        diskAfterPct: outcome.diskAfterPct,
      });
    else log.error("prune failed", { reason: error });
    return outcome;
  };

  const look = async (signal: AbortSignal): Promise<boolean> => {
    if (config.pruneDiskPct === 0 || !measureDisk) return false;
    const disk = await measureDisk(signal);
    // A disk that cannot be measured presses nobody, and proves no relief either.
    const pressed = "usedPct" in disk ? disk.usedPct >= config.pruneDiskPct : view.pressed;
    if ("reason" in disk) log.warn("the engine's disk cannot be measured", { reason: disk.reason });
    if (!pressed) halvings = 0;
    view = { ...view, disk, pressed };
    return pressed && "usedPct" in disk;
  };

  const dueS = (pressed: boolean): number =>
    dueInS(view.lastRunAt && view.lastRunAt.monoMs / 1000, clock.monoMs() / 1000, config.pruneIntervalS, pressed);

  return {
    target,
    run,
    step: async (signal) => {
      const pressed = await look(signal);
      if (signal.aborted || dueS(pressed) > 0) return undefined;
      const early = pressed && dueS(false) > 0;
      const { pruneUntil, pruneUntilFloor: floor, pruneAll: all, pruneDiskPct } = config;
      const until = pressed && pruneUntil ? pressureAge(pruneUntil, floor, halvings + 1) : pruneUntil;
      const outcome = await run({ until, all }, signal);
      // Only an age that was tried and did not help enough is worth halving again.
      if (pressed && outcome.error === undefined) halvings += 1;
      return { outcome, earlyAtPct: early ? pruneDiskPct : undefined };
    },
    waitMs: () => Math.max(10, Math.min(LOOK_MS, dueS(false) * 1000)),
    view: () => view,
  };
}
