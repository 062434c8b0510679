import type { Random } from "../../helpers/drivers/random.ts";
import { healthy, status500 } from "../../helpers/fakes/metrics.ts";
import { badGateway, cut, ok, serverError, tooMany } from "../../helpers/fakes/telegram.ts";
import { DATA, type World } from "../../helpers/fakes/world.ts";
import type { Happened } from "../faults/incidents.ts";

/** Everything that can go wrong, going wrong and well again, remembered so that nothing of it may be missing in the chat. */
export interface Turmoil {
  /** One more thing happens. */
  step(): Promise<void>;
  /** Everything is well again, Telegram too. */
  calm(): Promise<void>;
  readonly happened: readonly Happened[];
  failures(): number;
  /** Keys of what is bad now. */
  bad(): ReadonlySet<string>;
}

/** Messages show whole seconds: two incidents of one thing have to begin in different ones. */
const APART_MS = 2100;

export function turmoil(
  world: World,
  random: Random,
  settle: (key: string, active: boolean) => Promise<void>,
): Turmoil {
  const { host, docker, db, metrics, telegram } = world;
  const happened: { -readonly [K in keyof Happened]: Happened[K] }[] = [];
  const bad = new Map<string, { readonly incident: { ended: boolean }; readonly mend: () => void | Promise<void> }>();
  const begun = new Map<string, number>();
  let failures = 0;
  let pid = 5000;
  let run = 0;

  const begin = async (key: string, title: string, act: () => void, mend: () => void): Promise<void> => {
    if (bad.has(key) || Date.now() - (begun.get(key) ?? 0) < APART_MS) return;
    const incident = { title, beganMs: Date.now(), ended: false };
    happened.push(incident);
    begun.set(key, incident.beganMs);
    bad.set(key, { incident, mend });
    act();
    await settle(key, true);
  };
  const end = async (key: string): Promise<void> => {
    const one = bad.get(key);
    if (!one) return;
    one.incident.ended = true;
    bad.delete(key);
    await one.mend();
    await settle(key, false);
  };
  const mendTelegram = async (): Promise<void> => {
    telegram.behave(ok);
    await telegram.accept();
  };
  const STEPS: readonly (() => Promise<void>)[] = [
    async () => {
      const count = random.whole(1, 3);
      metrics.orchestrator.counts.failed += count;
      failures += count;
    },
    () =>
      begin(
        "disk:data",
        "Disk data",
        () => host.disk(DATA, { usedPct: 93 }),
        () => host.disk(DATA, { usedPct: 40 }),
      ),
    () =>
      begin(
        "host_mem",
        "Host memory",
        () => host.memory(97),
        () => host.memory(40),
      ),
    () =>
      begin(
        "dep:db",
        "Dependency db",
        () => void (db.status = 503),
        () => void (db.status = 200),
      ),
    () =>
      begin(
        "container:web",
        "Container web",
        () => docker.set("web", { state: "exited", exitCode: 1 }),
        () => docker.set("web", { state: "running", restartCount: 0 }),
      ),
    () =>
      begin(
        "orchestrator_down",
        "Orchestrator down",
        () => metrics.behave(status500),
        () => metrics.behave(healthy),
      ),
    () => {
      // Always another one: whatever is remembered of it has to be forgotten. Few at a time: many would be told on one card.
      const over = telegram.messages.reduce(
        (count, { text }) => count + (text.match(/^🟢 .+ · Blocking process \d+$/gm)?.length ?? 0),
        0,
      );
      if (pid - 5000 - over >= 4) return Promise.resolve();
      pid += 1;
      const mine = pid;
      return begin(
        `proc_blocking:${mine}`,
        `Blocking process ${mine}`,
        () => host.start({ pid: mine, command: `pytest -x tests/${mine}`, ageS: 7200 }),
        () => host.exit(mine),
      );
    },
    async () => {
      run += 1;
      metrics.orchestrator.agents = [{ run_id: `r-${run}`, pid: run, cpu_ticks: run }];
      docker.set(`job-${run}`, { policy: "unless-stopped" });
      docker.remove(`job-${run - 1}`);
    },
    async () => {
      const fault = random.pick(["refused", serverError, badGateway, tooMany(1), cut(false)] as const);
      if (fault === "refused") await telegram.refuse();
      else telegram.behave(fault);
    },
    mendTelegram,
    mendTelegram,
    async () => {
      const [key] = [...bad.keys()];
      if (key !== undefined) await end(key);
    },
    async () => {
      for (const key of [...bad.keys()]) await end(key);
    },
  ];

  return {
    happened,
    failures: () => failures,
    bad: () => new Set(bad.keys()),
    step: () => random.pick(STEPS)(),
    calm: async () => {
      await mendTelegram();
      for (const key of [...bad.keys()]) await end(key);
    },
  };
}
