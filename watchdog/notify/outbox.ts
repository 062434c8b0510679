import { type Clock, momentOf } from "../clock.ts";
import type { Notice } from "../decide/notice.ts";
import { isUrgent, worstFirst } from "../decide/severity.ts";
import type { Log } from "../log.ts";
import type { Part } from "../messages/card.ts";
import type { Away } from "../messages/message.ts";
import type { Summary } from "../messages/render.ts";
import { type Block, fitting, splitBlock, textOf } from "../messages/text.ts";
import { clip, reasonOf } from "../safe.ts";
import { type Channel, type Channels, type SendResult, whoOf } from "./channel.ts";
import type { Attempt } from "./journal.ts";
import {
  asked,
  broken,
  type Draft,
  forget,
  formOf,
  type Lane,
  NEW_LANE,
  type Next,
  nextOf,
  SUMMARY_ID,
  settled,
  waitMs,
} from "./lane.ts";
import { addToSummary, restOfSummary } from "./summary.ts";

export interface OutboxOptions {
  readonly channels: Channels;
  /** The second channel is used once the first has failed for this long. */
  readonly secondAfterMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** How messages name the host. */
  readonly host: () => string;
  /** The next message of these notices, at the moment of sending: one part, or several where it is too long. `away`: which channel took nothing, and until when. */
  readonly render: (notices: readonly Notice[], away: Away | undefined) => readonly Part[];
  readonly renderSummary: (summary: Summary) => Block;
  /** Called once the message that tells of these notices was accepted. */
  readonly onDelivered: (notices: readonly Notice[], messageId: number | undefined) => void;
  /** Called after every send, with what was sent and what became of it. */
  readonly onAttempt?: (attempt: Attempt) => void;
  /** Whether messages go without sound just now; `urgent`: one that holds something critical. */
  readonly isQuiet: (urgent: boolean) => boolean;
  /** 0 ≤ random < 1, for jitter. */
  readonly random: () => number;
  /** What an earlier run left to say. */
  readonly summary?: Summary | undefined;
}

export interface DeliveryView {
  /** The name of the first channel. */
  readonly channel: string;
  readonly pending: number;
  readonly lastOkAtMs: number | null;
  readonly lastError: string | null;
}

/**
 * The notices to tell, at most one an entity because each tick replaces them by what is judged then, and the sending of them.
 * Nothing is dropped: a notice leaves only by delivery, or by being judged not to need telling any more.
 */
export interface Outbox {
  /** Replaces what is pending. A message under way is not affected: what it tells is delivered as it was. */
  offer(notices: readonly Notice[]): void;
  /** Sends what is pending until `stop` aborts. */
  run(stop: AbortSignal): Promise<void>;
  /** Tries to send what is pending within `withinMs`, without regard to backoff, but to a rate limit. */
  flush(withinMs: number): Promise<void>;
  view(): DeliveryView;
  /** What is still to be said of the second channel's use. */
  summary(): Summary | undefined;
  /** Monotonic time of the first channel's last acceptance. */
  lastAnswerMonoMs(): number | undefined;
  /** The last send failed: the first channel is not known to work, whatever else it answers. */
  isFailing(): boolean;
}

/** A channel, what it made of earlier messages, and the ids of the message that is being made or sent. */
interface Line {
  readonly channel: Channel;
  lane: Lane;
  trying: readonly string[];
}

/** Decides who has what, and when the second channel stands in for the first; how each of them is treated is its lane's to say. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, log } = options;
  const lineOf = (channel: Channel): Line => ({ channel, lane: NEW_LANE, trying: [] });
  const first = lineOf(options.channels.first);
  const second = options.channels.second && lineOf(options.channels.second);
  const lines = second ? [first, second] : [first];
  let pending: readonly Notice[] = [];
  let summary = options.summary;
  let isFlushing = false;
  let wake: () => void = () => {};
  let sending: Promise<unknown> = Promise.resolve();

  /** What went through the second channel is said by the first, if it says anything that is no notice. */
  const tellsSummary = (line: Line): boolean => summary !== undefined && line === first && !line.channel.isOneByOne;
  const idsFor = (line: Line): readonly string[] => [
    ...pending.map(({ id }) => id),
    ...(tellsSummary(line) ? [SUMMARY_ID] : []),
  ];
  const laneWaitMs = (line: Line): number | undefined =>
    waitMs(line.lane, line.channel.perMin, idsFor(line), clock.monoMs(), isFlushing);
  /** The second one waits until the first has failed for long enough. */
  const secondWaitMs = (): number | undefined => {
    const wait = second && laneWaitMs(second);
    const { failingSince } = first.lane;
    return wait === undefined || !failingSince
      ? undefined
      : Math.max(wait, failingSince.monoMs + options.secondAfterMs - clock.monoMs());
  };

  /** The parts to send next, in order; what was midway comes after those. */
  const compose = (line: Line): readonly Draft[] => {
    const { channel, lane } = line;
    const now = clock.monoMs();
    const next = nextOf(lane, pending, tellsSummary(line), channel.isOneByOne === true, now);
    line.trying = next?.ids ?? [];
    return next ? draftsOf(next, line) : [];
  };

  const draftsOf = (next: Next, line: Line): readonly Draft[] => {
    const { channel, lane } = line;
    switch (next.kind) {
      case "notices": {
        const parts = options.render(next.notices, awayOf(channel, lane));
        const consequenceOf = next.notices[0]?.consequenceOf;
        if (channel.isOneByOne) return [{ ...next, blocks: parts.flatMap(({ blocks }) => blocks), silent: false }];
        const whole = parts.flatMap(({ notices }) => notices.map(({ id }) => id));
        const drafts = parts.map((part): Draft => {
          const { notices } = part;
          const urgent = (notices.length > 0 ? notices : next.notices).some(isUrgent);
          return {
            ...part,
            ids: notices.length > 0 ? notices.map(({ id }) => id) : whole,
            silent: consequenceOf !== undefined || options.isQuiet(urgent),
            // A message of the first channel has no reply in another one.
            ...(consequenceOf && line === first ? { replyTo: consequenceOf.messageId } : {}),
          };
        });
        return [...drafts, ...lane.rest];
      }
      case "part":
        return [{ ...next.part, blocks: next.part.at?.(clock.monoMs()) ?? next.part.blocks }, ...lane.rest.slice(1)];
      case "summary":
        return summary ? summaryDrafts(summary, next.ids) : [];
      default:
        return next satisfies never;
    }
  };

  const summaryDrafts = (said: Summary, ids: readonly string[]): Draft[] => {
    const block = options.renderSummary(said);
    const parts = fitting([block]) > 0 ? [block] : splitBlock(block);
    return parts.map((part) => ({ blocks: [part], notices: [], ids, silent: options.isQuiet(false), summary: said }));
  };

  const sendNext = async (line: Line, signal: AbortSignal): Promise<SendResult> => {
    const { channel } = line;
    if (line.lane.limitUntil > clock.monoMs()) {
      const answer = await channel.probe(signal);
      line.lane = asked(line.lane, answer, clock.monoMs());
      if (answer.kind !== "delivered") return answer;
    }
    const [draft, ...left] = compose(line);
    if (!draft) return { kind: "delivered" };
    const { blocks, notices, ids, silent, replyTo } = draft;
    const form = formOf(line.lane, channel.forms, ids);
    const reply = replyTo === undefined ? {} : { replyTo };
    const result = await channel.send(
      { text: textOf(blocks), host: options.host(), notices, form, silent, ...reply },
      signal,
    );
    options.onAttempt?.({ channel: channel.name, result: result.kind, blocks });
    line.lane = settled(line.lane, channel.forms, result, draft, left, momentOf(clock), options.random);
    if (result.kind === "delivered") accepted(line, draft, result.messageId);
    else logFailure(line, draft, form, result);
    return result;
  };

  const accepted = (line: Line, { notices, summary: said }: Draft, messageId: number | undefined): void => {
    if (line === second) {
      const since = first.lane.failingSince ?? momentOf(clock);
      for (const notice of notices) summary = addToSummary(summary, notice, since);
    } else if (second) second.lane = { ...second.lane, failures: 0 };
    if (said && !line.lane.rest.some((other) => other.summary)) {
      summary = restOfSummary(summary, said);
      line.lane = forget(line.lane, (id) => id === SUMMARY_ID);
    }
    // Of a told summary too: what outlives a restart has changed.
    if (notices.length === 0 && !said) return;
    const told = new Set(notices.map(({ id }) => id));
    pending = pending.filter(({ id }) => !told.has(id));
    for (const each of lines) each.lane = forget(each.lane, (id) => told.has(id));
    options.onDelivered(notices, line === first ? messageId : undefined);
  };

  const logFailure = (
    line: Line,
    { ids }: Draft,
    form: string,
    result: Exclude<SendResult, { kind: "delivered" }>,
  ): void => {
    const { reason } = result;
    const who = whoOf(line.channel);
    switch (result.kind) {
      case "retry":
        if (result.accepted)
          return log.warn(
            `${who} seems to have accepted a message, but its answer cannot be read; it is repeated in 5 min`,
            {
              reason,
              notices: ids.join(" "),
            },
          );
        return log.warn("message not delivered, it is kept and tried again", {
          reason,
          pending: pending.length,
          retryInS: Math.ceil((laneWaitMs(line) ?? 0) / 1000),
        });
      case "operator":
        return log.error(
          `${who} refuses to deliver until this is mended; messages are kept and tried again every 5 min`,
          {
            reason,
            pending: pending.length,
          },
        );
      case "rejected":
        return log.error(`${who} refuses this message`, { reason, form, notices: ids.join(" ") });
      default:
        return result satisfies never;
    }
  };

  /** A fault of our own in one send must not end all sending: it counts as a failed one. */
  const contained = async (line: Line, signal: AbortSignal): Promise<SendResult | undefined> => {
    try {
      return await sendNext(line, signal);
    } catch (error) {
      line.lane = broken(line.lane, line.trying, reasonOf(error), momentOf(clock), options.random);
      log.error("a message could not be made or sent", {
        reason: reasonOf(error),
        stack: error instanceof Error && error.stack ? clip(error.stack, 1000) : undefined,
      });
      return undefined;
    }
  };

  return {
    offer: (notices) => {
      pending = worstFirst(notices);
      const ids = new Set([SUMMARY_ID, ...notices.map(({ id }) => id)]);
      for (const line of lines) line.lane = forget(line.lane, (id) => !ids.has(id));
      wake();
    },
    run: async (stop) => {
      while (!stop.aborted) {
        const [wait, secondWait] = [laneWaitMs(first), secondWaitMs()];
        const ready = second && secondWait === 0 ? second : wait === 0 ? first : undefined;
        if (ready) {
          // Not aborted by stop: a send under way is finished, so that we know what became of it.
          sending = contained(ready, new AbortController().signal);
          await sending;
          continue;
        }
        const woken = new AbortController();
        // With a reason of its own: without one each abort would make an error with its stack.
        wake = () => woken.abort("woken");
        stop.addEventListener("abort", wake, { once: true });
        await clock.sleep(Math.min(wait ?? Infinity, secondWait ?? Infinity), woken.signal);
        stop.removeEventListener("abort", wake);
      }
    },
    flush: async (withinMs) => {
      const until = clock.monoMs() + withinMs;
      const over = new AbortController();
      const timer = clock.sleep(withinMs, over.signal);
      await Promise.race([sending, timer]);
      first.lane = { ...first.lane, backoffUntil: -Infinity };
      isFlushing = true;
      // A search for one refused notice takes fewer sends than this, and where all are refused there is an end to it.
      for (let sends = 0; sends < (first.channel.perMin ?? Infinity); sends += 1) {
        const wait = laneWaitMs(first);
        if (wait === undefined || clock.monoMs() + wait >= until) break;
        await clock.sleep(wait);
        const result = await Promise.race([contained(first, over.signal), timer]);
        // What fails now would fail again within these seconds; a rate limit says when, and a refusal is of one notice.
        if (
          result === undefined ||
          result.kind === "operator" ||
          (result.kind === "retry" && result.afterMs === undefined)
        )
          break;
      }
      while (second && secondWaitMs() === 0 && clock.monoMs() < until)
        await Promise.race([contained(second, over.signal), timer]);
      over.abort();
    },
    view: () => ({
      channel: first.channel.name,
      pending: pending.length,
      lastOkAtMs: first.lane.lastOk?.wallMs ?? null,
      lastError: first.lane.lastError,
    }),
    summary: () => summary,
    lastAnswerMonoMs: () => first.lane.lastOk?.monoMs,
    isFailing: () => first.lane.failingSince !== undefined,
  };
}

/** What messages say of a channel that took nothing; of one without a service behind it they say nothing. */
function awayOf({ service }: Channel, { failingSince, backAtMs }: Lane): Away | undefined {
  const untilMs = failingSince ? Infinity : backAtMs;
  return service === undefined || untilMs === undefined ? undefined : { service, untilMs };
}
