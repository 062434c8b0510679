import { type Clock, momentOf } from "../clock.ts";
import { readBoot } from "../collectors/boot.ts";
import type { DiskSample } from "../collectors/disk.ts";
import { dockerClient } from "../collectors/docker/client.ts";
import { collectAllOf, createCollectors } from "../collectors/index.ts";
import type { ParsedConfig } from "../config/config.ts";
import { withinDailySpan } from "../config/value.ts";
import type { Config } from "../config/variables.ts";
import { type BuildCacheHint, type BuildCacheHintOptions, buildCacheHint } from "../daemon/build-cache.ts";
import { heartbeat } from "../daemon/heartbeat.ts";
import { runLoop } from "../daemon/loop.ts";
import { createWatch, type Watch } from "../daemon/watch.ts";
import { LANGS } from "../lang/index.ts";
import { PAGE_TEXTS } from "../lang/page/index.ts";
import type { Fields, Log } from "../log.ts";
import { nextMessage } from "../messages/message.ts";
import { type RenderContext, redactBlock, redactRendered, renderAll, renderSummary } from "../messages/render.ts";
import { senderOf } from "../notify/channel.ts";
import { createJournal } from "../notify/journal.ts";
import { createOutbox, type Outbox } from "../notify/outbox.ts";
import { webhookSender } from "../notify/webhook.ts";
import { reasonOf } from "../safe.ts";
import { stateFile } from "../state/file.ts";
import { resumeSignals, snapshotOf } from "../state/resume.ts";
import { serveStatus } from "../status/server.ts";
import { createSite } from "../status/site.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { logSources } from "./source-log.ts";

export interface RunOptions {
  readonly parsed: ParsedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: ThreadPool;
  readonly redact: (text: string) => string;
  readonly version: string;
  readonly systemHostname: string;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
}

/** How long SIGTERM waits for what is pending; a little less than the process has until it ends (exit.ts). */
const FLUSH_MS = 3500;
/** How long a tick and a message wait for the state file, and how long SIGTERM does after the last one. */
const STORE_MS = 1000;
const LAST_WRITE_MS = 400;
/** A big host's engine takes its time to list its build cache. */
const LISTING_MS = 60_000;

/** The daemon: wires the pipeline, runs until `stop`, then flushes. Resolves when it may exit. */
export async function run({
  parsed,
  clock,
  log,
  pool,
  redact,
  version,
  systemHostname,
  stop,
}: RunOptions): Promise<void> {
  const { config } = parsed;
  const lang = LANGS[config.lang];
  const started = momentOf(clock);
  const problems = [...parsed.problems];
  log.info("watchdog starts", { version, node: process.version, ...settingsOf(config) });
  for (const problem of problems) log.warn(`configuration: ${problem}`);

  const file =
    config.enabled && config.stateFile !== undefined ? stateFile(config.stateFile, log, problems) : undefined;
  const stored = (): Promise<unknown> | undefined => file && Promise.race([file.settled(), clock.sleep(STORE_MS)]);
  const saved = await file?.load(started);
  const boot = await readBoot(config.procRoot, pool);
  const channel = senderOf(config, log, clock, saved?.telegram);
  // What is pending is on disk before it is sent: a run killed in between would leave an alert whose recovery is never told. A device that
  // hangs holds a message up for a moment only.
  const sender: typeof channel = !file
    ? channel
    : {
        ...channel,
        send: async (...message) => {
          await stored();
          return channel.send(...message);
        },
      };
  const context = (): RenderContext => ({ host: watch.host(), lang, ...momentOf(clock) });

  const journal = createJournal(
    [sender.channel, ...(config.fallbackWebhookUrl ? ["webhook" as const] : [])],
    clock.wallMs,
  );
  const outbox: Outbox = createOutbox({
    sender,
    clock,
    log,
    random: Math.random,
    summary: saved?.summary,
    render: (notices, awayUntilMs) =>
      nextMessage(
        renderAll(notices, context()).map((rendered) => redactRendered(rendered, redact)),
        { ...context(), awayUntilMs },
      ),
    renderSummary: (summary) => redactBlock(renderSummary(summary, context()), redact),
    onAttempt: journal.record,
    onDelivered: (notices, messageId) => watch.delivered(notices, messageId),
    isQuiet: (urgent) =>
      config.quietHours !== undefined &&
      withinDailySpan(config.quietHours, clock.wallMs()) &&
      !(urgent && !config.quietCritical),
    ...(config.fallbackWebhookUrl
      ? {
          fallback: {
            send: webhookSender(config.fallbackWebhookUrl, config.httpTimeoutS * 1000, () => watch.host(), redact),
            afterMs: config.fallbackAfterS * 1000,
          },
        }
      : {}),
  });
  const watch: Watch = createWatch({
    config,
    lang,
    clock,
    systemHostname,
    collectAll: collectAllOf(createCollectors(config, pool, systemHostname)),
    offer: (notices) => hint.offer(notices),
    initial: saved && {
      ledger: saved.ledger,
      signals: resumeSignals(saved, boot, started),
      digestDay: saved.digestDay,
    },
    hello: config.hello ? { version, problems } : undefined,
    changed: () => {
      save();
      return stored();
    },
  });

  const hint: BuildCacheHint = hintFor(parsed, {
    lang,
    clock,
    log,
    stop,
    disks: () => disksOf(watch),
    offer: outbox.offer,
  });

  const save = (): void =>
    file?.save(
      snapshotOf({
        signals: watch.signalState(),
        ledger: watch.ledger(),
        summary: outbox.summary(),
        digestDay: watch.digestDay(),
        telegram: sender.memory?.() ?? {},
        boot,
        bootIdBefore: saved?.bootId,
      }),
    );

  const site = createSite({
    config,
    watch,
    clock,
    journal,
    delivery: outbox.view,
    stateError: file?.lastError,
    problems,
    version,
    startedAt: started,
    redact,
  });
  const closeServer = await serveStatus(config.statusAddr, site.routes, problems, log, {
    token: config.statusToken,
    needsToken: PAGE_TEXTS[config.lang].needsToken,
  });

  if (!config.enabled) {
    log.info("switched off by WATCHDOG_ENABLED: nothing is read, nothing is sent");
    await clock.sleep(Infinity, stop);
    closeServer();
    return;
  }

  log.info("messages go to", {
    channel: sender.channel,
    lang: config.lang,
    ...(sender.channel === "console"
      ? { reason: "no WATCHDOG_TG_BOT_TOKEN and WATCHDOG_TG_CHAT_ID" }
      : { chat: config.tgChatId, topic: config.tgThreadId }),
  });
  if (config.mute.length > 0) log.info("muted by WATCHDOG_MUTE", { patterns: config.mute.join(" ") });
  const beat =
    config.heartbeatUrl &&
    heartbeat({
      url: config.heartbeatUrl,
      everyMs: config.heartbeatS * 1000,
      timeoutMs: config.httpTimeoutS * 1000,
      clock,
      log,
      sender,
      lastAnswerMonoMs: outbox.lastAnswerMonoMs,
      isFailing: outbox.isFailing,
    });
  let lastStates = "";
  const tick = async (): Promise<void> => {
    await watch.tick(stop);
    if (!stop.aborted) site.ticked();
    lastStates = logSources(watch, config, log, lastStates);
    if (beat && !stop.aborted) void beat(stop);
  };
  const sending = outbox.run(stop);
  await runLoop(tick, config.intervalS * 1000, clock, stop, (error) =>
    log.error("tick failed", { reason: reasonOf(error) }),
  );
  hint.release();
  log.info("stopping", { pending: outbox.view().pending });
  await outbox.flush(FLUSH_MS);
  await Promise.race([sending, clock.sleep(0)]);
  await Promise.race([file?.settled(), clock.sleep(LAST_WRITE_MS)]);
  closeServer();
  log.info("stopped", { pending: outbox.view().pending });
}

/** What counts from now on, as fields of one line: periods, the limits that are on, where is looked. No URL is among them, because URLs hold secrets. */
function settingsOf(config: Config): Fields {
  const { dockerTarget: docker, statusAddr } = config;
  const listed = (parts: readonly string[]): string | undefined =>
    parts.length === 0 ? undefined : parts.slice(0, 20).join(",") + (parts.length > 20 ? `,+${parts.length - 20}` : "");
  return {
    enabled: config.enabled,
    intervalS: config.intervalS,
    cooldownS: config.cooldownS,
    ...(config.memEnabled ? { memPct: config.memPct } : {}),
    ...(config.diskEnabled
      ? { diskPct: config.diskPct, ...(config.diskInodePct > 0 ? { inodePct: config.diskInodePct } : {}) }
      : {}),
    ...(config.diskCritEnabled ? { diskCritPct: config.diskCritPct } : {}),
    ...(config.diskForecastH > 0 ? { forecastH: config.diskForecastH } : {}),
    disks: listed(config.diskPaths.map(({ label, path }) => `${label}=${path}`)),
    docker: docker && ("socketPath" in docker ? docker.socketPath : `tcp://${docker.host}:${docker.port}`),
    containers: listed(config.containers),
    deps: listed(config.deps.map(({ name }) => name)),
    ...(config.procEnabled ? { procRoot: config.procRoot, procAgeMin: config.procAgeMin } : {}),
    stateFile: config.stateFile,
    status: statusAddr && `${statusAddr.host}:${statusAddr.port}`,
  };
}

/** Where no engine is watched, alerts go to the outbox as they are. */
function hintFor(
  { config, prune }: ParsedConfig,
  options: Omit<BuildCacheHintOptions, "client" | "prune">,
): BuildCacheHint {
  const { dockerTarget, containers } = config;
  if (!dockerTarget || containers.length === 0) return { offer: options.offer, release: () => {} };
  return buildCacheHint({ ...options, prune, client: dockerClient(dockerTarget, LISTING_MS) });
}

function disksOf(watch: Watch): readonly DiskSample[] {
  const disk = watch.lastTick()?.readings.disk;
  return disk?.state === "ok" ? disk.value.disks : [];
}
