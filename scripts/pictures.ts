// npm run pictures: the README's pictures, made anew from real output. A night on a make-believe host goes through the real pipeline on a clock
// that moves when told to; what it shows at its end is the status page, what it sent meanwhile is the conversation. Needs Chromium.
import { fileURLToPath } from "node:url";
import { startChromium } from "../tests/helpers/drivers/chromium.ts";
import { configOf } from "../tests/helpers/fakes/config.ts";
import { settled, virtualClock } from "../tests/helpers/fakes/virtual-clock.ts";
import { container, peacefulScene, readingsOf, type Scene } from "../tests/pipeline/golden/scene.ts";
import { createPipeline } from "../watchdog/daemon/pipeline.ts";
import { LANGS, PAGE_TEXTS } from "../watchdog/lang/index.ts";
import { createLog } from "../watchdog/log.ts";
import type { Channel } from "../watchdog/notify/channel.ts";
import type { Journal } from "../watchdog/notify/journal.ts";
import { html, trusted } from "../watchdog/status/html.ts";
import { type Answer, startStatusServer } from "../watchdog/status/server.ts";
import { createSite, type Site } from "../watchdog/status/site.ts";

process.env["TZ"] = "UTC";

const MINUTE_MS = 60_000;
const QUIET_MINUTES = 23 * 60;
const PORT = 18_998;
const FOLDER = fileURLToPath(new URL("../docs/img", import.meta.url));

/** What happens in that night, by the minute after the quiet hours. */
const NIGHT: Readonly<Record<number, (scene: Scene, startMs: number) => void>> = {
  8: (scene) => scene.containers.set("worker-2", container({ state: "exited", exitCode: 137, oomKilled: true })),
  13: (scene) => scene.containers.set("worker-2", container()),
  40: (scene) => {
    scene.queue.failed += 1;
  },
};
const NIGHT_MINUTES = 44;

async function liveThrough(): Promise<{ site: Site; journal: Journal }> {
  const clock = virtualClock();
  const lang = LANGS.en;
  const config = configOf({
    WATCHDOG_INTERVAL_S: "60",
    WATCHDOG_LANG: "en",
    WATCHDOG_STARTUP_GRACE_S: "0",
    WATCHDOG_HOST_LABEL: "build-1",
    WATCHDOG_DISK_FORECAST_H: "12",
    WATCHDOG_STATUS_ADDR: "",
  });
  const scene = peacefulScene();
  const startMs = clock.wallMs();
  const startedAt = { wallMs: startMs, monoMs: clock.monoMs() };
  const log = createLog({
    level: "error",
    format: "text",
    wallMs: clock.wallMs,
    redact: (text) => text,
    write: (line) => process.stderr.write(line),
  });
  const channel: Channel = {
    name: "telegram",
    service: "Telegram",
    forms: ["html", "plain"],
    send: () => Promise.resolve({ kind: "delivered", messageId: 1 }),
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
  const { watch, outbox, journal, tick } = createPipeline({
    config,
    lang,
    clock,
    log,
    redact: (text) => text,
    systemHostname: "unused",
    collectAll: (now) => Promise.resolve(readingsOf(scene, now)),
    channels: { first: channel },
    random: () => 0,
  });
  const site = createSite({
    config,
    watch,
    clock,
    journal,
    delivery: outbox.view,
    stateError: undefined,
    problems: [],
    version: "0.1.0",
    startedAt,
    redact: (text) => text,
  });
  const stop = new AbortController();
  const sending = outbox.run(stop.signal);
  for (let minute = 0; minute < QUIET_MINUTES + NIGHT_MINUTES; minute += 1) {
    scene.memoryPct = 44 + 7 * Math.sin(minute / 170) + 2 * Math.sin(minute / 13);
    scene.dataPct = 63 + Math.max(0, minute - 14 * 60) * 0.0375 + (minute % 180) / 90;
    scene.agents = scene.agents.map((agent) => ({ ...agent, cpuTicks: (agent.cpuTicks ?? 0) + 60 }));
    scene.queue.done += minute % 7 === 0 ? 1 : 0;
    NIGHT[minute - QUIET_MINUTES]?.(scene, startMs);
    await tick(stop.signal);
    site.ticked();
    await clock.advance(minute === QUIET_MINUTES + NIGHT_MINUTES - 1 ? 4000 : MINUTE_MS);
  }
  stop.abort();
  await settled();
  await sending;
  return { site, journal };
}

const CHAT_STYLE = `
:root{color-scheme:light}*{box-sizing:border-box}body{margin:0;background:#cfdbe3;font:15px/1.4 system-ui,"DejaVu Sans",sans-serif;color:#12181e}
header{background:#fff;padding:12px 16px;font-weight:650;display:flex;gap:12px;align-items:center;border-bottom:1px solid #bccad4}
header i{width:38px;height:38px;border-radius:50%;background:#3b6f9e;color:#fff;display:grid;place-items:center;font-style:normal}
header small{display:block;font-weight:400;color:#66727d}
main{padding:14px 12px 18px;display:grid;gap:8px}
article{background:#fff;border-radius:12px 12px 12px 4px;padding:8px 12px 6px;max-width:94%;justify-self:start;white-space:pre-line;overflow-wrap:anywhere;box-shadow:0 1px 1px #0002}
time{float:right;margin:6px 0 0 12px;color:#7b8791;font-size:12px}`;

/** The last messages as a chat shows them: the text is what was sent, to the letter. */
function conversation(journal: Journal, count: number): string {
  const messages = [...journal.recent()].slice(0, count).reverse();
  return `<!doctype html>${
    html`<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>${trusted(CHAT_STYLE)}</style>
<header><i>W</i><span>build-1 alerts<small>channel</small></span></header><main>${messages.map(({ atMs, blocks }) => html`<article>${blocks.map(({ head, body }) => `${head}\n${body}`).join("\n\n")}<time>${PAGE_TEXTS.en.time(atMs, atMs)}</time></article>`)}</main></html>`
      .html
  }`;
}

const { site, journal } = await liveThrough();
const page = (): Answer => site.routes["/"]?.() ?? { status: 500, type: "text/plain", body: "" };
const chat = (): Answer => ({
  status: 200,
  type: "text/html; charset=utf-8",
  headers: { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" },
  body: conversation(journal, 6),
});
const server = await startStatusServer({ host: "127.0.0.1", port: PORT }, { "/": page, "/chat": chat });
const browser = await startChromium();
try {
  for (const [name, path, dark] of [
    ["status-phone", "/", false],
    ["status-phone-dark", "/", true],
    ["conversation", "/chat", false],
  ] as const) {
    const tab = await browser.open({ width: 380, height: 640, dark });
    await tab.goto(`http://127.0.0.1:${PORT}${path}`);
    await tab.screenshot(`${FOLDER}/${name}.png`, path === "/" ? 1240 : Infinity);
    if (tab.complaints().length > 0) throw new Error(tab.complaints().join("\n"));
    console.log(`docs/img/${name}.png`);
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
