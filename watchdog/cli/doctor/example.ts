import type { Config } from "../../config/variables.ts";
import type { Notice, NoticeKind } from "../../decide/ledger.ts";
import type { DoctorLang } from "../../lang/doctor.ts";
import type { Lang } from "../../lang/index.ts";
import type { Fields, Log } from "../../log.ts";
import { renderAll } from "../../messages/render.ts";
import { type Text, textOf } from "../../messages/text.ts";
import { telegramSender } from "../../notify/telegram.ts";
import type { Sent } from "./telegram.ts";

const LASTED_MS = 12 * 60_000;

/** The test message: what it is, then each mark as the daemon itself would render it. Pure. */
export function exampleText(host: string, t: DoctorLang, lang: Lang, wallMs: number): Text {
  const now = { wallMs, monoMs: 0 };
  const notice = (kind: NoticeKind, words: readonly string[], changes: Partial<Notice> = {}): Notice => ({
    id: `example:${kind}`,
    topic: { kind: "hello" },
    kind,
    title: words[0] ?? "",
    detail: words[1] ?? "",
    span: { since: { wallMs: wallMs - LASTED_MS, monoMs: -LASTED_MS }, until: now },
    earlier: [],
    skipped: 0,
    count: 1,
    due: now,
    judged: now,
    throughSeq: 1,
    open: kind !== "recovery",
    ...changes,
  });
  const { title, detail, alert, realert, recovery, flapping, info } = t.example;
  const notices = [
    notice("info", [title, detail]),
    notice("alert", alert),
    notice("realert", realert),
    notice("recovery", recovery),
    notice("flapping", flapping, { flap: { count: 6, lastedMs: LASTED_MS } }),
    notice("info", info, { id: "example:info2" }),
  ];
  return textOf(renderAll(notices, { host, lang, ...now }).map(({ block }) => block));
}

/** Sends it as the daemon sends; what that would quietly put right is a finding here. */
export async function sendExample(text: Text, token: string, chatId: string, config: Config, log: Log): Promise<Sent> {
  let topicGone = false;
  let migratedTo: string | undefined;
  const warn = (event: string, fields: Fields = {}): void => {
    topicGone ||= fields["threadId"] !== undefined;
    if (typeof fields["chatId"] === "string") migratedTo = fields["chatId"];
    log.debug(event, fields);
  };
  const sender = telegramSender({
    apiUrl: config.tgApiUrl,
    token,
    chatId,
    threadId: config.tgThreadId,
    perMin: config.tgPerMin,
    timeoutMs: config.httpTimeoutS * 1000,
    proxy: config.tgProxyUrl,
    log: { ...log, warn },
  });
  const result = await sender.send(text, { form: "html", silent: false }, new AbortController().signal);
  if (result.kind !== "delivered") return { kind: "not delivered", reason: result.reason };
  return {
    kind: "delivered",
    topicGone,
    ...(result.messageId === undefined ? {} : { messageId: result.messageId }),
    ...(migratedTo === undefined ? {} : { migratedTo }),
  };
}
