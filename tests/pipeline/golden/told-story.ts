import assert from "node:assert/strict";
import { createPipeline } from "../../../watchdog/daemon/pipeline.ts";
import type { Lang } from "../../../watchdog/lang/index.ts";
import { createLog } from "../../../watchdog/log.ts";
import { escapeHtml } from "../../../watchdog/messages/text.ts";
import type { Channel } from "../../../watchdog/notify/channel.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { settled, virtualClock } from "../../helpers/fakes/virtual-clock.ts";
import { peacefulScene, readingsOf } from "./scene.ts";
import { MINUTES, STORY } from "./story.ts";

process.env["TZ"] = "UTC";

const MINUTE_MS = 60_000;
const TITLE_OF_ONE_MESSAGE = "— ";

/** The story, minute by minute, through the real pipeline and outbox on a clock that moves when told to: every message that arrived, with its time. */
export async function messagesOf(lang: Lang): Promise<string[]> {
  const clock = virtualClock();
  const config = configOf({
    WATCHDOG_INTERVAL_S: "60",
    WATCHDOG_STARTUP_GRACE_S: "0",
    WATCHDOG_HOST_LABEL: "prod-1",
    WATCHDOG_DISK_CRIT_ENABLED: "true",
    WATCHDOG_PROC_ENABLED: "true",
  });
  const scene = peacefulScene();
  const arrived: string[] = [];
  const at = (): string => new Date(clock.wallMs()).toISOString().slice(11, 19);
  const log = createLog({
    level: "error",
    format: "text",
    wallMs: clock.wallMs,
    redact: (text) => text,
    write: (line) => assert.fail(line),
  });
  const channel: Channel = {
    name: "telegram",
    service: "Telegram",
    forms: ["html", "plain"],
    perMin: 20,
    send: ({ text }) => {
      if (scene.telegram === "away") return Promise.resolve({ kind: "retry", reason: "timeout: no answer within 5 s" });
      assert.equal(text.html, escapeHtml(text.plain));
      arrived.push(`${TITLE_OF_ONE_MESSAGE}${at()}\n${text.plain}\n`);
      return Promise.resolve({ kind: "delivered" });
    },
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
  const { watch, outbox, tick } = createPipeline({
    config,
    lang,
    clock,
    log,
    redact: (text) => text,
    systemHostname: "unused",
    collectAll: (now) => Promise.resolve(readingsOf(scene, now)),
    channels: { first: channel },
    random: () => 0.5,
  });
  const stop = new AbortController();
  const sending = outbox.run(stop.signal);
  const startMs = clock.wallMs();
  for (let minute = 0; minute < MINUTES; minute += 1) {
    for (const step of STORY) if (step.minute === minute) step.change(scene, startMs);
    await tick(stop.signal);
    await clock.advance(MINUTE_MS);
  }
  assert.equal(outbox.view().pending, 0, "everything was told in the end");
  assert.ok(
    [...watch.ledger().values()].every((entry) => !entry.told.alerting),
    "nothing is left alerting",
  );
  stop.abort();
  await settled();
  await sending;
  return arrived;
}
