import type { Notice } from "../../decide/notice.ts";
import { detailOf } from "../../lang/detail.ts";
import type { DoctorTexts, Lang } from "../../lang/index.ts";
import type { Log } from "../../log.ts";
import { renderAll } from "../../messages/render.ts";
import { type Text, textOf } from "../../messages/text.ts";
import { type Bot, type BotReply, isTopicGone } from "../../notify/channels/telegram/client.ts";
import type { TelegramSettings } from "../../notify/channels/telegram/settings.ts";
import { telegramChannel } from "../../notify/channels/telegram/telegram.ts";
import type { Sent } from "./telegram.ts";

const LASTED_MS = 12 * 60_000;

/** The test message: what it is, then each mark as the daemon itself would render it. Pure. */
export function exampleText(host: string, t: DoctorTexts, lang: Lang, wallMs: number): Text {
  const now = { wallMs, monoMs: 0 };
  const { title, detail, alert, realert, recovery, flapping, info } = t.example;
  const span = { since: { wallMs: wallMs - LASTED_MS, monoMs: -LASTED_MS }, until: now };
  const common = (id: string, [head = "", ...facts]: readonly string[]) =>
    ({ id, topic: { kind: "hello" }, title: head, detail: detailOf(facts), span, due: now, judged: now }) as const;
  const incident = { earlier: [], skipped: 0, throughSeq: 1 };
  const flap = { count: 6, lastedMs: LASTED_MS };
  const notices: readonly Notice[] = [
    { ...common("intro", [title, detail]), kind: "info", count: 1 },
    { ...common("alert", alert), ...incident, kind: "alert" },
    { ...common("realert", realert), ...incident, kind: "realert" },
    { ...common("recovery", recovery), ...incident, kind: "recovery" },
    { ...common("flapping", flapping), kind: "flapping", flap, throughSeq: 1, open: true },
    { ...common("info", info), kind: "info", count: 1 },
  ];
  return textOf(renderAll(notices, { host, lang, ...now }).map(({ block }) => block));
}

/** Sends it as the daemon sends; what that would quietly put right is a finding here. */
export async function sendExample(
  text: Text,
  bot: Bot,
  chatId: string,
  config: TelegramSettings,
  log: Log,
): Promise<Sent> {
  const replies: BotReply[] = [];
  const ask: Bot["ask"] = async (...question) => {
    const reply = await bot.ask(...question);
    replies.push(reply);
    return reply;
  };
  const { tgThreadId: threadId, tgPerMin: perMin } = config;
  const options = { chatId, threadId, perMin, log: { ...log, warn: log.debug } };
  const channel = telegramChannel({ ...bot, ask }, options);
  const message = { text, host: "", notices: [], form: "html", silent: false } as const;
  const result = await channel.send(message, new AbortController().signal);
  if (result.kind !== "delivered") return { kind: "not delivered", reason: result.reason, reply: replies.at(-1) };
  const [migratedTo] = replies.flatMap((reply) => (reply.kind === "refused" && reply.migratedTo) || []);
  return {
    kind: "delivered",
    topicGone: replies.some(isTopicGone),
    ...(result.messageId === undefined ? {} : { messageId: result.messageId }),
    ...(migratedTo === undefined ? {} : { migratedTo }),
  };
}
