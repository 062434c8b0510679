import { type Clock, momentOf } from "../clock.ts";
import { readBoot } from "../collectors/boot.ts";
import { collectAllOf, createCollectors } from "../collectors/index.ts";
import type { ParsedConfig } from "../config/config.ts";
import type { System } from "../config/table.ts";
import { hintOf } from "../daemon/build-cache.ts";
import { heartbeatOf } from "../daemon/heartbeat.ts";
import { createPipeline } from "../daemon/pipeline.ts";
import { LANGS, PAGE_TEXTS } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { openChannels } from "../notify/channels/index.ts";
import { stateFile } from "../state/file.ts";
import { serveStatus } from "../status/server.ts";
import { createSite } from "../status/site.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { logChannel, settingsOf } from "./settings-line.ts";
import { sourceLog } from "./source-log.ts";

export interface RunOptions {
  readonly parsed: ParsedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: ThreadPool;
  readonly redact: (text: string) => string;
  readonly version: string;
  readonly system: System;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
}

/** The daemon: the pipeline and what looks at it, until `stop`. Resolves when it may exit. */
export async function run({ pool, version, stop, ...options }: RunOptions): Promise<void> {
  const { parsed, clock, log, redact, system } = options;
  const { config } = parsed;
  const lang = LANGS[config.lang];
  const startedAt = momentOf(clock);
  const problems = [...parsed.problems];
  log.info("watchdog starts", { version, node: process.version, ...settingsOf(config) });
  for (const { text } of problems) log.warn(`configuration: ${text}`);

  const keeps = config.enabled && config.stateFile !== undefined;
  const store = keeps ? stateFile(config.stateFile, log, problems) : undefined;
  const saved = await store?.load(startedAt);
  const boot = await readBoot(config.procRoot, pool);
  const channels = openChannels(config, { log, clock, redact, memory: saved?.telegram });
  const collectAll = collectAllOf(createCollectors(config, pool, system));
  const hello = config.hello ? { version, problems } : undefined;
  const annotate = hintOf(parsed, { lang, clock, log, stop });
  const given = { boot, saved, store, systemHostname: system.hostname };
  const pipeline = createPipeline({ ...options, ...given, config, lang, collectAll, channels, hello, annotate });

  const { watch, journal, outbox } = pipeline;
  const views = { config, watch, clock, journal, redact, problems, version, startedAt };
  const site = createSite({ ...views, delivery: outbox.view, stateError: store?.lastError });
  const guards = { token: config.statusToken, needsToken: PAGE_TEXTS[config.lang].needsToken };
  const closeServer = await serveStatus(config.statusAddr, site.routes, problems, log, guards);
  if (config.enabled) {
    logChannel(config, channels.first, log);
    const beat = heartbeatOf(config, pipeline, clock, log);
    const logSources = sourceLog(watch, config, log);
    await pipeline.run(stop, () => {
      site.ticked();
      logSources();
      void beat?.(stop);
    });
  } else {
    log.info("switched off by WATCHDOG_ENABLED: nothing is read, nothing is sent");
    await clock.sleep(Infinity, stop);
  }
  closeServer();
}
