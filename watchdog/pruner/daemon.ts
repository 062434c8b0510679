import { type Clock, momentOf } from "../clock.ts";
import { isMuted } from "../config/mute.ts";
import type { ParsedPrunerConfig } from "../config/pruner.ts";
import { LANGS, PRUNE_TEXTS } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { openChannels } from "../notify/channels/index.ts";
import { createDelivery, FLUSH_MS } from "../notify/delivery.ts";
import type { Outbox } from "../notify/outbox.ts";
import { reasonOf, redactJson } from "../safe.ts";
import { type Answer, jsonAnswer, serveStatus } from "../status/server.ts";
import { createReport } from "./report.ts";
import { createRunner, type RunnerOptions } from "./runner.ts";
import { prunerStatus } from "./status.ts";
import { prunedHost } from "./target.ts";

export interface DaemonOptions extends Pick<RunnerOptions, "inContainer" | "path"> {
  readonly parsed: ParsedPrunerConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly version: string;
  readonly systemHostname: string;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
}

/** No look for this long on top of what a run may take: the loop is dead. */
const STALE_MS = 5 * 60_000;

/** The pruner: a look, perhaps a prune, a message if there is something to say; until `stop`. Resolves when it may exit. */
export async function runPruner({
  parsed,
  clock,
  log,
  redact,
  version,
  systemHostname,
  stop,
  inContainer,
  path,
}: DaemonOptions): Promise<void> {
  const { config } = parsed;
  const started = momentOf(clock);
  const problems = [...parsed.problems];
  const runner = createRunner({ parsed, inContainer, path, clock, log });
  const target = runner.target();
  log.info("pruner starts", {
    version,
    node: process.version,
    intervalS: config.pruneIntervalS,
    until: config.pruneUntil?.text ?? "any age",
    all: config.pruneAll,
    target: target.kind === "none" ? "none" : target.shown,
    diskPct: config.pruneDiskPct,
    untilFloor: config.pruneUntilFloor.text,
    timeoutS: config.pruneTimeoutS,
  });
  for (const { text } of problems) log.warn(`configuration: ${text}`);

  const report = createReport(
    PRUNE_TEXTS[config.lang],
    config.pruneNotifyMinGb,
    config.pruneSshHost !== undefined,
    (topic) => isMuted(config.mute, topic),
  );
  const host = (): string => prunedHost(config, runner.view().info?.hostname, systemHostname);
  const channels = openChannels(config, { log, clock, redact });
  const outbox: Outbox = createDelivery({
    config,
    lang: LANGS[config.lang],
    clock,
    log,
    redact,
    host,
    channels,
    onDelivered: (notices, messageId) => {
      report.delivered(notices, messageId);
      outbox.offer(report.judge(momentOf(clock)));
    },
  });

  let lastLook = started;
  const status = (): Answer =>
    jsonAnswer(
      200,
      redactJson(
        prunerStatus({
          parsed,
          runner,
          delivery: outbox.view,
          problems,
          host: host(),
          version,
          startedAtMs: started.wallMs,
          ...momentOf(clock),
        }),
        redact,
      ),
    );
  const health = (): Answer => {
    // A run: the questions before, the prune, the questions after.
    const fresh = !config.pruneEnabled || clock.monoMs() - lastLook.monoMs <= STALE_MS + config.pruneTimeoutS * 1000;
    return jsonAnswer(fresh ? 200 : 503, {
      program: "pruner",
      status: !config.pruneEnabled ? "disabled" : fresh ? "ok" : "stale",
    });
  };
  const closeServer = await serveStatus(config.statusAddr, { "/healthz": health, "/status": status }, problems, log, {
    token: config.statusToken,
  });

  if (!config.pruneEnabled) {
    log.info("switched off by WATCHDOG_PRUNE_ENABLED: nothing is asked, nothing is pruned");
    await clock.sleep(Infinity, stop);
    closeServer();
    return;
  }

  log.info("messages go to", { channel: channels.first.name, lang: config.lang });
  const sending = outbox.run(stop);
  while (!stop.aborted) {
    lastLook = momentOf(clock);
    try {
      const ran = await runner.step(stop);
      if (ran && !stop.aborted) report.observe(ran.outcome, ran.earlyAtPct, momentOf(clock));
      outbox.offer(report.judge(momentOf(clock)));
    } catch (error) {
      log.error("look failed", { reason: reasonOf(error) });
    }
    await clock.sleep(runner.waitMs(), stop);
  }
  log.info("stopping", { pending: outbox.view().pending });
  await outbox.flush(FLUSH_MS);
  await Promise.race([sending, clock.sleep(0)]);
  closeServer();
  log.info("stopped", { pending: outbox.view().pending });
}
