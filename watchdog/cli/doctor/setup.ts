import { dirname } from "node:path";
import type { HeartbeatSettings } from "../../config/areas/heartbeat.ts";
import type { LoopSettings } from "../../config/areas/loop.ts";
import type { StateSettings } from "../../config/areas/state.ts";
import { ownerToRead, type Problem } from "../../config/table.ts";
import type { Fault } from "../../net/fault.ts";
import type { ChannelSettings } from "../../notify/channels/settings.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";
import { FOREIGN } from "./self.ts";

/** Every problem of the configuration, and the kill switch. Pure. */
export function judgeSettings(
  problems: readonly Problem[],
  uid: number,
  { config, t, place }: Ctx<LoopSettings>,
): Check[] {
  const seen = new Map<string, number>();
  const found = problems.map((problem) => {
    const { variable, name = variable, text } = problem;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return failed(`config.${name}${count > 1 ? `.${count}` : ""}`, t.titles.config, text, adviceFor(problem));
  });
  function adviceFor({ variable, name = variable, code, path = "" }: Problem): string {
    if (code === "denied") return t.config.secretFile(path, ownerToRead(uid), place);
    if (code === "open") return t.config.statusToken(place);
    // Removing what is needed would mend nothing. Of a file that is `unreadable` the value is not in doubt: its path or its mount is.
    switch (code === "needed" || code === "missing" ? variable : "") {
      case "WATCHDOG_TG_CHAT_ID":
        return t.telegram.findChat(place);
      case "WATCHDOG_TG_BOT_TOKEN":
        return t.telegram.newToken(place);
      case "WATCHDOG_STATUS_TOKEN":
        return t.config.statusToken(place);
      default:
        return t.config.advice(name, place);
    }
  }
  const enabled = ["enabled", t.titles.enabled] as const;
  return [
    ...(found.length > 0 ? found : [ok("config", t.titles.config, t.config.fine)]),
    config.enabled ? ok(...enabled, t.config.running) : off(...enabled, t.config.switchedOff),
  ];
}

/** State file, second channel, heartbeat, proxy. Of a URL the host alone is shown: whoever knows its path can write to it. Pure. */
export function judgeFiles(
  fault: Fault | undefined,
  uid: number,
  { config, t, place }: Ctx<ChannelSettings & HeartbeatSettings & StateSettings>,
): Check[] {
  const { titles, files } = t;
  const shown = (
    id: string,
    title: string,
    url: URL | undefined,
    name: string,
    words: (host: string) => string,
  ): Check => (url ? ok(id, title, words(url.host)) : off(id, title, files.notSet(name)));
  return [
    stateCheck(),
    shown("webhook", titles.webhook, config.fallbackWebhookUrl, "WATCHDOG_FALLBACK_WEBHOOK_URL", files.goesTo),
    shown("heartbeat", titles.heartbeat, config.heartbeatUrl, "WATCHDOG_HEARTBEAT_URL", files.goesTo),
    shown("telegram.proxy", titles.tgProxy, config.tgProxyUrl, "WATCHDOG_TG_PROXY_URL", files.proxied),
  ];

  function stateCheck(): Check {
    const [id, title, path] = ["state_file", titles.stateFile, config.stateFile];
    if (path === undefined) return off(id, title, files.noState);
    if (!fault) return ok(id, title, files.writable(path));
    const { code = "", reason } = fault;
    if (code === FOREIGN) return failed(id, title, files.foreign(path), files.ownState(place));
    const dir = dirname(path);
    const isMissing = ["EROFS", "ENOENT", "ENOTDIR"].includes(code);
    const advice = !isMissing
      ? files.chown(path, dir, uid, place)
      : place.inContainer
        ? files.mountState(dir, place)
        : files.makeDir(dir);
    return failed(id, title, files.notWritable(path, reason), advice);
  }
}

/** By Telegram's clock, else by the orchestrator's. */
export interface ClockFacts {
  readonly aheadMs: number;
  readonly source: "Telegram" | "/metrics";
}

const MAX_OFF_MS = 30_000;

export function judgeClock(facts: ClockFacts | undefined, { t }: Ctx): Check {
  const [id, title] = ["clock", t.titles.clock];
  if (!facts) return off(id, title, t.clock.off);
  const { aheadMs, source } = facts;
  const offMs = Math.abs(aheadMs);
  if (offMs <= MAX_OFF_MS) return ok(id, title, t.clock.fine(offMs, source));
  const advice = source === "Telegram" ? t.clock.advice : t.clock.adviceMetrics;
  return failed(id, title, (aheadMs > 0 ? t.clock.ahead : t.clock.behind)(offMs, source), advice);
}
