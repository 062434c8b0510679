import { momentOf } from "../../../watchdog/clock.ts";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { failed, OFF, ok } from "../../../watchdog/collectors/reading.ts";
import { createPipeline, type Pipeline } from "../../../watchdog/daemon/pipeline.ts";
import type { Notice } from "../../../watchdog/decide/notice.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import type { SendResult } from "../../../watchdog/notify/channel.ts";
import { idOf } from "../../../watchdog/signals/signal.ts";
import { decodeState, encodeState } from "../../../watchdog/state/codec.ts";
import { SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import type { Random } from "../../helpers/drivers/random.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { type SeenNotice, seen } from "../../helpers/fakes/notice.ts";
import { settled, virtualClock } from "../../helpers/fakes/virtual-clock.ts";

/** How the channel answers; `lost`: the message arrives, its answer does not. */
const MODES = ["ok", "ok", "ok", "down", "lost", "rateLimited", "forbidden"] as const;
type Mode = (typeof MODES)[number];

export interface HistoryOptions {
  readonly random: Random;
  readonly ticks: number;
  readonly flapping: boolean;
  /** none: never restarted; `kept`: restarted with its state; `lost`: without. */
  readonly restarts: "none" | "kept" | "lost";
  readonly lostAnswers: boolean;
}

/** What happened, seen from outside: what the chat got, and what the signal layer observed. */
export interface History {
  readonly received: readonly { readonly notice: SeenNotice; readonly atMs: number; readonly message: number }[];
  /** Every episode that was observed: entity and beginning. */
  readonly observed: ReadonlySet<string>;
  readonly failedJobs: number;
  readonly finallyActive: ReadonlySet<string>;
  readonly toldActive: ReadonlySet<string>;
  readonly pendingAtEnd: number;
  readonly violations: readonly string[];
}

export const episodeKey = (id: string, sinceMs: number): string => `${id} since ${sinceMs}`;

const INTERVAL_S = 30;

/** Plays a random history against the real watch and outbox on a virtual clock, then lets everything heal and settle. */
export async function play({ random, ticks, flapping, restarts, lostAnswers }: HistoryOptions): Promise<History> {
  const clock = virtualClock();
  const config = configOf({
    WATCHDOG_METRICS_URL: "http://orchestrator/metrics",
    WATCHDOG_PROC_ENABLED: "true",
    WATCHDOG_DEPS: "a=tcp://a:1,b=tcp://b:1",
    WATCHDOG_CONTAINERS: "c",
    WATCHDOG_COOLDOWN_S: String(random.pick([120, 600, 1800])),
    WATCHDOG_CLEAR_TICKS: String(random.whole(1, 3)),
    WATCHDOG_DEP_DOWN_TICKS: String(random.whole(1, 3)),
    WATCHDOG_FLAP_CHANGES: flapping ? "4" : "0",
    WATCHDOG_STARTUP_GRACE_S: random.pick(["0", "60"]),
    WATCHDOG_LANG: "en",
  });
  const world = {
    memBad: false,
    aDown: false,
    bDown: false,
    exited: false,
    pid: 0,
    failedJobs: 0,
    metricsDown: false,
    blind: { mem: false, docker: false, proc: false },
  };
  let mode: Mode = "ok";
  const received: { notice: SeenNotice; atMs: number; message: number }[] = [];
  const observed = new Set<string>();
  const violations: string[] = [];
  const deliveries: number[] = [];
  let messages = 0;

  const send = (notices: readonly Notice[]): SendResult => {
    const arrives = mode === "ok" || mode === "lost";
    if (arrives) {
      messages += 1;
      deliveries.push(clock.monoMs());
      for (const notice of notices) received.push({ notice: seen(notice), atMs: clock.monoMs(), message: messages });
    }
    switch (mode) {
      case "ok":
        return { kind: "delivered", messageId: messages };
      case "rateLimited":
        return { kind: "retry", reason: "429", afterMs: random.whole(1, 200) * 1000 };
      case "forbidden":
        return { kind: "operator", reason: "403" };
      case "down":
      case "lost":
        return { kind: "retry", reason: mode };
      default:
        return mode satisfies never;
    }
  };

  const readings = (): Readings => {
    const { blind } = world;
    const dep = (name: string, down: boolean) => ({
      name,
      shownUrl: `tcp://${name}:1`,
      latencyMs: 1,
      outcome: down ? { up: false as const, kind: "refused" as const, reason: "refused" } : { up: true as const },
    });
    const container = {
      id: "0".repeat(64),
      image: "i",
      state: world.exited ? ("exited" as const) : ("running" as const),
      health: "none" as const,
      exitCode: 1,
      oomKilled: false,
      error: "",
      healthOutput: "",
      restartCount: 0,
      restartPolicy: "always",
    };
    return {
      metrics: world.metricsDown
        ? failed({ kind: "refused", reason: "refused" })
        : ok({ counts: { failed: world.failedJobs }, agents: [], agentsComplete: true }),
      mem: blind.mem
        ? failed({ kind: "other", reason: "blind" })
        : ok({ totalBytes: 1000, availableBytes: world.memBad ? 10 : 500 }),
      disk: OFF,
      docker: blind.docker
        ? failed({ kind: "other", reason: "blind" })
        : ok({ containers: [{ name: "c", named: true, found: container }] }),
      deps: ok([dep("a", world.aDown), dep("b", world.bDown)]),
      proc: blind.proc
        ? failed({ kind: "other", reason: "blind" })
        : ok({
            candidates:
              world.pid === 0
                ? []
                : [{ pid: 7, startTicks: world.pid, ppid: 1, ageS: 9999, cpuS: 1, command: "pytest" }],
            unreadable: [],
          }),
    };
  };

  const sourceOf = (key: string): "mem" | "docker" | "proc" | undefined =>
    key === "host_mem"
      ? "mem"
      : key.startsWith("container:")
        ? "docker"
        : key.startsWith("proc_blocking:")
          ? "proc"
          : undefined;

  /** One run of the program, until it is replaced by the next. */
  const start = (
    saved?: string,
  ): Pick<Pipeline, "watch" | "outbox" | "snapshot" | "tick"> & { readonly stop: AbortController } => {
    const state = saved === undefined ? undefined : decodeState(saved, momentOf(clock));
    const stop = new AbortController();
    const batches: Notice[][] = [];
    const { watch, outbox, snapshot, tick } = createPipeline({
      config,
      lang: LANGS.en,
      clock,
      log: SILENT_LOG,
      redact: (text) => text,
      systemHostname: "box",
      collectAll: () => Promise.resolve(readings()),
      random: () => random.next(),
      saved: state,
      channels: {
        first: {
          name: "telegram",
          service: "Telegram",
          forms: ["html", "plain"],
          perMin: 20,
          send: async ({ text }) => {
            await settled();
            return stop.signal.aborted
              ? { kind: "retry", reason: "gone" }
              : send(text.plain.split("\n\n").flatMap((head) => batches[Number(head)] ?? []));
          },
          probe: () => Promise.resolve({ kind: "delivered" }),
        },
      },
      // Each notice as its number, by which what arrives is known again.
      compose: (notices) => [
        { notices, blocks: notices.map((notice) => ({ head: String(batches.push([notice]) - 1), body: "" })) },
      ],
      annotate: (offer) => ({
        offer: (notices) => {
          for (const { topic, kind } of notices) {
            const key = keyOf(topic);
            const source = sourceOf(key);
            if (kind === "realert" && source && world.blind[source])
              violations.push(`${key} re-alerted while ${source} was blind`);
          }
          offer(notices);
        },
        release: () => {},
      }),
    });
    void outbox.run(stop.signal);
    return { watch, outbox, snapshot, tick, stop };
  };
  let run = start();
  const activeBefore = new Set<string>();
  const tick = async (): Promise<void> => {
    await run.tick(run.stop.signal);
    for (const signal of run.watch.lastTick()?.signals ?? []) {
      if (signal.edge) continue;
      const id = idOf(signal);
      const source = sourceOf(keyOf(signal.topic));
      if (source && world.blind[source] && signal.active !== activeBefore.has(id))
        violations.push(`${id} changed while ${source} was blind`);
      if (signal.active) activeBefore.add(id);
      else activeBefore.delete(id);
      if (signal.active && signal.since) observed.add(episodeKey(id, signal.since.wallMs));
    }
    await clock.advance(INTERVAL_S * 1000);
  };

  for (let index = 0; index < ticks; index += 1) {
    if (random.chance(0.25)) world.memBad = !world.memBad;
    if (random.chance(0.25)) world.aDown = !world.aDown;
    if (random.chance(0.1)) world.bDown = !world.bDown;
    if (random.chance(0.15)) world.exited = !world.exited;
    if (random.chance(0.15)) world.pid = world.pid === 0 ? index + 1 : 0;
    if (index > 0 && random.chance(0.1)) world.metricsDown = !world.metricsDown;
    if (index > 0 && random.chance(0.1)) world.failedJobs += random.whole(1, 3);
    for (const source of ["mem", "docker", "proc"] as const)
      if (random.chance(0.08)) world.blind[source] = !world.blind[source];
    if (random.chance(0.15)) mode = random.pick(MODES.filter((candidate) => lostAnswers || candidate !== "lost"));
    if (random.chance(0.05)) clock.stepWall(random.pick([-3_600_000, -5000, 5000, 3_600_000]));
    if (restarts !== "none" && random.chance(0.05)) {
      const saved = encodeState(run.snapshot());
      run.stop.abort();
      await settled();
      run = start(restarts === "kept" ? saved : undefined);
      if (restarts === "lost") activeBefore.clear();
    }
    await tick();
  }
  // Healing: all sources read, the channel works, the world stays as it is; long enough for holds, backoff and flapping to end.
  mode = "ok";
  world.metricsDown = false;
  world.blind = { mem: false, docker: false, proc: false };
  for (let index = 0; index < 100; index += 1) await tick();

  deliveries.forEach((at, index) => {
    const before = deliveries[index - 1];
    if (before !== undefined && at - before < 1000) violations.push(`two messages within ${at - before} ms`);
    const twenty = deliveries[index - 20];
    if (twenty !== undefined && at - twenty < 60_000) violations.push("more than 20 messages in a minute");
  });
  const ledger = run.watch.ledger();
  run.stop.abort();
  return {
    received,
    observed,
    violations,
    failedJobs: world.failedJobs,
    pendingAtEnd: run.outbox.view().pending,
    finallyActive: activeBefore,
    toldActive: new Set([...ledger].filter(([, { told }]) => told.alerting).map(([id]) => id)),
  };
}
