import type { Clock } from "../../../watchdog/clock.ts";
import { codedError, DEADLINE_CODE } from "../../../watchdog/net/exchange.ts";
import type { PostJson } from "../../../watchdog/notify/post.ts";
import { type Behaviour, type BotRequest, type Message, messageOf, ok } from "./telegram.ts";
import { checkMessage, checkPace } from "./telegram-rules.ts";

/** Telegram without a network, for a clock that is not the world's: the same behaviours as the fake server's. */
export interface MemoryTelegram {
  readonly post: PostJson;
  readonly messages: readonly Message[];
  readonly requests: readonly BotRequest[];
  /** How it answers from now on; a string is the code of the error with which no connection comes about. */
  behave(behaviour: Behaviour | "ECONNREFUSED" | "ENOTFOUND"): void;
  /** What the Bot API, or the chat's pace, would not have borne. */
  readonly violations: readonly string[];
}

/** Telegram's documented pace for one group. */
const PACE = { gapMs: 1000, perMinute: 20 };

export function memoryTelegram(clock: Clock): MemoryTelegram {
  const messages: Message[] = [];
  const requests: BotRequest[] = [];
  const violations: string[] = [];
  let standing: Behaviour | string = ok;

  const show = (request: BotRequest): void => {
    if (request.call !== "sendMessage") return;
    messages.push(messageOf(request));
    violations.push(
      ...checkPace(
        messages.map(({ atMs }) => atMs),
        PACE,
      ),
    );
  };

  const post: PostJson = async (url, body, { deadlineMs, signal }) => {
    if (typeof standing === "string") throw codedError(standing, `${standing} of the test`);
    const call = url.pathname.split("/").at(-1) ?? "";
    const request = {
      method: "POST",
      path: url.pathname,
      call,
      body: body as Record<string, unknown>,
      atMs: clock.monoMs(),
      number: requests.length + 1,
    };
    requests.push(request);
    if (call === "sendMessage") violations.push(...checkMessage(request.body));
    const answer = standing(request);
    const waitMs = answer.kind === "hang" ? Infinity : answer.kind === "answer" ? (answer.delayMs ?? 0) : 0;
    if ((answer.kind !== "answer" && answer.arrived) || (answer.kind === "answer" && answer.ok && waitMs < deadlineMs))
      show(request);
    await clock.sleep(Math.min(waitMs, deadlineMs), signal);
    if (signal?.aborted) throw codedError("ABORTED", "stopped");
    if (waitMs >= deadlineMs) throw codedError(DEADLINE_CODE, `no complete answer within ${deadlineMs / 1000} s`);
    if (answer.kind !== "answer") throw codedError("ECONNRESET", "socket hang up");
    return { status: answer.status, headers: {}, body: Buffer.from(answer.body) };
  };

  return { post, messages, requests, violations, behave: (behaviour) => (standing = behaviour) };
}
