import type { Answer } from "../../../watchdog/net/exchange.ts";
import { replyOf } from "../../../watchdog/notify/channels/telegram/client.ts";
import { verdictOf } from "../../../watchdog/notify/channels/telegram/telegram.ts";

/** What an answer of the Bot API, or of something in between, means for a message. */
export function judgeAnswer(
  answer: Pick<Answer, "status" | "headers" | "body">,
  nowMs: number = Date.now(),
): ReturnType<typeof verdictOf> {
  return verdictOf(replyOf(answer, nowMs));
}
