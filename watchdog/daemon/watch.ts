import { momentOf, type Clock, type Moment } from "../clock.ts";
import type { CollectAll, Readings } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import { deliverAll, judgeAll, observeAll, type Ledger, type Notice } from "../decide/ledger.ts";
import type { Lang } from "../lang/index.ts";
import { buildSignals, NO_SIGNALS, type SignalState } from "../signals/index.ts";
import type { Signal } from "../signals/signal.ts";

/** What the last finished tick saw; the status is a view of this and nothing else. */
export interface TickView {
  readonly startedAt: Moment;
  readonly tookMs: number;
  readonly readings: Readings;
  readonly signals: readonly Signal[];
}

/** The pipeline's state and its one step. */
export interface Watch {
  /** One tick. Rejects only if our own code fails; the caller contains that. */
  tick(stop: AbortSignal): Promise<void>;
  /** The operator was told of these. */
  delivered(notices: readonly Notice[]): void;
  lastTick(): TickView | undefined;
  ticks(): number;
  ledger(): Ledger;
  /** When each source was last read, in wall time. */
  lastOkAt(source: keyof Readings): number | null;
  /** How messages name this host. */
  host(): string;
}

export interface WatchOptions {
  readonly config: Config;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly collectAll: CollectAll;
  readonly systemHostname: string;
  /** Takes what is to be told as of now; replaces what was offered before. */
  readonly offer: (notices: readonly Notice[]) => void;
}

export function createWatch({ config, lang, clock, collectAll, systemHostname, offer }: WatchOptions): Watch {
  let signalState: SignalState = NO_SIGNALS;
  let ledger: Ledger = new Map();
  let last: TickView | undefined;
  let ticks = 0;
  let engineHostname: string | undefined;
  const lastOkAt = new Map<keyof Readings, number>();

  const offerNow = (now: Moment): void => offer(judgeAll(ledger, now, config.cooldownS));

  return {
    tick: async (stop) => {
      const startedAt = momentOf(clock);
      const readings = await collectAll(startedAt, stop);
      if (stop.aborted) return;

      const { state, signals } = buildSignals(signalState, readings, config, lang, startedAt);
      signalState = state;
      ledger = observeAll(ledger, signals, startedAt);
      engineHostname = (readings.docker.state === "ok" ? readings.docker.value.hostname : undefined) ?? engineHostname;
      for (const name of Object.keys(readings) as (keyof Readings)[]) {
        if (readings[name].state === "ok") lastOkAt.set(name, startedAt.wallMs);
      }
      last = { startedAt, tookMs: clock.monoMs() - startedAt.monoMs, readings, signals };
      ticks += 1;
      offerNow(startedAt);
    },
    delivered: (notices) => {
      ledger = deliverAll(ledger, notices);
      // What happened while that message was under way is due at once, not a tick later.
      if (last) offerNow(last.startedAt);
    },
    lastTick: () => last,
    ticks: () => ticks,
    ledger: () => ledger,
    lastOkAt: (source) => lastOkAt.get(source) ?? null,
    host: () => config.hostLabel ?? engineHostname ?? systemHostname,
  };
}
