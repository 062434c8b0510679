import type { Clock } from "../clock.ts";
import type { HeartbeatSettings } from "../config/areas/heartbeat.ts";
import type { RequestSettings } from "../config/areas/requests.ts";
import type { Log } from "../log.ts";
import { get } from "../net/get.ts";
import { type Channel, whoOf } from "../notify/channel.ts";
import { reasonOf } from "../safe.ts";
import type { Pipeline } from "./pipeline.ts";

export interface HeartbeatOptions {
  readonly url: URL;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly channel: Channel;
  /** Monotonic time of the last message that the channel accepted. */
  readonly lastAnswerMonoMs: () => number | undefined;
  /** Sends fail: then only a delivery counts, because a bot that was thrown out of its chat still answers getMe. */
  readonly isFailing: () => boolean;
}

/** The channel has to have answered within this long; it is asked anew at half of it when there was nothing to send. */
const ANSWER_MS = 60 * 60_000;

/** The dead man's switch: call it after each finished tick. It asks the URL while ticks finish and the channel answers, so that silence there means trouble here. Never throws. */
export function heartbeat(options: HeartbeatOptions): (stop: AbortSignal) => Promise<void> {
  const { clock, log } = options;
  let lastBeat = -Infinity;
  let lastProbe = -Infinity;
  let underWay = false;

  const answered = (): number => {
    const lastSend = options.lastAnswerMonoMs() ?? -Infinity;
    return options.isFailing() ? lastSend : Math.max(lastSend, lastProbe);
  };

  const beat = async (stop: AbortSignal): Promise<void> => {
    if (!options.isFailing() && clock.monoMs() - answered() > ANSWER_MS / 2) {
      const result = await options.channel.probe(stop);
      if (result.kind === "delivered") lastProbe = clock.monoMs();
      else log.warn(`${whoOf(options.channel)} does not answer`, { reason: result.reason });
    }
    if (clock.monoMs() - answered() > ANSWER_MS) {
      log.warn(`no heartbeat: ${whoOf(options.channel)} has not answered for an hour`);
      return;
    }
    const { status } = await get(
      { url: options.url },
      { deadlineMs: options.timeoutMs, maxBytes: 256 * 1024, signal: stop },
    );
    if (status >= 400) log.warn("heartbeat refused", { status });
  };

  return async (stop) => {
    const now = clock.monoMs();
    if (underWay || now - lastBeat < options.everyMs) return;
    [underWay, lastBeat] = [true, now];
    try {
      await beat(stop);
    } catch (error) {
      log.warn("heartbeat failed", { reason: reasonOf(error) });
    } finally {
      underWay = false;
    }
  };
}

/** The heartbeat of this configuration; undefined: it has none. */
export function heartbeatOf(
  { heartbeatUrl, heartbeatS, httpTimeoutS }: HeartbeatSettings & RequestSettings,
  { outbox, channel }: Pick<Pipeline, "outbox" | "channel">,
  clock: Clock,
  log: Log,
): ReturnType<typeof heartbeat> | undefined {
  if (!heartbeatUrl) return undefined;
  const { lastAnswerMonoMs, isFailing } = outbox;
  const [everyMs, timeoutMs] = [heartbeatS * 1000, httpTimeoutS * 1000];
  return heartbeat({ url: heartbeatUrl, everyMs, timeoutMs, clock, log, channel, lastAnswerMonoMs, isFailing });
}
