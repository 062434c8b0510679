import type { Clock } from "../../../clock.ts";
import type { RequestSettings } from "../../../config/areas/requests.ts";
import type { Log } from "../../../log.ts";
import { reasonOf } from "../../../safe.ts";
import type { Channel, ChannelNeeds, SendResult } from "../../channel.ts";

export function openConsole({ httpTimeoutS }: RequestSettings, { log, clock }: ChannelNeeds): Channel {
  return consoleChannel(log, clock, httpTimeoutS * 1000);
}

/** The channel while no bot is configured: each message is one line of the log, delivered once it was really written. */
export function consoleChannel(log: Log, clock: Clock, timeoutMs: number): Channel {
  /** A message whose writing began and did not end in time: it may still come, and another one now would come twice. */
  let underWay: Promise<SendResult> | undefined;

  const write = (text: string, signal: AbortSignal): Promise<SendResult> =>
    new Promise((resolve) => {
      log.message(
        text,
        (error) =>
          resolve(
            error ? { kind: "retry", reason: `the log cannot be written: ${reasonOf(error)}` } : { kind: "delivered" },
          ),
        signal,
      );
    });

  /** What becomes of it in time; undefined: nothing so far. Then `over` is aborted. */
  const inTime = async (
    result: Promise<SendResult>,
    over: AbortController,
    signal: AbortSignal,
  ): Promise<SendResult | undefined> => {
    const done = new AbortController();
    signal.addEventListener("abort", () => done.abort(), { once: true });
    const first = await Promise.race([result, clock.sleep(timeoutMs, done.signal)]);
    done.abort();
    if (first) return first;
    over.abort();
    // A line that still waited was taken back at that moment; one that is being written was not.
    return Promise.race([result, Promise.resolve(undefined)]);
  };

  const notRead: SendResult = {
    kind: "retry",
    reason: `the log takes nothing: not written within ${timeoutMs / 1000} s`,
  };
  return {
    name: "console",
    where: { reason: "no WATCHDOG_TG_BOT_TOKEN and WATCHDOG_TG_CHAT_ID" },
    forms: ["plain"],
    send: async ({ text: { plain } }, signal) => {
      if (underWay && !(await inTime(underWay, new AbortController(), signal))) return notRead;
      underWay = undefined;
      const over = new AbortController();
      const result = write(plain, over.signal);
      const outcome = await inTime(result, over, signal);
      if (outcome) return outcome;
      underWay = result;
      return { ...notRead, mayHaveArrived: true };
    },
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
}
