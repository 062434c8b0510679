/** What the Bot API demands of a message ("sendMessage", "HTML style"), and what a chat bears. Each function returns what is wrong. */

const MAX_UNITS = 4096;
const ENTITY = /&(lt|gt|amp|quot|#\d+|#x[0-9a-f]+);/gi;
const TAG = /<\/?(b|strong|i|em|u|s|code|pre|blockquote|tg-spoiler)>|<a href="[^"<>]*">|<\/a>/g;
const DECODED: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"' };

type Body = Readonly<Record<string, unknown>>;

export function checkMessage(body: Body): string[] {
  const { text, chat_id: chatId, message_thread_id: threadId, parse_mode: mode } = body;
  if (typeof text !== "string") return ["a message without a text"];
  const wrong: string[] = [];
  if (text.trim() === "") wrong.push("an empty text");
  if (text.length > MAX_UNITS) wrong.push(`a text of ${text.length} UTF-16 units`);
  if (!text.isWellFormed()) wrong.push("a text with half a surrogate pair");
  if (typeof chatId !== "number" && typeof chatId !== "string") wrong.push("no chat_id");
  if (threadId !== undefined && typeof threadId !== "number") wrong.push("message_thread_id is not a number");
  if (mode === "HTML") wrong.push(...checkHtml(text));
  else if (mode !== undefined) wrong.push(`parse_mode ${JSON.stringify(mode)}`);
  // Nothing that the tests put into a message looks like an entity: here it was escaped for nobody.
  else if (text.match(ENTITY)) wrong.push("entities in a plain text");
  return wrong;
}

function checkHtml(text: string): string[] {
  const bare = text.replace(TAG, "").replace(ENTITY, "");
  return /[<>&]/.test(bare)
    ? [`HTML that cannot be parsed: ${bare.slice(Math.max(0, bare.search(/[<>&]/) - 20)).slice(0, 60)}`]
    : [];
}

/** The text as the chat shows it. */
export function plainOf({ text, parse_mode: mode }: Body): string {
  if (typeof text !== "string") return "";
  return mode === "HTML" ? text.replace(TAG, "").replace(ENTITY, (entity) => DECODED[entity] ?? entity) : text;
}

export interface Pace {
  /** Least time between two messages. */
  readonly gapMs?: number;
  readonly perMinute?: number;
}

/** A little less than the limit counts as kept: both ends measure with clocks of their own. */
const SLACK_MS = 30;

export function checkPace(atMs: readonly number[], { gapMs, perMinute }: Pace): string[] {
  const last = atMs.at(-1) ?? 0;
  const before = atMs.at(-2) ?? -Infinity;
  const inMinute = atMs.filter((at) => at > last - 60_000 + SLACK_MS).length;
  return [
    ...(gapMs !== undefined && last - before < gapMs - SLACK_MS
      ? [`two messages within ${Math.round(last - before)} ms`]
      : []),
    ...(perMinute !== undefined && inMinute > perMinute ? [`${inMinute} messages within a minute`] : []),
  ];
}
