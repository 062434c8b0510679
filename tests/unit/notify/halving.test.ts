import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { createLog } from "../../../watchdog/log.ts";
import { nextMessage } from "../../../watchdog/messages/message.ts";
import { renderAll } from "../../../watchdog/messages/render.ts";
import type { Channel } from "../../../watchdog/notify/channel.ts";
import { createOutbox } from "../../../watchdog/notify/outbox.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";
import { virtualClock } from "../../helpers/fakes/virtual-clock.ts";

const nameOf = (index: number): string => `c${String(index).padStart(3, "0")}x`;

interface Search {
  /** Every sendMessage until nothing but what is held is pending. */
  readonly sends: number;
  readonly toldNames: Set<string>;
  readonly pending: number;
}

/** `count` containers fail at once, and Telegram refuses every message that names one of `refused`; with `html`, every HTML message. */
async function search(count: number, refused: readonly number[], html = false): Promise<Search> {
  const clock = virtualClock();
  const names = refused.map(nameOf);
  let sends = 0;
  const toldNames = new Set<string>();
  const due = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  let offered: Notice[] = Array.from({ length: count }, (_, index) =>
    noticeOf({
      id: nameOf(index),
      key: `container:${nameOf(index)}`,
      title: `Container ${nameOf(index)}`,
      detail: "State: stopped.",
      due,
    }),
  );
  const channel: Channel = {
    name: "telegram",
    service: "Telegram",
    forms: ["html", "plain"],
    probe: () => Promise.resolve({ kind: "delivered" }),
    send: ({ text, form }) => {
      sends += 1;
      const isRefused = html ? form === "html" : names.some((name) => text.plain.includes(name));
      if (!isRefused) for (const [name] of text.plain.matchAll(/c\d{3}x/g)) toldNames.add(name);
      return Promise.resolve(isRefused ? { kind: "rejected", reason: "400" } : { kind: "delivered" });
    },
  };
  const outbox = createOutbox({
    channels: { first: channel },
    secondAfterMs: 0,
    host: () => "box",
    clock,
    random: () => 0.5,
    isQuiet: () => false,
    renderSummary: () => assert.fail("no summary"),
    log: createLog({ level: "error", format: "text", redact: (text) => text, wallMs: clock.wallMs, write: () => {} }),
    render: (notices, away) =>
      nextMessage(renderAll(notices, { host: "box", lang: LANGS.en, wallMs: clock.wallMs(), monoMs: clock.monoMs() }), {
        lang: LANGS.en,
        monoMs: clock.monoMs(),
        away,
      }),
    onDelivered: (notices) => {
      offered = offered.filter((notice) => !notices.includes(notice));
      outbox.offer(offered);
    },
  });
  const stop = new AbortController();
  const running = outbox.run(stop.signal);
  outbox.offer(offered);
  await clock.advance(60_000);
  stop.abort();
  await running;
  return { sends, toldNames, pending: outbox.view().pending };
}

const limitOf = (count: number): number => Math.floor(2 * Math.log2(count) + 2 + 1e-9);

for (const count of [2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 33, 60, 64, 100, 128, 200]) {
  test(`of ${count} names, the one that is refused is found in at most ${limitOf(count)} messages, wherever it stands, and all others are told`, {
    timeout: 60_000,
  }, async () => {
    const step = count > 40 ? 7 : 1;
    for (let position = 0; position < count; position += step) {
      const { sends, toldNames, pending } = await search(count, [position]);
      assert.ok(sends <= limitOf(count), `${sends} messages for position ${position}`);
      assert.deepEqual(
        [toldNames.size, pending, toldNames.has(nameOf(position))],
        [count - 1, 1, false],
        `position ${position}`,
      );
    }
  });
}

test("two refused names are found one after the other, and all others are told", { timeout: 60_000 }, async () => {
  for (const count of [2, 3, 8, 60, 200]) {
    for (const pair of [
      [0, 1],
      [0, count - 1],
      [Math.floor(count / 2) - 1, Math.floor(count / 2)],
    ]) {
      const { sends, toldNames, pending } = await search(count, pair);
      assert.deepEqual([toldNames.size, pending], [count - 2, 2], `${count}: ${pair.join()}`);
      assert.ok(sends <= 2 * limitOf(count), `${sends} messages for ${pair.join()} of ${count}`);
    }
  }
});

test("a refusal of the markup alone costs one message more, however many are told", { timeout: 60_000 }, async () => {
  for (const count of [1, 5, 60, 200]) {
    const { sends, toldNames } = await search(count, [], true);
    assert.deepEqual([sends, toldNames.size], [2, count]);
  }
});
