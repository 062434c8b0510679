import type { Clock } from "../clock.ts";
import type { Config } from "../config/variables.ts";
import type { Log } from "../log.ts";
import { consoleSender } from "./console.ts";
import type { Sender } from "./sender.ts";
import { type TelegramMemory, type TelegramSender, telegramSender } from "./telegram.ts";

type ChannelSettings = Pick<
  Config,
  "tgBotToken" | "tgChatId" | "tgThreadId" | "tgApiUrl" | "tgPerMin" | "tgProxyUrl" | "httpTimeoutS"
>;

/** The operator's channel: Telegram where a bot and a chat are configured, else the log. */
export function senderOf(
  config: ChannelSettings,
  log: Log,
  clock: Clock,
  memory?: TelegramMemory,
): Sender & Partial<Pick<TelegramSender, "memory">> {
  const { tgBotToken, tgChatId } = config;
  if (tgBotToken === undefined || tgChatId === undefined) return consoleSender(log, clock, config.httpTimeoutS * 1000);
  return telegramSender(
    {
      apiUrl: config.tgApiUrl,
      token: tgBotToken,
      chatId: tgChatId,
      threadId: config.tgThreadId,
      perMin: config.tgPerMin,
      timeoutMs: config.httpTimeoutS * 1000,
      proxy: config.tgProxyUrl,
      log,
    },
    memory,
  );
}
