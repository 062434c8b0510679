import { type Clock, momentOf } from "../clock.ts";
import type { Boot } from "../collectors/boot.ts";
import type { DiskSample } from "../collectors/disk.ts";
import type { CollectAll } from "../collectors/index.ts";
import type { Config } from "../config/variables.ts";
import type { Notice } from "../decide/ledger.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { createDelivery, type DeliveryOptions, FLUSH_MS } from "../notify/delivery.ts";
import { createJournal, type Journal } from "../notify/journal.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Sender } from "../notify/sender.ts";
import type { TelegramSender } from "../notify/telegram.ts";
import { reasonOf } from "../safe.ts";
import type { Saved } from "../state/codec.ts";
import type { StateFile } from "../state/file.ts";
import { resumeSignals, snapshotOf } from "../state/resume.ts";
import type { BuildCacheHint } from "./build-cache.ts";
import type { Hello } from "./hello.ts";
import { runLoop } from "./loop.ts";
import { createWatch, type Watch } from "./watch.ts";

export interface PipelineOptions extends Pick<DeliveryOptions, "compose" | "post" | "random"> {
  readonly config: Config;
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly systemHostname: string;
  readonly collectAll: CollectAll;
  readonly sender: Sender & Partial<Pick<TelegramSender, "memory">>;
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
  readonly sender: Sender;
  /** What the next run has to know of this one. */
  snapshot(): Saved;
  /** At the end: nothing waits for a hint any more, and what is pending is sent within `withinMs`, as far as it can be. */
  flush(withinMs: number): Promise<void>;
  /** Ticks and sends until `stop` aborts, calls `ticked` after each finished tick, then flushes. Resolves when the program may exit. */
  run(stop: AbortSignal, ticked: () => void): Promise<void>;
}

/** How long it waits for the state file after the last message. */
const LAST_WRITE_MS = 400;

/** How long a tick and a message wait for the state file. */
const STORE_MS = 1000;

/**
 * The one composition of the stages: collect → signals → observe → judge (the watch) → annotate → offer → deliver (the outbox). Each
 * tick of the watch offers what is to be told then, and each delivery tells the watch what was told.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, lang, clock, log, redact, systemHostname, collectAll, boot = {}, saved, store, hello } = options;
  const started = momentOf(clock);
  const stored = (): Promise<unknown> | undefined => store && Promise.race([store.settled(), clock.sleep(STORE_MS)]);
  const sender = store ? keptFirst(options.sender, stored) : options.sender;
  const channels = [sender.channel, ...(config.fallbackWebhookUrl ? (["webhook"] as const) : [])];
  const journal = createJournal(channels, clock.wallMs);

  const outbox: Outbox = createDelivery({
    config,
    lang,
    clock,
    log,
    redact,
    sender,
    summary: saved?.summary,
    host: () => watch.host(),
    onAttempt: journal.record,
    onDelivered: (notices, messageId) => watch.delivered(notices, messageId),
    compose: options.compose,
    post: options.post,
    random: options.random,
  });
  const disks = (): readonly DiskSample[] => {
    const disk = watch.lastTick()?.readings.disk;
    return disk?.state === "ok" ? disk.value.disks : [];
  };
  const hint = options.annotate?.(outbox.offer, disks) ?? { offer: outbox.offer, release: () => {} };
  const watch: Watch = createWatch({
    config,
    lang,
    clock,
    systemHostname,
    collectAll,
    hello,
    initial: saved && {
      ledger: saved.ledger,
      signals: resumeSignals(saved, boot, started),
      digestDay: saved.digestDay,
    },
    changed: () => {
      store?.save(snapshot());
      return stored();
    },
    offer: hint.offer,
  });
  const snapshot = (): Saved =>
    snapshotOf({
      signals: watch.signalState(),
      ledger: watch.ledger(),
      summary: outbox.summary(),
      digestDay: watch.digestDay(),
      telegram: sender.memory?.() ?? {},
      boot,
      bootIdBefore: saved?.bootId,
    });

  const flush = (withinMs: number): Promise<void> => {
    hint.release();
    return outbox.flush(withinMs);
  };

  return {
    watch,
    outbox,
    journal,
    sender,
    snapshot,
    flush,
    run: async (stop, ticked) => {
      const sending = outbox.run(stop);
      const tick = async (): Promise<void> => {
        await watch.tick(stop);
        if (!stop.aborted) ticked();
      };
      await runLoop(tick, config.intervalS * 1000, clock, stop, (error) =>
        log.error("tick failed", { reason: reasonOf(error) }),
      );
      hint.release();
      log.info("stopping", { pending: outbox.view().pending });
      await flush(FLUSH_MS);
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
function keptFirst(
  sender: PipelineOptions["sender"],
  stored: () => Promise<unknown> | undefined,
): PipelineOptions["sender"] {
  return {
    ...sender,
    send: async (...message) => {
      await stored();
      return sender.send(...message);
    },
  };
}
