import type { Moment } from "../clock.ts";
import type { Boot } from "../collectors/boot.ts";
import type { Ledger } from "../decide/ledger.ts";
import { keyOf } from "../kinds.ts";
import type { Summary } from "../messages/render.ts";
import type { ChannelMemory } from "../notify/channel.ts";
import { NO_SIGNALS, type SignalState } from "../signals/index.ts";
import { idOf } from "../signals/signal.ts";
import type { Counted, Saved } from "./codec.ts";

/** Where a run stands, as its parts know it. */
export interface Standing {
  readonly signals: SignalState;
  readonly ledger: Ledger;
  readonly summary: Summary | undefined;
  readonly digestDay?: string | undefined;
  readonly telegram: ChannelMemory;
  readonly boot: Boot;
  /** Of the run before. */
  readonly bootIdBefore: string | undefined;
}

/** What the next run has to know of this one. Pure. */
export function snapshotOf({ signals, ledger, summary, digestDay, telegram, boot, bootIdBefore }: Standing): Saved {
  const {
    damping,
    metrics: { failedJobs },
    mutesNamed,
    bootedAtMs,
  } = signals;
  // While a reboot is still to be told, the next run has to see it too.
  const bootId = bootedAtMs === undefined ? boot.id : bootIdBefore;
  return {
    ledger,
    damping,
    telegram,
    counted: countedOf(signals),
    ...(failedJobs === undefined ? {} : { failedJobs }),
    ...(mutesNamed ? { mutesNamed } : {}),
    ...(summary ? { summary } : {}),
    ...(digestDay === undefined ? {} : { digestDay }),
    ...(bootId === undefined ? {} : { bootId }),
  };
}

/** Only of what alerts: the rest may begin anew, and would change with every tick. */
function countedOf({ damping, metrics: { generated, idleQueue, agents }, restarts }: SignalState): Counted {
  const active = new Set([...damping.values()].filter(({ signal }) => signal.active).map(({ signal }) => idOf(signal)));
  const activeAgents = new Set(
    [...damping.values()]
      .filter(({ family, signal }) => family === "agents" && signal.active)
      .map(({ signal }) => signal.entity),
  );
  return {
    ...(generated && active.has(keyOf({ kind: "metrics_stale" })) ? { generated } : {}),
    ...(idleQueue && active.has(keyOf({ kind: "queue_stalled" })) ? { idleQueue } : {}),
    agents: [...agents]
      .filter(([entity]) => activeAgents.has(entity))
      .map(([entity, memory]) => ({ entity, ...memory })),
    restarts: [...restarts]
      .filter(([name]) => active.has(keyOf({ kind: "container", subject: name })))
      .map(([name, memory]) => ({ name, ...memory })),
  };
}

/** A boot longer ago than this is no news, even if we did not see it. */
const FRESH_BOOT_MS = 15 * 60_000;

/** The signal layer as the run before left it. Pure. */
export function resumeSignals(
  { damping, failedJobs, mutesNamed, bootId, counted }: Saved,
  boot: Boot,
  now: Moment,
): SignalState {
  const rebooted = boot.id !== undefined && bootId !== undefined && boot.id !== bootId;
  const isFresh = boot.atMs !== undefined && now.wallMs - boot.atMs < FRESH_BOOT_MS;
  const { agents, restarts, ...rest } = counted;
  return {
    ...NO_SIGNALS,
    damping,
    restarts: new Map(restarts.map(({ name, ...memory }) => [name, memory])),
    metrics: {
      ...NO_SIGNALS.metrics,
      ...rest,
      agents: new Map(agents.map(({ entity, ...memory }) => [entity, memory])),
      ...(failedJobs === undefined ? {} : { failedJobs }),
    },
    // A moment that is still to come is from a clock that was set back since: with it the patterns would not be named for as long.
    ...(mutesNamed ? { mutesNamed: mutesNamed.wallMs > now.wallMs ? now : mutesNamed } : {}),
    ...(rebooted && isFresh && boot.atMs !== undefined ? { bootedAtMs: boot.atMs } : {}),
  };
}
