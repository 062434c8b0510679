import type { Block } from "../messages/text.ts";
import type { SendResult } from "./channel.ts";

/** One send and what became of it. */
export interface Attempt {
  readonly channel: string;
  readonly result: SendResult["kind"];
  readonly blocks: readonly Block[];
}

/** A message that was accepted, as it was written. */
export interface SentMessage {
  /** Its moment, but no two messages share it. */
  readonly id: number;
  readonly atMs: number;
  readonly channel: string;
  readonly blocks: readonly Block[];
}

/** What was sent since the start: the last messages in full, of all sends the number. In memory alone. */
export interface Journal {
  record(attempt: Attempt): void;
  /** Newest first. */
  recent(): readonly SentMessage[];
  /** How many sends of a channel had which result; each that is possible, even if there was none. */
  counts(): readonly { readonly channel: string; readonly result: SendResult["kind"]; readonly count: number }[];
}

/** A message is at most 4,096 characters, so this is at most 400 kB. */
export const KEPT_MESSAGES = 50;
const RESULTS = ["delivered", "retry", "operator", "rejected"] as const satisfies readonly SendResult["kind"][];

export function createJournal(channels: readonly string[], wallMs: () => number): Journal {
  const counts = new Map<string, ReturnType<Journal["counts"]>[number]>(
    channels.flatMap((channel) =>
      RESULTS.map((result) => [`${channel} ${result}`, { channel, result, count: 0 }] as const),
    ),
  );
  let messages: readonly SentMessage[] = [];
  let lastId = 0;
  return {
    record: ({ channel, result, blocks }) => {
      const id = `${channel} ${result}`;
      counts.set(id, { channel, result, count: (counts.get(id)?.count ?? 0) + 1 });
      if (result !== "delivered") return;
      const atMs = wallMs();
      lastId = Math.max(lastId + 1, atMs);
      messages = [{ id: lastId, atMs, channel, blocks }, ...messages].slice(0, KEPT_MESSAGES);
    },
    recent: () => messages,
    counts: () => [...counts.values()],
  };
}
