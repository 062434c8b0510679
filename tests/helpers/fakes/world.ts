import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Daemon, type Env, type SpawnOptions, startDaemon } from "../drivers/daemon.ts";
import { type FakeDependency, fakeDependency } from "./deps.ts";
import { type FakeDocker, fakeDocker } from "./docker.ts";
import { type FakeHost, fakeHost } from "./host.ts";
import { type FakeMetrics, fakeMetrics } from "./metrics.ts";
import { type FakeTelegram, fakeTelegram, TOKEN } from "./telegram.ts";

/** Everything around one daemon, all of it well and scripted by the test. Every source is on. */
export interface World {
  readonly dir: string;
  readonly telegram: FakeTelegram;
  readonly metrics: FakeMetrics;
  readonly docker: FakeDocker;
  readonly host: FakeHost;
  readonly db: FakeDependency;
  readonly env: Env;
  /** Starts the daemon in it; ended with the test. */
  start(env?: Env, options?: SpawnOptions & { readonly ready?: boolean }): Promise<Daemon>;
}

export const HOST = "host-1";
export const CHAT_ID = -1001;
/** The path of the made-up disk `data`. */
export const DATA = "/made-up/data";

/** Short periods, so that a test takes a second or two; what a test is about it sets itself. */
const QUICK: Env = {
  WATCHDOG_INTERVAL_S: "0.1",
  // Generous, because a busy machine must not look like a fault; tests of what hangs set less.
  WATCHDOG_HTTP_TIMEOUT_S: "3",
  WATCHDOG_HOST_LABEL: HOST,
  WATCHDOG_LANG: "en",
  WATCHDOG_TG_PER_MIN: "6000",
  WATCHDOG_PROC_ENABLED: "true",
  TZ: "UTC",
};

export async function makeWorld(t: Pick<TestContext, "after">, env: Env = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "wd-"));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  // Last in, first out: daemons end before what they talk to.
  t.after(async () => {
    const faults: unknown[] = [];
    for (const close of closers.reverse()) await Promise.resolve(close()).catch((fault: unknown) => faults.push(fault));
    if (faults.length > 0) throw faults[0];
  });
  const opened = <T extends { close(): Promise<void> }>(thing: T): T => {
    closers.push(() => thing.close());
    return thing;
  };
  const telegram = opened(await fakeTelegram());
  const metrics = opened(await fakeMetrics());
  const docker = opened(await fakeDocker(join(dir, "docker.sock")));
  const db = opened(await fakeDependency());
  const host = fakeHost(dir);
  host.disk(DATA, { usedPct: 40 });
  docker.set("web", { health: "healthy" });
  const all: Env = {
    ...QUICK,
    ...host.env,
    WATCHDOG_TG_BOT_TOKEN: TOKEN,
    WATCHDOG_TG_CHAT_ID: String(CHAT_ID),
    WATCHDOG_TG_API_URL: telegram.url,
    WATCHDOG_METRICS_URL: metrics.url,
    WATCHDOG_DOCKER_SOCK: docker.socketPath,
    WATCHDOG_DEPS: `db=${db.url}`,
    WATCHDOG_PROC_ROOT: host.procRoot,
    WATCHDOG_DISK_PATHS: `data=${DATA}`,
    ...env,
  };
  return {
    dir,
    telegram,
    metrics,
    docker,
    host,
    db,
    env: all,
    start: async (more = {}, options = {}) => {
      const daemon = await startDaemon({ ...all, ...more }, options);
      closers.push(() => daemon.kill());
      return daemon;
    },
  };
}
