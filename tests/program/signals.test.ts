import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Env } from "../helpers/drivers/daemon.ts";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { healthy, status500 as metricsDown } from "../helpers/fakes/metrics.ts";
import { DATA, HOST, makeWorld, type World } from "../helpers/fakes/world.ts";

interface Row {
  readonly key: string;
  readonly env?: Env;

  readonly bad: (world: World) => void | Promise<void>;
  readonly good: (world: World) => void | Promise<void>;
  readonly ru: string;
  readonly en: string;
  /** What the alert's detail has to say, in either language. */
  readonly says: RegExp;
}

const hungAgent = { run_id: "r-17", job_id: 9, pid: 4211, stage: "review", cpu_ticks: 500 };

const ROWS: readonly Row[] = [
  {
    key: "orchestrator_down",
    ru: "Оркестратор недоступен",
    en: "Orchestrator down",
    says: /\/metrics: HTTP status 500/,
    bad: ({ metrics }) => metrics.behave(metricsDown),
    good: ({ metrics }) => metrics.behave(healthy),
  },
  {
    key: "metrics_stale",
    ru: "Метрики устарели",
    en: "Metrics stale",
    says: /generated_at/,
    env: { WATCHDOG_METRICS_STALE_S: "0.4" },
    bad: ({ metrics }) => void (metrics.orchestrator.generatedAtS = 1_781_234_567.8),
    good: ({ metrics }) => void (metrics.orchestrator.generatedAtS = undefined),
  },
  {
    key: "agent_hung:r-17",
    ru: "Агент завис: r-17",
    en: "Agent hung: r-17",
    says: /(stage|стадия) review.+pid 4211/,
    env: { WATCHDOG_AGENT_HUNG_MIN: "0.005" },
    bad: ({ metrics }) => void (metrics.orchestrator.agents = [hungAgent]),
    // The job ended: the agent is not in the list any more.
    good: ({ metrics }) => void (metrics.orchestrator.agents = []),
  },
  {
    key: "queue_stalled",
    ru: "Очередь стоит",
    en: "Queue stalled",
    says: /7 (jobs|заданий)/,
    env: { WATCHDOG_QUEUE_STALLED_MIN: "0.005" },
    bad: ({ metrics }) => void (metrics.orchestrator.counts = { queued: 7, running: 0, done: 40, failed: 3 }),
    good: ({ metrics }) => void (metrics.orchestrator.counts = { queued: 6, running: 1, done: 40, failed: 3 }),
  },
  {
    key: "host_mem",
    ru: "Память хоста",
    en: "Host memory",
    says: /95\.5%.+90%/,
    bad: ({ host }) => host.memory(95.5),
    good: ({ host }) => host.memory(50),
  },
  {
    key: "disk:data",
    ru: "Диск data",
    en: "Disk data",
    says: /91\.2%.+85%.+8\.8%/,
    bad: ({ host }) => host.disk(DATA, { usedPct: 91.2 }),
    good: ({ host }) => host.disk(DATA, { usedPct: 60 }),
  },
  {
    key: "disk_crit:data",
    ru: "Диск почти полон data",
    en: "Disk almost full data",
    says: /98\.6%.+97%/,
    env: { WATCHDOG_DISK_ENABLED: "false", WATCHDOG_DISK_CRIT_ENABLED: "true" },
    bad: ({ host }) => host.disk(DATA, { usedPct: 98.6 }),
    good: ({ host }) => host.disk(DATA, { usedPct: 60 }),
  },
  {
    key: "inodes:data",
    ru: "Иноды data",
    en: "Inodes data",
    says: /93\.1%.+90%/,
    bad: ({ host }) => host.disk(DATA, { usedPct: 40, inodePct: 93.1 }),
    good: ({ host }) => host.disk(DATA, { usedPct: 40, inodePct: 20 }),
  },
  {
    key: "container:web",
    ru: "Контейнер web",
    en: "Container web",
    says: /137/,
    bad: ({ docker }) => docker.set("web", { state: "exited", exitCode: 137 }),
    good: ({ docker }) => docker.set("web", { state: "running" }),
  },
  {
    key: "dep:db",
    ru: "Зависимость db",
    en: "Dependency db",
    says: /503/,
    bad: ({ db }) => void (db.status = 503),
    good: ({ db }) => void (db.status = 302),
  },
  {
    key: "proc_blocking:4242",
    ru: "Блокирующий процесс 4242",
    en: "Blocking process 4242",
    says: /pid 4242.+720\d .+pytest -x tests.+kill 4242/s,
    bad: ({ host }) => host.start({ pid: 4242, command: "python3 -m pytest -x tests", ageS: 7202, comm: "a) (b c" }),
    good: ({ host }) => host.exit(4242),
  },
  {
    key: "blind:mem",
    ru: "Источник недоступен: mem",
    en: "Source unavailable: mem",
    says: /MemAvailable/,
    bad: ({ host }) => host.writeProc("meminfo", "MemTotal: 1000 kB\n"),
    good: ({ host }) => host.memory(40),
  },
  {
    key: "blind:disk",
    ru: "Источник недоступен: disk",
    en: "Source unavailable: disk",
    says: /\/made-up\/data: EIO/,
    bad: ({ host }) => host.disk(DATA, { error: "EIO" }),
    good: ({ host }) => host.disk(DATA, { usedPct: 40 }),
  },
  {
    key: "blind:docker",
    ru: "Источник недоступен: docker",
    en: "Source unavailable: docker",
    says: /ENOENT/,
    bad: ({ docker }) => docker.vanish(),
    good: ({ docker }) => docker.appear(),
  },
  {
    key: "blind:proc",
    ru: "Источник недоступен: proc",
    en: "Source unavailable: proc",
    says: /btime/,
    bad: ({ host }) => host.writeProc("stat", "cpu 1 2 3\n"),
    good: ({ host }) => host.writeProc("stat", `btime ${Math.floor(Date.now() / 1000) - 1000}\n`),
  },
];

const RECOVERED = { ru: /восстановление/, en: /recovered/ } as const;

for (const lang of ["ru", "en"] as const) {
  describe(`every signal, in ${lang === "ru" ? "Russian" : "English"}`, { concurrency: 8 }, () => {
    for (const row of ROWS) {
      it(`${row.key} alerts once and recovers once`, async (t) => {
        const world = await makeWorld(t, { WATCHDOG_LANG: lang, ...row.env });

        const { telegram } = world;
        const daemon = await world.start();
        await daemon.ticks(2);
        assert.deepEqual(telegram.told().map(brief), [], "nothing is wrong yet");
        const startedAt = Date.now();

        await row.bad(world);
        const [alert] = await until("the alert", () => telegram.told().length > 0 && telegram.told());
        assert.ok(alert);
        assert.deepEqual(
          { mark: alert.mark, host: alert.host, title: alert.title },
          { mark: "🔴", host: HOST, title: row[lang] },
        );
        assert.match(alert.detail, row.says);
        const during = await daemon.statusWhere("the alert in the status", ({ signals }) =>
          signals.some(({ key, alerting }) => key === row.key && alerting),
        );
        const told = during.signals.find(({ key }) => key === row.key);
        assert.ok(told?.active && told.since !== null && told.lastAlertAt !== null, JSON.stringify(told));
        assert.equal(told.title, row[lang]);
        // The moment that counts is the start of the tick, which may have been under way already.
        const TICK_MS = 1000;
        assert.match(told.since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        assert.ok(
          told.since <= told.lastAlertAt &&
            Date.parse(told.lastAlertAt) >= startedAt - TICK_MS &&
            Date.parse(told.lastAlertAt) <= Date.now(),
        );
        assert.deepEqual(
          during.signals.filter(({ alerting }) => alerting).map(({ key }) => key),
          [row.key],
          "nothing else alerts",
        );
        assert.equal(during.delivery.lastError, null);

        await daemon.ticks(5);
        assert.equal(telegram.told().length, 1, "an alert is not repeated before its cooldown is over");

        await row.good(world);
        const [, recovery] = await until("the recovery", () => telegram.told().length > 1 && telegram.told());
        assert.ok(recovery);
        assert.equal(brief(recovery), `🟢 ${row[lang]}`);
        assert.match(recovery.detail, RECOVERED[lang]);
        const after = await daemon.statusWhere(
          "nothing alerting",
          ({ signals, delivery }) => signals.every(({ alerting }) => !alerting) && delivery.pending === 0,
        );
        const still = after.signals.find(({ key }) => key === row.key);
        if (still) assert.deepEqual([still.active, still.since, still.lastAlertAt], [false, null, null]);

        await daemon.ticks(5);
        assert.deepEqual(telegram.told().map(brief), [`🔴 ${row[lang]}`, `🟢 ${row[lang]}`], "and that is all");
        await daemon.stop();
        assert.equal(telegram.told().length, 2, "stopping tells nothing");
      });
    }
  });
}
