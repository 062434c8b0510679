import { momentOf } from "../../../watchdog/clock.ts";
import { createPipeline } from "../../../watchdog/daemon/pipeline.ts";
import type { Watch } from "../../../watchdog/daemon/watch.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import type { Log } from "../../../watchdog/log.ts";
import { botClient } from "../../../watchdog/notify/channels/telegram/client.ts";
import { type TelegramChannel, telegramChannel } from "../../../watchdog/notify/channels/telegram/telegram.ts";
import { type WebhookBody, webhookChannel } from "../../../watchdog/notify/channels/webhook/webhook.ts";
import type { Outbox } from "../../../watchdog/notify/outbox.ts";
import { decodeState, encodeState, type Saved } from "../../../watchdog/state/codec.ts";
import { peacefulScene, readingsOf, type Scene } from "../../pipeline/golden/scene.ts";
import { configOf } from "../fakes/config.ts";
import { TOKEN } from "../fakes/telegram.ts";
import { type MemoryTelegram, memoryTelegram } from "../fakes/telegram-in-memory.ts";
import { type VirtualClock, virtualClock } from "../fakes/virtual-clock.ts";

export const SILENT_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, message: () => {} };

/** The real watch, outbox and Telegram sender on a virtual clock: hours pass in milliseconds. Collectors and the network are the test's. */
export interface Pipeline {
  readonly clock: VirtualClock;
  readonly telegram: MemoryTelegram;
  /** What the sources show from the next tick on. */
  readonly scene: Scene;
  /** What the fallback webhook got. */
  readonly webhook: { readonly bodies: WebhookBody[]; works: boolean };
  readonly channel: () => TelegramChannel;
  watch(): Watch;
  outbox(): Outbox;
  /** Ticks every 30 s for that long. */
  pass(seconds: number): Promise<void>;
  /** SIGTERM: flushes, as the daemon does, and writes its state. */
  stop(): Promise<void>;
  /** SIGKILL: from here on nothing more is sent. */
  kill(): void;
  /** A new run, from the state file or without one; `env`: with other variables. */
  restart(options?: {
    readonly state?: boolean;
    readonly bootId?: string;
    readonly env?: Readonly<Record<string, string>>;
  }): Promise<void>;
}

export const INTERVAL_S = 30;
const FLUSH_MS = 5000;

export function pipeline(env: Readonly<Record<string, string>> = {}): Pipeline {
  const clock = virtualClock();
  const configWith = (more: Readonly<Record<string, string>>) =>
    configOf({
      WATCHDOG_TG_BOT_TOKEN: TOKEN,
      WATCHDOG_TG_CHAT_ID: "-1001",
      WATCHDOG_LANG: "en",
      WATCHDOG_HOST_LABEL: "host-1",
      WATCHDOG_STARTUP_GRACE_S: "0",
      WATCHDOG_METRICS_URL: "http://orchestrator/metrics",
      ...env,
      ...more,
    });
  let config = configWith({});
  const telegram = memoryTelegram(clock);
  // Agents that nobody moves would hang.
  const scene: Scene = { ...peacefulScene(), agents: [] };
  const webhook = { bodies: [] as WebhookBody[], works: true };
  let file: string | undefined;

  const start = (saved: string | undefined, bootId = "boot-1") => {
    const started = momentOf(clock);
    const state = saved === undefined ? undefined : decodeState(saved, started);
    const boot = { id: bootId, atMs: started.wallMs - 60_000 };
    const stop = new AbortController();
    let alive = true;
    const timeoutMs = config.httpTimeoutS * 1000;
    const channel = telegramChannel(
      botClient({ apiUrl: config.tgApiUrl, token: TOKEN, timeoutMs }, (url, body, limits) =>
        alive ? telegram.post(url, body, limits) : new Promise(() => {}),
      ),
      { chatId: config.tgChatId ?? "", threadId: config.tgThreadId, perMin: config.tgPerMin, log: SILENT_LOG },
      state?.telegram,
    );
    const second =
      config.fallbackWebhookUrl &&
      webhookChannel(
        { url: config.fallbackWebhookUrl, timeoutMs, lang: LANGS.en, redact: (text) => text },
        async (_url, body) => {
          if (webhook.works) webhook.bodies.push(body as WebhookBody);
          return { status: webhook.works ? 200 : 500, headers: {}, body: Buffer.alloc(0) };
        },
      );
    const write = (state: Saved): void => {
      if (alive) file = encodeState(state);
    };
    const { watch, outbox, snapshot, tick } = createPipeline({
      config,
      lang: LANGS.en,
      clock,
      log: SILENT_LOG,
      redact: (text) => text,
      systemHostname: "box",
      collectAll: (now) => Promise.resolve(readingsOf(scene, now)),
      channels: { first: channel, ...(second ? { second } : {}) },
      boot,
      saved: state,
      store: { save: write, settled: () => Promise.resolve() },
      random: () => 0.5,
      // A run that was killed tells nothing and keeps nothing.
      annotate: (offer) => ({ offer: (notices) => alive && offer(notices), release: () => {} }),
    });
    void outbox.run(stop.signal);
    return { watch, outbox, channel, stop, tick, die: () => (alive = false), write: () => write(snapshot()) };
  };

  let run = start(undefined);
  return {
    clock,
    telegram,
    scene,
    webhook,
    watch: () => run.watch,
    outbox: () => run.outbox,
    channel: () => run.channel,
    pass: async (seconds) => {
      for (let left = seconds; left > 0; left -= INTERVAL_S) {
        await run.tick(run.stop.signal);
        await clock.advance(Math.min(left, INTERVAL_S) * 1000);
      }
    },
    stop: async () => {
      run.stop.abort();
      let over = false;
      const flushed = run.outbox.flush(FLUSH_MS).then(() => (over = true));
      for (let ms = 0; !over && ms < 30_000; ms += 100) await clock.advance(100);
      await flushed;
      run.write();
      run.die();
    },
    kill: () => {
      run.die();
      run.stop.abort();
    },
    restart: async ({ state = true, bootId, env: more = {} } = {}) => {
      config = configWith(more);
      run = start(state ? file : undefined, bootId);
      await clock.advance(0);
    },
  };
}
