import { type Clock, momentOf } from "../clock.ts";
import type { Boot } from "../collectors/boot.ts";
import type { DiskSample } from "../collectors/disk.ts";
import type { CollectAll } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import type { Notice } from "../decide/notice.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import type { Channel, Channels } from "../notify/channel.ts";
import { createDelivery, type DeliveryOptions, FLUSH_MS } from "../notify/delivery.ts";
import { createJournal, type Journal } from "../notify/journal.ts";
import type { Outbox } from "../notify/outbox.ts";
import { reasonOf } from "../safe.ts";
import type { Saved } from "../state/codec.ts";
import type { StateFile } from "../state/file.ts";
import { resumeSignals, snapshotOf } from "../state/resume.ts";
import type { BuildCacheHint } from "./build-cache.ts";
import type { Hello } from "./hello.ts";
import { runLoop } from "./loop.ts";
import { createWatch, type Watch } from "./watch.ts";

export interface PipelineOptions extends Pick<DeliveryOptions, "compose" | "random"> {
  readonly config: Config;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly systemHostname: string;
  readonly collectAll: CollectAll;
  readonly channels: Channels;
  readonly boot?: Boot;
  /** What the run before left. */
  readonly saved?: Saved | undefined;
  /** Where the next run finds what this one knows. */
  readonly store?: Pick<StateFile, "save" | "settled"> | undefined;
  readonly hello?: Hello | undefined;
  /** Stands between judging and offering. */
  readonly annotate?: ((offer: Offer, disks: () => readonly DiskSample[]) => BuildCacheHint) | undefined;
}

type Offer = (notices: readonly Notice[]) => void;

export interface Pipeline {
  readonly watch: Watch;
  readonly outbox: Outbox;
  readonly journal: Journal;
  /** The one that has the messages. */
  readonly channel: Channel;
  /** What the next run has to know of this one. */
  snapshot(): Saved;
  /** One tick: reads everything, and offers what is to be told then. Rejects only if our own code fails. */
  tick(stop: AbortSignal): Promise<void>;
  /** The operator was told of these, by the message of that number: remembers it, and offers what is due now. */
  told(notices: readonly Notice[], messageId?: number): void;
  /** Ticks and sends until `stop` aborts, calls `ticked` after each tick that neither failed nor was under way when `stop` aborted, then flushes. Resolves when the program may exit. */
  run(stop: AbortSignal, ticked: () => void): Promise<void>;
}

/** How long the end waits for the state file after the last message. */
const LAST_WRITE_MS = 400;

/** How long a tick and a message wait for the state file. */
const STORE_MS = 1000;

/** The one composition of the stages: collect → signals → observe → keep → judge → annotate → offer → deliver. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, lang, clock, log, redact, systemHostname, collectAll, boot = {}, saved, store, hello } = options;
  const signals = saved && resumeSignals(saved, boot, momentOf(clock));
  const initial = saved && signals && { ledger: saved.ledger, signals, digestDay: saved.digestDay };
  const watch = createWatch({ config, lang, clock, systemHostname, hello, initial });

  const untilStored = (): Promise<unknown> | undefined =>
    store && Promise.race([store.settled(), clock.sleep(STORE_MS)]);
  const { first, second } = options.channels;
  const channel = store ? keptFirst(first, untilStored) : first;
  const journal = createJournal([channel.name, ...(second ? [second.name] : [])], clock.wallMs);
  const told = (notices: readonly Notice[], messageId?: number): void => {
    watch.delivered(notices, messageId);
    void keep();
    // What happened while that message was under way is due at once, not a tick later.
    hint.offer(watch.judge());
  };
  const outbox: Outbox = createDelivery({
    ...{ config, lang, clock, log, redact },
    channels: { ...options.channels, first: channel },
    ...{ compose: options.compose, random: options.random },
    summary: saved?.summary,
    host: watch.host,
    onAttempt: journal.record,
    onDelivered: told,
  });
  const disks = (): readonly DiskSample[] => {
    const disk = watch.lastTick()?.readings.disk;
    return disk?.state === "ok" ? disk.value.disks : [];
  };
  const hint = options.annotate?.(outbox.offer, disks) ?? { offer: outbox.offer, release: () => {} };

  const snapshot = (): Saved =>
    snapshotOf({
      signals: watch.signalState(),
      ledger: watch.ledger(),
      summary: outbox.summary(),
      digestDay: watch.digestDay(),
      telegram: channel.memory?.() ?? {},
      boot,
      bootIdBefore: saved?.bootId,
    });
  /** Resolves once what should outlive a restart is kept, or cannot be in time. */
  const keep = (): Promise<unknown> | undefined => {
    store?.save(snapshot());
    return untilStored();
  };
  const tick = async (stop: AbortSignal): Promise<void> => {
    const startedAt = momentOf(clock);
    const readings = await collectAll(startedAt, stop);
    if (stop.aborted) return;
    watch.observe(readings, startedAt);
    // What this tick saw is kept before any of it is offered: a run that is killed in between must find it again.
    await keep();
    watch.finish();
    hint.offer(watch.judge());
  };

  return {
    ...{ watch, outbox, journal, channel, snapshot, told, tick },
    run: async (stop, ticked) => {
      const sending = outbox.run(stop);
      const step = async (): Promise<void> => {
        await tick(stop);
        if (!stop.aborted) ticked();
      };
      const onFault = (error: unknown): void => log.error("tick failed", { reason: reasonOf(error) });
      await runLoop(step, config.intervalS * 1000, clock, stop, onFault);
      // Nothing waits for a hint any more: it is pending like the rest.
      hint.release();
      log.info("stopping", { pending: outbox.view().pending });
      await outbox.flush(FLUSH_MS);
      await Promise.race([sending, clock.sleep(0)]);
      await Promise.race([store?.settled(), clock.sleep(LAST_WRITE_MS)]);
      log.info("stopped", { pending: outbox.view().pending });
    },
  };
}

/**
 * What is pending is on disk before it is sent: a run killed in between would leave an alert whose recovery is never told. A device
 * that hangs holds a message up for a moment only.
 */
function keptFirst(channel: Channel, stored: () => Promise<unknown> | undefined): Channel {
  return {
    ...channel,
    send: async (...message) => {
      await stored();
      return channel.send(...message);
    },
  };
}
