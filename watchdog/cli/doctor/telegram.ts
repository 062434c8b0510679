import type { Problem } from "../../config/table.ts";
import { isRecord } from "../../net/exchange.ts";
import type { FaultKind } from "../../net/fault.ts";
import { type Bot, type BotReply, chatIdOf, nameOf } from "../../notify/channels/telegram/client.ts";
import type { TelegramSettings } from "../../notify/channels/telegram/settings.ts";
import { clip, fragment } from "../../safe.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";

/** What became of the test message. */
export type Sent =
  | {
      readonly kind: "delivered";
      readonly messageId?: number;
      readonly topicGone: boolean;
      readonly migratedTo?: string;
    }
  | { readonly kind: "not delivered"; readonly reason: string; readonly reply: BotReply | undefined };

export interface TelegramFacts {
  /** undefined: no bot is configured. */
  readonly me?: BotReply;
  /** undefined: no chat is configured, or the bot could not be reached. */
  readonly chat?: BotReply;
  readonly member?: BotReply;
  /** undefined: not asked for. */
  readonly sent?: Sent;
}

/** Asks who the bot is, what the chat is and what the bot may do there, as far as each answer makes the next question meaningful. */
export async function askTelegram(
  bot: Bot | undefined,
  chatId: string | undefined,
  send: ((bot: Bot, chatId: string) => Promise<Sent>) | undefined,
): Promise<TelegramFacts> {
  if (!bot) return {};
  const me = await bot.ask("getMe");
  if (me.kind !== "ok" || chatId === undefined) return { me };
  const id = isRecord(me.result) ? me.result["id"] : undefined;
  const [chat, member] = await Promise.all([
    bot.ask("getChat", { chat_id: chatIdOf(chatId) }),
    bot.ask("getChatMember", { chat_id: chatIdOf(chatId), user_id: id }),
  ]);
  return { me, chat, member, ...(send && chat.kind === "ok" ? { sent: await send(bot, chatId) } : {}) };
}

/** Bot, chat, topic, right to post, test message. Pure. */
export function judgeTelegram(
  facts: TelegramFacts,
  wantsSend: boolean,
  problems: readonly Problem[],
  ctx: Ctx<TelegramSettings>,
): Check[] {
  const { t } = ctx;
  const { me, chat } = facts;
  // The settings have said it already, with what mends it.
  const isReported = (name: string): boolean =>
    problems.some(({ variable, code }) => variable === name && code !== "missing");
  if (!me)
    return [
      off("telegram.bot", t.titles.bot, isReported("WATCHDOG_TG_BOT_TOKEN") ? t.telegram.badToken : t.telegram.off),
    ];
  if (me.kind !== "ok")
    return [refusal("telegram.bot", t.titles.bot, me, ctx), off("telegram.chat", t.titles.chat, t.telegram.first)];
  const bot = ok("telegram.bot", t.titles.bot, t.telegram.bot(nameOf(me.result)));
  if (!chat && isReported("WATCHDOG_TG_CHAT_ID")) return [bot, off("telegram.chat", t.titles.chat, t.telegram.badChat)];
  if (!chat) return [bot, failed("telegram.chat", t.titles.chat, t.telegram.noChat, t.telegram.findChat(ctx.place))];
  if (chat.kind !== "ok")
    return [
      bot,
      refusal("telegram.chat", t.titles.chat, chat, ctx),
      off("telegram.right", t.titles.right, t.telegram.firstChat),
    ];
  const about = isRecord(chat.result) ? chat.result : {};
  return [
    bot,
    ok("telegram.chat", t.titles.chat, chatName(about, t.chatId.types)),
    topicCheck(about, facts.sent, ctx),
    rightCheck(about, facts.member, ctx),
    wantsSend ? sentCheck(about, facts.sent, ctx) : off("telegram.send", t.titles.send, t.telegram.sendOff),
  ];
}

type Json = Readonly<Record<string, unknown>>;

function chatName(chat: Json, types: Readonly<Record<string, string>>): string {
  const type = String(chat["type"]);
  const name = typeof chat["title"] === "string" ? fragment(chat["title"], 64) : nameOf(chat);
  return `${name}, ${types[type] ?? fragment(type, 20)}, ${clip(String(chat["id"]), 20)}`;
}

/** The Bot API has no question about a topic: only a message shows whether it exists. */
function topicCheck(chat: Json, sent: Sent | undefined, { config, t, place }: Ctx<TelegramSettings>): Check {
  const [id, title, topic] = ["telegram.topic", t.titles.topic, config.tgThreadId];
  if (topic === undefined) return off(id, title, t.telegram.noTopic);
  if (topic === 1) return failed(id, title, t.telegram.generalTopic, t.telegram.dropTopic(place));
  if (chat["type"] !== "private" && chat["is_forum"] !== true)
    return failed(id, title, t.telegram.notForum(topic), t.telegram.dropTopic(place));
  if (sent?.kind !== "delivered") return off(id, title, t.telegram.topicUnproven(topic));
  return sent.topicGone
    ? failed(id, title, t.telegram.topicGone(topic), t.telegram.findTopic(place))
    : ok(id, title, t.telegram.topicFound(topic));
}

/** Bot API, ChatMember: an administrator of a channel needs can_post_messages, a member of a group what the group or its restriction allows. */
function rightCheck(chat: Json, reply: BotReply | undefined, ctx: Ctx<TelegramSettings>): Check {
  const { t } = ctx;
  const [id, title] = ["telegram.right", t.titles.right];
  if (chat["type"] === "private") return ok(id, title, t.telegram.mayPrivate);
  if (reply?.kind === "refused" && reply.code === 400)
    return failed(id, title, t.telegram.unknownRight(`400 ${reply.description}`), allowAdvice(chat, ctx));
  if (reply?.kind !== "ok") return reply ? refusal(id, title, reply, ctx) : off(id, title, t.telegram.firstChat);
  const member = isRecord(reply.result) ? reply.result : {};
  const status = fragment(String(member["status"]), 20);
  if (mayPost(chat, member)) return ok(id, title, t.telegram.may(status));
  const isOut = status === "left" || status === "kicked";
  return failed(id, title, t.telegram.mayNot(status), isOut ? t.telegram.invite : allowAdvice(chat, ctx));
}

function mayPost(chat: Json, member: Json): boolean {
  const isChannel = chat["type"] === "channel";
  const permissions = isRecord(chat["permissions"]) ? chat["permissions"] : {};
  switch (member["status"]) {
    case "creator":
      return true;
    case "administrator":
      return !isChannel || member["can_post_messages"] === true;
    case "member":
      return !isChannel && permissions["can_send_messages"] !== false;
    case "restricted":
      return member["is_member"] === true && member["can_send_messages"] === true;
    default:
      return false;
  }
}

function allowAdvice(chat: Json, { t }: Ctx): string {
  return chat["type"] === "channel" ? t.telegram.allowInChannel : t.telegram.allowInGroup;
}

function sentCheck(chat: Json, sent: Sent | undefined, ctx: Ctx<TelegramSettings>): Check {
  const { t, place } = ctx;
  const [id, title] = ["telegram.send", t.titles.send];
  if (!sent) return off(id, title, t.telegram.firstChat);
  if (sent.kind === "delivered") {
    if (sent.migratedTo !== undefined)
      return failed(id, title, t.telegram.migrated(sent.migratedTo), t.telegram.setChat(sent.migratedTo, place));
    return ok(id, title, t.telegram.sent(sent.messageId));
  }
  return failed(id, title, sent.reason, sentAdvice(chat, sent.reply, ctx));
}

function sentAdvice(chat: Json, reply: BotReply | undefined, ctx: Ctx<TelegramSettings>): string {
  if (reply?.kind === "refused") return reply.code === 400 ? allowAdvice(chat, ctx) : refusalAdvice(reply, ctx);
  if (reply?.kind === "alien" && reply.status >= 500) return ctx.t.telegram.later;
  return networkAdvice(reply?.kind === "fault" ? reply.fault.kind : "other", ctx);
}

/** Each way to be refused, with what mends it. */
export function refusal(
  id: string,
  title: string,
  reply: Exclude<BotReply, { kind: "ok" }>,
  { config, t, place }: Ctx<TelegramSettings>,
): Check {
  switch (reply.kind) {
    case "fault":
      return failed(id, title, t.fault(reply.fault), networkAdvice(reply.fault.kind, { config, t, place }));
    case "alien":
      return failed(
        id,
        title,
        t.telegram.alien(reply.status),
        isTelegrams(config) ? t.telegram.later : t.telegram.alienAdvice(place),
      );
    case "refused": {
      const { code, description, migratedTo } = reply;
      if (migratedTo !== undefined)
        return failed(id, title, t.telegram.migrated(migratedTo), t.telegram.setChat(migratedTo, place));
      return failed(id, title, `${code} ${description}`.trim(), refusalAdvice(reply, { t, place }));
    }
    default:
      return reply satisfies never;
  }
}

function isTelegrams({ tgApiUrl }: TelegramSettings): boolean {
  return tgApiUrl.host === "api.telegram.org";
}

/** A Bot API server of one's own is mended where it runs; Telegram's can only be reached or not. */
function networkAdvice(kind: FaultKind, { config, t, place }: Ctx<TelegramSettings>): string {
  return isTelegrams(config)
    ? t.telegram.network(kind, config.tgProxyUrl !== undefined, place)
    : t.network.advice(kind, config.tgApiUrl.host, "WATCHDOG_TG_API_URL", false);
}

function refusalAdvice(
  { code, retryAfterS }: Extract<BotReply, { kind: "refused" }>,
  { t, place }: Pick<Ctx, "t" | "place">,
): string {
  switch (code) {
    case 401:
    case 404:
      return t.telegram.newToken(place);
    case 403:
      return t.telegram.invite;
    case 409:
      return t.telegram.ownBot(place);
    case 429:
      return t.telegram.waitS(Math.ceil(retryAfterS ?? 60));
    default:
      return code >= 500 ? t.telegram.later : t.telegram.findChat(place);
  }
}
