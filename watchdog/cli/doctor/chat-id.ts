import { isRecord } from "../../net/exchange.ts";
import { type Bot, nameOf } from "../../notify/channels/telegram/client.ts";
import type { TelegramSettings } from "../../notify/channels/telegram/settings.ts";
import { fragment } from "../../safe.ts";
import type { Ctx } from "./check.ts";
import { refusal } from "./telegram.ts";

/** Somewhere the bot was spoken to. */
export interface Spot {
  readonly chatId: number;
  readonly type: string;
  readonly title: string;
  readonly threadId?: number;
  readonly topic?: string;
  readonly removed: boolean;
  readonly atS: number;
}

const LIMIT = 100;

/** Lists where the bot was last spoken to. Without an offset nothing is confirmed away, so that it can be run again, and by others. */
export async function chatIds(
  bot: Bot | undefined,
  ctx: Ctx<TelegramSettings>,
): Promise<{ text: string; exitCode: 0 | 1 }> {
  const { t, place } = ctx;
  if (!bot) return { text: `${t.chatId.noToken(place)}\n`, exitCode: 1 };
  const [me, updates] = await Promise.all([bot.ask("getMe"), bot.ask("getUpdates", { limit: LIMIT, timeout: 0 })]);
  const name = me.kind === "ok" ? nameOf(me.result) : "?";
  if (updates.kind !== "ok") {
    const check = refusal("telegram", t.titles.bot, me.kind === "ok" ? updates : me, ctx);
    const isTaken = updates.kind === "refused" && updates.code === 409;
    const advice = check.state === "failed" ? check.advice : "";
    return {
      text: `✗ ${isTaken ? `${t.chatId.conflict(name)} (${check.detail})` : check.detail}\n  → ${advice}\n`,
      exitCode: 1,
    };
  }
  const list: readonly unknown[] = Array.isArray(updates.result) ? updates.result : [];
  const found = placesOf(list);
  if (found.length === 0) return { text: `${t.chatId.none(name, place)}\n`, exitCode: 1 };
  const many = list.length >= LIMIT ? `\n${t.chatId.many}\n` : "";
  return {
    text: `${t.chatId.heading(name)}\n\n${found.map((one) => entryOf(one, ctx)).join("\n")}\n${t.chatId.next(place)}\n${many}`,
    exitCode: 0,
  };
}

function entryOf({ chatId, type, title, threadId, topic, removed }: Spot, { t }: Ctx): string {
  const kind = t.chatId.types[type] ?? type;
  const where =
    threadId === undefined
      ? [kind, title]
      : [kind, title, `${t.chatId.topic(threadId)}${topic === undefined ? "" : ` «${topic}»`}`];
  const lines = [
    `${where.join(" · ")}${removed ? ` (${t.chatId.removed})` : ""}`,
    `    WATCHDOG_TG_CHAT_ID=${chatId}`,
    ...(threadId === undefined ? [] : [`    WATCHDOG_TG_THREAD_ID=${threadId}`]),
  ];
  return `${lines.join("\n")}\n`;
}

type Json = Readonly<Record<string, unknown>>;

/** Bot API, Update: whichever kind it is, its one part holds a `chat`, or a `message` that does. The last spoken to first. Pure. */
export function placesOf(updates: readonly unknown[]): Spot[] {
  const places = new Map<string, Spot>();
  const topics = new Map<string, string>();
  const moved = new Set<number>();
  for (const message of updates.flatMap(messagesOf)) {
    const chat = message["chat"];
    const chatId = isRecord(chat) ? chat["id"] : undefined;
    if (!isRecord(chat) || typeof chatId !== "number" || !Number.isSafeInteger(chatId)) continue;
    if (Number.isSafeInteger(message["migrate_to_chat_id"])) moved.add(chatId);
    const threadId =
      message["is_topic_message"] === true && typeof message["message_thread_id"] === "number"
        ? message["message_thread_id"]
        : undefined;
    const key = `${chatId} ${threadId ?? ""}`;
    const topic = topicName(message);
    if (topic !== undefined) topics.set(key, topic);
    const known = topics.get(key);
    places.set(key, {
      chatId,
      type: fragment(String(chat["type"]), 20),
      title: titleOf(chat),
      removed: isRemoval(message),
      atS: typeof message["date"] === "number" ? message["date"] : 0,
      ...(threadId === undefined ? {} : { threadId }),
      ...(known === undefined ? {} : { topic: known }),
    });
  }
  return [...places.values()].filter(({ chatId }) => !moved.has(chatId)).sort((a, b) => b.atS - a.atS);
}

function messagesOf(update: unknown): Json[] {
  if (!isRecord(update)) return [];
  return Object.values(update)
    .filter(isRecord)
    .map((part) => (isRecord(part["chat"]) ? part : isRecord(part["message"]) ? part["message"] : part));
}

function titleOf(chat: Json): string {
  return typeof chat["title"] === "string" ? fragment(chat["title"], 64) : nameOf(chat);
}

/** A topic's name stands in the message that made or renamed it, and what is written in the topic replies to that one. */
function topicName(message: Json): string | undefined {
  const replied = isRecord(message["reply_to_message"]) ? message["reply_to_message"] : {};
  for (const part of [
    message["forum_topic_edited"],
    message["forum_topic_created"],
    replied["forum_topic_edited"],
    replied["forum_topic_created"],
  ]) {
    if (isRecord(part) && typeof part["name"] === "string") return fragment(part["name"], 64);
  }
  return undefined;
}

/** ChatMemberUpdated of the bot itself. */
function isRemoval(message: Json): boolean {
  const member = message["new_chat_member"];
  return isRecord(member) && (member["status"] === "left" || member["status"] === "kicked");
}
