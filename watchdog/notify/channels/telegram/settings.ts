import { login, nothing, whole } from "../../../config/secret.ts";
import { addConsequence, type Facts, one, optional, type Parsed, type Problem } from "../../../config/table.ts";
import { count, httpProxy, httpUrl, text } from "../../../config/value.ts";

/** The bot and its chat. */
export const TELEGRAM_VARIABLES = {
  tgBotToken: optional(
    "WATCHDOG_TG_BOT_TOKEN",
    text("the token that @BotFather gave, as it is", /^[\w:.~-]{3,200}$/),
    "token of the watchdog's own bot; unset: messages go to the log",
    { secret: whole },
  ),
  tgChatId: optional(
    "WATCHDOG_TG_CHAT_ID",
    text("a chat's number, such as -1001234567890, or @channelname", /^(-?\d{1,16}|@\w{3,64})$/),
    "chat or channel the bot writes to",
    { secret: nothing },
  ),
  tgThreadId: optional("WATCHDOG_TG_THREAD_ID", count, "forum topic in that chat", { secret: nothing }),
  tgApiUrl: one<URL>("WATCHDOG_TG_API_URL", httpUrl, new URL("https://api.telegram.org"), "base URL of the Bot API", {
    shown: "https://api.telegram.org",
    secret: login,
  }),
  tgPerMin: one(
    "WATCHDOG_TG_PER_MIN",
    count,
    20,
    "at most this many messages a minute (and 1 a second when it is 60 or less)",
  ),
  tgProxyUrl: optional(
    "WATCHDOG_TG_PROXY_URL",
    httpProxy,
    "HTTP proxy for Telegram alone, http://user:password@host:port",
    { secret: { ...login, hidesAll: true } },
  ),
};

export type TelegramSettings = Parsed<typeof TELEGRAM_VARIABLES>;

/** The token and the chat are of use only together, the proxy only where the runtime knows one. */
export function resolveTelegram<T extends Pick<TelegramSettings, "tgBotToken" | "tgChatId" | "tgProxyUrl">>(
  config: T,
  facts: Facts,
  problems: Problem[],
): T {
  let { tgBotToken, tgChatId, tgProxyUrl } = config;
  if (tgProxyUrl && !facts.agentHasProxy) {
    problems.push({
      variable: "WATCHDOG_TG_PROXY_URL",
      text: "WATCHDOG_TG_PROXY_URL=*** needs Node 24.5 or later, which the image has; Telegram is reached without the proxy",
    });
    tgProxyUrl = undefined;
  }
  if ((tgBotToken === undefined) !== (tgChatId === undefined)) {
    const [set, missing] =
      tgBotToken === undefined
        ? ["WATCHDOG_TG_CHAT_ID", "WATCHDOG_TG_BOT_TOKEN"]
        : ["WATCHDOG_TG_BOT_TOKEN", "WATCHDOG_TG_CHAT_ID"];
    addConsequence(
      problems,
      missing,
      "until then messages go to the log",
      `${missing} has no usable value although ${set} is set; both are needed to write to Telegram`,
    );
    tgBotToken = tgChatId = undefined;
  }
  return { ...config, tgBotToken, tgChatId, tgProxyUrl };
}
