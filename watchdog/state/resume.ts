import type { Moment } from "../clock.ts";
import type { Boot } from "../collectors/boot.ts";
import type { Ledger } from "../decide/ledger.ts";
import type { Summary } from "../messages/render.ts";
import type { TelegramMemory } from "../notify/telegram.ts";
import { NO_SIGNALS, type SignalState } from "../signals/index.ts";
import type { Saved } from "./codec.ts";

/** Where a run stands, as its parts know it. */
export interface Standing {
  readonly signals: SignalState;
  readonly ledger: Ledger;
  readonly summary: Summary | undefined;
  readonly telegram: TelegramMemory;
  readonly boot: Boot;
}

/** What the next run has to know of this one. Pure. */
export function snapshotOf({ signals, ledger, summary, telegram, boot }: Standing): Saved {
  const { damping, metrics: { failedJobs }, mutesNamed } = signals;
  return {
    ledger, damping, telegram,
    ...(failedJobs === undefined ? {} : { failedJobs }), ...(mutesNamed ? { mutesNamed } : {}),
    ...(summary ? { summary } : {}), ...(boot.id === undefined ? {} : { bootId: boot.id }),
  };
}

/** A boot longer ago than this is no news, even if we did not see it. */
const FRESH_BOOT_MS = 15 * 60_000;

/** The signal layer as the run before left it. Pure. */
export function resumeSignals({ damping, failedJobs, mutesNamed, bootId }: Saved, boot: Boot, now: Moment): SignalState {
  const rebooted = boot.id !== undefined && bootId !== undefined && boot.id !== bootId;
  const isFresh = boot.atMs !== undefined && now.wallMs - boot.atMs < FRESH_BOOT_MS;
  return {
    ...NO_SIGNALS, damping,
    metrics: { ...NO_SIGNALS.metrics, ...(failedJobs === undefined ? {} : { failedJobs }) },
    ...(mutesNamed ? { mutesNamed } : {}),
    ...(rebooted && isFresh && boot.atMs !== undefined ? { bootedAtMs: boot.atMs } : {}),
  };
}
