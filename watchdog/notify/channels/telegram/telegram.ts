import type { RequestSettings } from "../../../config/areas/requests.ts";
import type { Log } from "../../../log.ts";
import { isRecord } from "../../../net/exchange.ts";
import type { FaultKind } from "../../../net/fault.ts";
import type { Channel, ChannelMemory, ChannelNeeds, Outgoing, SendResult } from "../../channel.ts";
import { type Bot, type BotReply, botClient, chatIdOf, isTopicGone } from "./client.ts";
import type { TelegramSettings } from "./settings.ts";

export interface TelegramOptions {
  readonly chatId: string;
  readonly threadId: number | undefined;
  readonly perMin: number;
  readonly log: Log;
}

export interface TelegramChannel extends Channel {
  memory(): ChannelMemory;
}

export function openTelegram(
  config: TelegramSettings & RequestSettings,
  { log, clock, memory }: ChannelNeeds,
): Channel | undefined {
  const { tgBotToken: token, tgChatId: chatId, tgThreadId: threadId, tgPerMin: perMin } = config;
  if (token === undefined || chatId === undefined) return undefined;
  return telegramChannel(botOf(token, config, clock.wallMs), { chatId, threadId, perMin, log }, memory);
}

/** The bot of this token, which may have no chat yet. */
export function botOf(
  token: string,
  { tgApiUrl, tgProxyUrl, httpTimeoutS }: TelegramSettings & RequestSettings,
  wallMs: () => number,
): Bot {
  return botClient({ apiUrl: tgApiUrl, token, proxy: tgProxyUrl, timeoutMs: httpTimeoutS * 1000 }, undefined, wallMs);
}

/** Messages by the Bot API's sendMessage. */
export function telegramChannel(bot: Bot, options: TelegramOptions, memory: ChannelMemory = {}): TelegramChannel {
  const { log } = options;
  let migrated = memory.migrated?.from === options.chatId ? memory.migrated : undefined;
  let threadId = options.threadId;
  /** A send went out and the Bot API did not answer it: it may have arrived, or something on the way refuses it. */
  let doubtful = false;

  const probe = async (signal: AbortSignal): Promise<SendResult> => {
    const verdict = verdictOf(await bot.ask("getMe", {}, signal));
    return verdict.kind === "migrated" || verdict.kind === "threadGone"
      ? { kind: "retry", reason: "unexpected answer to getMe" }
      : verdict;
  };

  /** `answers`: the Bot API has just answered getMe. */
  const send = async (
    { text, form, silent, replyTo }: Pick<Outgoing, "text" | "form" | "silent" | "replyTo">,
    signal: AbortSignal,
    answers: boolean,
    hasMigrated = false,
  ): Promise<SendResult> => {
    const chatId = migrated?.to ?? options.chatId;
    const body = {
      chat_id: chatIdOf(chatId),
      ...(threadId === undefined ? {} : { message_thread_id: threadId }),
      text: form === "html" ? text.html : text.plain,
      ...(form === "html" ? { parse_mode: "HTML" } : {}),
      ...(silent ? { disable_notification: true } : {}),
      ...(replyTo === undefined
        ? {}
        : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
      link_preview_options: { is_disabled: true },
    };
    const reply = await bot.ask("sendMessage", body, signal);
    const verdict = verdictOf(reply);
    doubtful = isLost(reply);
    if (doubtful && verdict.kind === "retry") {
      // Telegram can be reached, so a filter on the way refuses this text. To repeat it at once would keep back all that waits behind it.
      return answers && !verdict.accepted && "status" in reply && isOfMessage(reply.status)
        ? { kind: "rejected", reason: verdict.reason }
        : { ...verdict, mayHaveArrived: true };
    }
    if (verdict.kind === "migrated") {
      // One hop a send: a server that sends us round in circles must not be flooded.
      if (hasMigrated || verdict.chatId === chatId) return { kind: "operator", reason: "the chat migrates in circles" };
      log.warn("the group became a supergroup; its new chat id is used from now on, put it into WATCHDOG_TG_CHAT_ID", {
        chatId: verdict.chatId,
      });
      migrated = { from: options.chatId, to: verdict.chatId };
      return send({ text, form, silent }, signal, answers, true);
    }
    if (verdict.kind === "threadGone") {
      if (threadId === undefined) return { kind: "rejected", reason: "message thread not found" };
      log.warn("the topic is gone; messages go to the chat itself, correct WATCHDOG_TG_THREAD_ID", { threadId });
      threadId = undefined;
      return send({ text, form, silent }, signal, answers, hasMigrated);
    }
    return verdict;
  };

  return {
    name: "telegram",
    service: "Telegram",
    where: { chat: options.chatId, topic: options.threadId },
    perMin: options.perMin,
    forms: ["html", "plain"],
    memory: () => (migrated ? { migrated } : {}),
    probe,
    send: async (message, signal) => {
      let answers = false;
      if (doubtful) {
        // At least once is the rule, but a half-open network must not multiply one message: first it has to be seen to answer. An answer
        // that cannot be read is one too; where all of them are like that, waiting for a better one would silence us for good.
        const seen = await probe(signal);
        if (seen.kind !== "delivered" && !(seen.kind === "retry" && seen.accepted)) return seen;
        [doubtful, answers] = [false, seen.kind === "delivered"];
      }
      return send(message, signal, answers);
    },
  };
}

/** Whether a request may have been carried out although no answer of the Bot API came back. */
function isLost(reply: BotReply): boolean {
  return reply.kind === "alien" || (reply.kind === "fault" && mayHaveArrived(reply.fault.kind));
}

/** Refused, not resolved or not trusted means that nothing was sent; anything later may have been read. */
function mayHaveArrived(kind: FaultKind): boolean {
  return kind === "timeout" || kind === "reset" || kind === "other";
}

/** A refusal that can be of what was sent. Not so are credentials, a request that was too slow, a rate limit (RFC 9110, 15.5; RFC 6585, 4) and a server's own faults. */
function isOfMessage(status: number | undefined): boolean {
  return status !== undefined && status < 500 && ![401, 407, 408, 429].includes(status);
}

type Verdict = SendResult | { readonly kind: "migrated"; readonly chatId: string } | { readonly kind: "threadGone" };

/** What a reply means for a message. Only the Bot API's own `ok` is a delivery. Pure. */
export function verdictOf(reply: BotReply): Verdict {
  switch (reply.kind) {
    case "ok":
      return { kind: "delivered", ...messageId(reply.result) };
    case "fault": {
      const { fault, accepted } = reply;
      return { kind: "retry", reason: `${fault.kind}: ${fault.reason}`, ...(accepted ? { accepted } : {}) };
    }
    case "alien": {
      const { status, accepted } = reply;
      const reason = `HTTP ${status} without the Bot API's JSON`;
      return { kind: "retry", reason, ...waitOf(reply), ...(accepted ? { accepted } : {}) };
    }
    case "refused": {
      const { code, description, migratedTo } = reply;
      const reason = `${code} ${description}`.trim();
      if (migratedTo !== undefined) return { kind: "migrated", chatId: migratedTo };
      if (isTopicGone(reply)) return { kind: "threadGone" };
      if (code === 401 || code === 403 || code === 404 || (code === 400 && /chat not found/i.test(description)))
        return { kind: "operator", reason };
      if (code === 400 || code === 413) return { kind: "rejected", reason };
      return { kind: "retry", reason, ...waitOf(reply) };
    }
    default:
      return reply satisfies never;
  }
}

function waitOf({ retryAfterS }: { readonly retryAfterS?: number }): { afterMs?: number } {
  return retryAfterS === undefined ? {} : { afterMs: retryAfterS * 1000 };
}

function messageId(result: unknown): { messageId?: number } {
  const id = isRecord(result) ? result["message_id"] : undefined;
  return typeof id === "number" && Number.isSafeInteger(id) ? { messageId: id } : {};
}
