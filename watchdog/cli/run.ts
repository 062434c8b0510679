import { momentOf, type Clock, type Moment } from "../clock.ts";
import { readBoot, type Boot } from "../collectors/boot.ts";
import { collectAllOf, createCollectors } from "../collectors/index.ts";
import type { ParsedConfig } from "../config/config.ts";
import { withinDailySpan } from "../config/value.ts";
import type { Config } from "../config/variables.ts";
import { heartbeat } from "../daemon/heartbeat.ts";
import { runLoop } from "../daemon/loop.ts";
import { createWatch, type Watch } from "../daemon/watch.ts";
import { LANGS } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { renderAll, renderSummary, type RenderContext } from "../messages/render.ts";
import type { Block } from "../messages/text.ts";
import { consoleSender } from "../notify/console.ts";
import { createOutbox, type Outbox } from "../notify/outbox.ts";
import type { Sender } from "../notify/sender.ts";
import { telegramSender, type TelegramMemory, type TelegramSender } from "../notify/telegram.ts";
import { webhookSender } from "../notify/webhook.ts";
import { reasonOf } from "../safe.ts";
import { NO_SIGNALS, type SignalState } from "../signals/index.ts";
import type { Saved } from "../state/codec.ts";
import { stateFile } from "../state/file.ts";
import { isFresh } from "../status/health.ts";
import { jsonAnswer, startStatusServer, type Answer, type Routes } from "../status/server.ts";
import { iso, statusView } from "../status/view.ts";
import { logSources } from "./source-log.ts";

export interface RunOptions {
  readonly parsed: ParsedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly version: string;
  readonly systemHostname: string;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
}

/** How long SIGTERM waits for what is pending. */
const FLUSH_MS = 5000;

/** The daemon: wires the pipeline, runs until `stop`, then flushes. Resolves when it may exit. */
export async function run({ parsed, clock, log, redact, version, systemHostname, stop }: RunOptions): Promise<void> {
  const { config } = parsed;
  const lang = LANGS[config.lang];
  const started = momentOf(clock);
  const problems = [...parsed.problems];
  log.info("watchdog starts", { version, node: process.version });
  for (const problem of problems) log.warn(`configuration: ${problem}`);

  const file = config.enabled && config.stateFile !== undefined ? stateFile(config.stateFile, log) : undefined;
  const saved = file?.load(started);
  const boot = readBoot(config.procRoot);
  const sender = senderOf(config, log, saved?.telegram);
  const redacted = ({ head, body }: Block): Block => ({ head: redact(head), body: redact(body) });
  const context = (): RenderContext => ({ host: watch.host(), lang, ...momentOf(clock) });

  const outbox: Outbox = createOutbox({
    sender, clock, log, random: Math.random, summary: saved?.summary,
    render: (notices) => renderAll(notices, context()).map((rendered) => ({ ...rendered, block: redacted(rendered.block) })),
    renderSummary: (summary) => redacted(renderSummary(summary, context())),
    onDelivered: (notices, messageId) => watch.delivered(notices, messageId),
    isQuiet: () => config.quietHours !== undefined && withinDailySpan(config.quietHours, clock.wallMs()),
    ...(config.fallbackWebhookUrl
      ? { fallback: { send: webhookSender(config.fallbackWebhookUrl, config.httpTimeoutS * 1000, () => watch.host(), redact), afterMs: config.fallbackAfterS * 1000 } }
      : {}),
  });
  const watch: Watch = createWatch({
    config, lang, clock, systemHostname, collectAll: collectAllOf(createCollectors(config)), offer: outbox.offer,
    initial: saved && { ledger: saved.ledger, signals: resumeSignals(saved, boot, started), digestDay: saved.digestDay },
    hello: config.hello ? { version, problems } : undefined,
    changed: () => file?.save(snapshot(watch, outbox, sender, boot)),
  });

  const status = (): Answer => jsonAnswer(200, JSON.parse(redact(JSON.stringify(
    statusView({ config, watch, delivery: outbox.view, stateError: file?.lastError, problems, version, startedAtMs: started.wallMs }),
  ))));
  const health = (): Answer => {
    const last = watch.lastTick()?.startedAt ?? started;
    const fresh = !config.enabled || isFresh(last, clock.monoMs(), config.intervalS);
    const { pending, lastError } = outbox.view();
    return jsonAnswer(fresh ? 200 : 503, {
      status: !config.enabled ? "disabled" : fresh ? "ok" : "stale", lastTickAt: iso(watch.lastTick()?.startedAt.wallMs),
      delivery: { pending, lastError: lastError === null ? null : redact(lastError) },
    });
  };
  const closeServer = await serve(config, { "/healthz": health, "/status": status }, problems, log);

  if (!config.enabled) {
    log.info("switched off by WATCHDOG_ENABLED: nothing is read, nothing is sent");
    await clock.sleep(Infinity, stop);
    closeServer();
    return;
  }

  log.info("messages go to", {
    channel: sender.channel, lang: config.lang,
    ...(sender.channel === "console" ? { reason: "no WATCHDOG_TG_BOT_TOKEN and WATCHDOG_TG_CHAT_ID" } : { chat: config.tgChatId, topic: config.tgThreadId }),
  });
  if (config.mute.length > 0) log.info("muted by WATCHDOG_MUTE", { patterns: config.mute.join(" ") });
  const beat = config.heartbeatUrl && heartbeat({
    url: config.heartbeatUrl, everyMs: config.heartbeatS * 1000, timeoutMs: config.httpTimeoutS * 1000,
    clock, log, sender, lastAnswerMonoMs: outbox.lastAnswerMonoMs,
  });
  let lastStates = "";
  const tick = async (): Promise<void> => {
    await watch.tick(stop);
    lastStates = logSources(watch, config, log, lastStates);
    if (beat && !stop.aborted) void beat(stop);
  };
  const sending = outbox.run(stop);
  await runLoop(tick, config.intervalS * 1000, clock, stop, (error) => log.error("tick failed", { reason: reasonOf(error) }));
  log.info("stopping", { pending: outbox.view().pending });
  await outbox.flush(FLUSH_MS);
  await Promise.race([sending, clock.sleep(0)]);
  closeServer();
  log.info("stopped", { pending: outbox.view().pending });
}

function senderOf(config: Config, log: Log, memory: TelegramMemory | undefined): Sender & Partial<Pick<TelegramSender, "memory">> {
  const { tgBotToken, tgChatId } = config;
  if (tgBotToken === undefined || tgChatId === undefined) return consoleSender(log);
  return telegramSender({
    apiUrl: config.tgApiUrl, token: tgBotToken, chatId: tgChatId, threadId: config.tgThreadId,
    perMin: config.tgPerMin, timeoutMs: config.httpTimeoutS * 1000, proxy: config.tgProxyUrl, log,
  }, memory);
}

function snapshot(watch: Watch, outbox: Outbox, sender: ReturnType<typeof senderOf>, boot: Boot): Saved {
  const { damping, metrics: { failedJobs }, mutesNamed } = watch.signalState();
  const summary = outbox.summary();
  const digestDay = watch.digestDay();
  return {
    ledger: watch.ledger(), damping, telegram: sender.memory?.() ?? {},
    ...(failedJobs === undefined ? {} : { failedJobs }), ...(mutesNamed ? { mutesNamed } : {}),
    ...(summary ? { summary } : {}), ...(digestDay === undefined ? {} : { digestDay }), ...(boot.id === undefined ? {} : { bootId: boot.id }),
  };
}

/** A boot longer ago than this is no news, even if we did not see it. */
const FRESH_BOOT_MS = 15 * 60_000;

function resumeSignals({ damping, failedJobs, mutesNamed, bootId }: Saved, boot: Boot, now: Moment): SignalState {
  const rebooted = boot.id !== undefined && bootId !== undefined && boot.id !== bootId;
  const isFresh = boot.atMs !== undefined && now.wallMs - boot.atMs < FRESH_BOOT_MS;
  return {
    ...NO_SIGNALS, damping,
    metrics: { ...NO_SIGNALS.metrics, ...(failedJobs === undefined ? {} : { failedJobs }) },
    ...(mutesNamed ? { mutesNamed } : {}),
    ...(rebooted && isFresh && boot.atMs !== undefined ? { bootedAtMs: boot.atMs } : {}),
  };
}

/** A port that is taken is a problem to report, not a reason to stop watching. */
async function serve(config: Config, routes: Routes, problems: string[], log: Log): Promise<() => void> {
  const { statusAddr } = config;
  if (!statusAddr) return () => {};
  const shown = `${statusAddr.host}:${statusAddr.port}`;
  try {
    const server = await startStatusServer(statusAddr, routes);
    log.info("status server listens", { address: shown });
    return () => {
      server.close();
      server.closeAllConnections();
    };
  } catch (error) {
    const problem = `WATCHDOG_STATUS_ADDR=${shown} cannot be listened on (${reasonOf(error)}); allowed: a free host:port, or empty = off; the watchdog runs without a status server`;
    problems.push(problem);
    log.error(`configuration: ${problem}`);
    return () => {};
  }
}
