import type { Clock } from "../clock.ts";
import { type BuildCache, clearableBytes } from "../engine/build-cache.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";
import type { MeasureDisk } from "./disk.ts";
import type { PrunedEngine, PruneEngine } from "./engine.ts";
import type { PrunePlan } from "./plan.ts";

/** What one run came to. What could not be measured is undefined. */
export interface Outcome {
  readonly plan: PrunePlan;
  /** Why it failed. */
  readonly error?: string;
  /** undefined beside no error: it ended well, and docker did not say. */
  readonly freedBytes?: number | undefined;
  readonly cacheBeforeBytes?: number | undefined;
  readonly cacheAfterBytes?: number | undefined;
  /** What the engine's own listing said would go. */
  readonly clearableBytes?: number | undefined;
  /** The same of the listing afterwards: what is left of it. */
  readonly leftBytes?: number | undefined;
  readonly diskBeforePct?: number | undefined;
  readonly diskAfterPct?: number | undefined;
}

/** How to prune: at an engine, which can be asked before and after, or over ssh, where there is only the command. */
export type Way =
  | { readonly kind: "engine"; readonly engine: PruneEngine; readonly onInfo: (info: PrunedEngine) => void }
  | { readonly kind: "ssh"; readonly prune: (plan: PrunePlan, signal: AbortSignal) => Promise<number | undefined> };

export interface AttemptOptions {
  readonly way: Way;
  readonly plan: PrunePlan;
  /** undefined: the engine's disk is another machine's. */
  readonly measureDisk: MeasureDisk | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** One run: measure, prune, measure. Never rejects; a measurement that fails is missing from the outcome and no reason not to prune. */
export async function attempt({ way, plan, measureDisk, clock, log, signal }: AttemptOptions): Promise<Outcome> {
  const cache = async (): Promise<BuildCache | undefined> => {
    if (way.kind === "ssh") return undefined;
    try {
      return await way.engine.buildCache(signal);
    } catch (error) {
      log.warn("the build cache cannot be listed", { reason: reasonOf(error) });
      return undefined;
    }
  };
  const diskPct = async (): Promise<number | undefined> => {
    const disk = await measureDisk?.(signal);
    return disk && "usedPct" in disk ? disk.usedPct : undefined;
  };

  try {
    if (way.kind === "engine") way.onInfo(await way.engine.info(signal));
    const [before, diskBeforePct] = await Promise.all([cache(), diskPct()]);
    const filter = { ageS: plan.until?.seconds, all: plan.all };
    const measured = {
      plan,
      cacheBeforeBytes: before?.totalBytes,
      clearableBytes: before && clearableBytes(before, filter, clock.wallMs()),
      diskBeforePct,
    };
    let freedBytes: number | undefined;
    try {
      freedBytes = await (way.kind === "engine" ? way.engine.prune(plan, signal) : way.prune(plan, signal));
    } catch (error) {
      return { ...measured, error: reasonOf(error) };
    }
    const [after, diskAfterPct] = await Promise.all([cache(), diskPct()]);
    return {
      ...measured,
      freedBytes,
      cacheAfterBytes: after?.totalBytes,
      leftBytes: after && clearableBytes(after, filter, clock.wallMs()),
      diskAfterPct,
    };
  } catch (error) {
    return { plan, error: reasonOf(error) };
  }
}

/** From here on a cache is large: leaving all of it is worth a word. */
export const LARGE_BYTES = 2 ** 30;

/** The prune ended well and freed nothing of much that it should have (buildx #400). Pure. */
export function wasUseless({ freedBytes, clearableBytes: clearable, leftBytes }: Outcome): boolean {
  if (clearable === undefined || clearable < LARGE_BYTES) return false;
  // Whatever the engine says it freed: what its own listing still holds was not.
  return freedBytes === 0 || (leftBytes !== undefined && leftBytes >= clearable * STILL_THERE);
}

const STILL_THERE = 0.9;
