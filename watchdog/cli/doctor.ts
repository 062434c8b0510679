import { type Clock, momentOf } from "../clock.ts";
import { probeAll, probeFilesystem } from "../collectors/disk.ts";
import { collectAllOf, createCollectors, type Readings } from "../collectors/index.ts";
import type { ParsedConfig } from "../config/config.ts";
import { hostName } from "../config/host-name.ts";
import type { System } from "../config/table.ts";
import type { Place } from "../lang/facts.ts";
import { DOCTOR_TEXTS, LANGS } from "../lang/index.ts";
import type { Log } from "../log.ts";
import type { Bot } from "../notify/channels/telegram/client.ts";
import { botOf } from "../notify/channels/telegram/telegram.ts";
import { reasonOf } from "../safe.ts";
import type { ThreadPool } from "../thread-pool.ts";
import { type Check, failed } from "./doctor/check.ts";
import { judgeConfinement } from "./doctor/confinement.ts";
import { judgeDisks } from "./doctor/disks.ts";
import { askEngine, judgeEngine } from "./doctor/engine.ts";
import { exampleText, sendExample } from "./doctor/example.ts";
import { judgeHost } from "./doctor/host.ts";
import { readSelf, writeFault } from "./doctor/self.ts";
import { judgeDeps, judgeMetrics } from "./doctor/services.ts";
import { type ClockFacts, judgeClock, judgeFiles, judgeSettings } from "./doctor/setup.ts";
import { askTelegram, judgeTelegram, type Sent } from "./doctor/telegram.ts";

export interface DoctorOptions {
  readonly parsed: ParsedConfig;
  readonly place: Place;
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: ThreadPool;
  readonly system: System;
  /** Post the test message. */
  readonly send: boolean;
  readonly uid: number;
}

/** Proves the set-up, point by point: every area side by side under its own deadlines, and none that breaks hides another. Never rejects. */
export async function doctor({ parsed, place, clock, log, pool, system, send, uid }: DoctorOptions): Promise<Check[]> {
  const { config, problems } = parsed;
  const t = DOCTOR_TEXTS[config.lang];
  const ctx = { config, t, place };
  const stop = new AbortController().signal;
  const now = momentOf(clock);
  const deadlineMs = config.httpTimeoutS * 1000;

  const bot = doctorBot(parsed, clock);
  // An engine that is named and not there is asked all the same: the answer says why.
  const isEngineWatched =
    config.containers.length > 0 || problems.some(({ variable }) => variable === "WATCHDOG_DOCKER_SOCK");
  const { disk: diskWatch, ...collectors } = createCollectors(config, pool, system);
  const readings = collectAllOf({ ...collectors, disk: undefined })(now, stop);
  const engine = askEngine(config, isEngineWatched);
  const host = readings.then(({ docker }) =>
    hostName(config.hostLabel, docker.state === "ok" ? docker.value.hostname : undefined, system.hostname),
  );
  const sendNow = async (to: Bot, chatId: string): Promise<Sent> =>
    sendExample(exampleText(await host, t, LANGS[config.lang], clock.wallMs()), to, chatId, config, log);
  const telegram = askTelegram(bot, config.tgChatId, send ? sendNow : undefined);
  const probes = diskWatch
    ? probeAll(
        config.diskPaths.map(({ path }) => path),
        pool,
        probeFilesystem,
        deadlineMs,
        stop,
      )
    : undefined;
  const self = readSelf(config.procRoot, pool, deadlineMs);
  const stateFault =
    config.stateFile === undefined ? Promise.resolve(undefined) : writeFault(config.stateFile, pool, deadlineMs);

  const contained = async (id: string, judge: () => Check[] | Promise<Check[]>): Promise<Check[]> => {
    try {
      return await judge();
    } catch (error) {
      return [failed(id, id, t.broken(reasonOf(error)), t.brokenAdvice)];
    }
  };
  const areas = await Promise.all([
    contained("config", () => judgeSettings(problems, uid, ctx)),
    contained("telegram", async () => judgeTelegram(await telegram, send, problems, ctx)),
    contained("engine", async () => judgeEngine(await engine, (await readings).docker, ctx)),
    contained("host", async () => judgeHost(await readings, await self, ctx)),
    contained("disks", async () => judgeDisks(await probes, await self, ctx)),
    contained("metrics", async () => judgeMetrics((await readings).metrics, ctx)),
    contained("deps", async () => judgeDeps((await readings).deps, ctx)),
    contained("clock", async () => {
      await telegram;
      return [judgeClock(clockFacts(bot, await readings, clock.wallMs()), ctx)];
    }),
    contained("confinement", async () => judgeConfinement(await self, ctx)),
    contained("files", async () => judgeFiles(await stateFault, uid, ctx)),
  ]);
  return areas.flat();
}

/** The bot by its token alone: a chat may be what is still missing. */
export function doctorBot({ config, botToken }: ParsedConfig, clock: Clock): Bot | undefined {
  return botToken === undefined ? undefined : botOf(botToken, config, clock.wallMs);
}

function clockFacts(bot: Bot | undefined, { metrics }: Readings, wallMs: number): ClockFacts | undefined {
  const aheadMs = bot?.clockAheadMs();
  if (aheadMs !== undefined) return { aheadMs, source: "Telegram" };
  const generatedAtS = metrics.state === "ok" ? metrics.value.generatedAtS : undefined;
  return generatedAtS === undefined ? undefined : { aheadMs: wallMs - generatedAtS * 1000, source: "/metrics" };
}
