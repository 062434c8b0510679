import { createHistory } from "../../../watchdog/history/history.ts";
import type { Gauge, PageView, SignalRow, Tag } from "../../../watchdog/status/page-view.ts";
import { columnsOf } from "../../../watchdog/status/spark.ts";
import { momentAt } from "../drivers/signal-rig.ts";
import { noise } from "./disk-series.ts";
import { topicAt } from "./notice.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const NOW = momentAt(30 * HOUR_MS);

/** A day of measurements by the hour of it; undefined: none. */
export function dayOf(course: (hour: number) => number | undefined): Gauge["columns"] {
  const history = createHistory();
  for (let minute = 0; minute <= 24 * 60; minute += 2) {
    const value = course(minute / 60);
    if (value !== undefined)
      history.record("x", value, { wallMs: 0, monoMs: NOW.monoMs - 24 * HOUR_MS + minute * MINUTE_MS });
  }
  return columnsOf(history.series("x", NOW), NOW.monoMs);
}

export function gauge(label: string | null, usedPct: number | null, changes: Partial<Gauge> = {}): Gauge {
  const shake = noise(3, (label ?? "mem").length);
  return {
    label,
    usedPct,
    freeBytes: usedPct === null ? null : Math.round(2 * (100 - usedPct)) * 2 ** 30,
    totalBytes: usedPct === null ? null : 200 * 2 ** 30,
    inodePct: label === null ? null : 12,
    thresholdPct: label === null ? 90 : 85,
    isBad: false,
    stale: false,
    columns: dayOf((hour) => (usedPct ?? 50) + shake() - (24 - hour) / 3),
    ...changes,
  };
}

export function row(
  key: string,
  title: string,
  detail: string,
  hoursAgo: number,
  tags: readonly Tag[] = [],
  cause?: string,
): SignalRow {
  return {
    id: key,
    topic: topicAt(key),
    title,
    detail,
    tags,
    sinceMs: NOW.wallMs - hoursAgo * HOUR_MS,
    toldAtMs: tags.includes("told") ? NOW.wallMs - hoursAgo * HOUR_MS + 20_000 : null,
    ...(cause === undefined ? {} : { cause }),
  };
}

const GOOD: readonly SignalRow[] = [
  row("orchestrator_down", "Orchestrator down", "/metrics answers.", 26),
  row("queue_stalled", "Queue stalled", "Queued: 2, running: 1.", 26),
  row("host_mem", "Host memory", "41.2% used (threshold 90%), 37.6 GB of 64 GB available (58.8%).", 26),
  row("inodes:data", "Inodes data", "12% of the inodes used (threshold 90%), 880000 free.", 26),
  ...["api", "web", "mail", "worker-1", "worker-2"].map((name) =>
    row(`container:${name}`, `Container ${name}`, "State: running.\nImage: registry.example/app:1.", 26),
  ),
  row("dep:db", "Dependency db", "tcp://db.internal:5432 answers within 3 ms.", 1.2),
];
const MESSAGES: PageView["messages"] = [
  {
    id: 1,
    atMs: NOW.wallMs - 2 * MINUTE_MS,
    channel: "telegram",
    blocks: [
      {
        head: "🔁 build-1 · Container worker-3",
        body: "Lasting 47 minutes, since 08:17:05 UTC.\nState: restart loop: restarted 4 times within the last 10 minutes.\nWhat to do: docker logs --tail 50 worker-3",
      },
    ],
  },
  {
    id: 2,
    atMs: NOW.wallMs - 47 * MINUTE_MS,
    channel: "telegram",
    blocks: [
      { head: "🔴 build-1 · Container worker-3", body: "State: restarting." },
      { head: "🔴 build-1 · Disk data", body: "86.3% used (threshold 85%)." },
    ],
  },
  {
    id: 3,
    atMs: NOW.wallMs - 26 * HOUR_MS,
    channel: "webhook",
    blocks: [{ head: "🟢 build-1 · Dependency db", body: "recovered: it lasted 4 minutes." }],
  },
];

/** A host on which all is well, in English; a test says what is different. */
export function viewOf(changes: Partial<PageView> = {}): PageView {
  const source = (name: PageView["sources"][number]["name"]) => ({
    name,
    state: "ok" as const,
    lastOkAt: null,
    lastOkAtMs: NOW.wallMs - 4000,
  });
  return {
    lang: "en",
    host: "build-1",
    version: "1.2.3",
    startedAtMs: NOW.wallMs - 26 * HOUR_MS,
    nowMs: NOW.wallMs,
    state: "well",
    tick: { ageMs: 4000, tookMs: 38, count: 3120 },
    staleAfterMs: 100_000,
    refreshMs: 30_000,
    bad: [],
    good: GOOD,
    gauges: [
      gauge(null, 41.2),
      gauge("root", 55),
      gauge("data", 62.4, { columns: dayOf((hour) => 40 + hour + (hour % 5) * 1.5) }),
    ],
    sources: [
      source("metrics"),
      source("mem"),
      source("disk"),
      source("docker"),
      source("deps"),
      { ...source("proc"), state: "off", lastOkAtMs: null },
    ],
    delivery: { channel: "telegram", pending: 0, lastOkAtMs: NOW.wallMs - 2 * MINUTE_MS, lastError: null },
    muted: [],
    mutedExcept: [],
    problems: [],
    messages: MESSAGES,
    ...changes,
  };
}

const DISK = row(
  "disk:data",
  "Disk data",
  "92.3% used (threshold 85%), 17.2 GB of 235.2 GB free (7.7%).\nWhen the disk is full, the pipeline of every project stops.\nWhat to do: see what takes the space (docker system df), then clear it (docker builder prune, old images, logs).",
  2.1,
  ["told"],
);
const WORKER = row(
  "container:worker-3",
  "Container worker-3",
  "State: restart loop: restarted 4 times within the last 10 minutes.\nExit code: 1.\nWhat to do: docker logs --tail 50 worker-3",
  0.78,
  ["told", "flapping"],
  "host memory is 97.1% used",
);
const BLIND = row(
  "blind:docker",
  "Source unavailable: docker",
  "Cannot be read: connect ECONNREFUSED /var/run/docker.sock; 5 times in a row. The signals of this source are frozen until it is back.\nWhat to do: check that Docker runs and its socket is mounted (WATCHDOG_DOCKER_SOCK).",
  0.1,
  ["told"],
);
const FAILED = {
  name: "docker" as const,
  state: "failed" as const,
  error: "connect ECONNREFUSED /var/run/docker.sock",
  lastOkAt: null,
  lastOkAtMs: NOW.wallMs - 6 * MINUTE_MS,
};

/** What a stranger could put into names and outputs. */
export const HOSTILE =
  '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">\'"></title></style><!--&amp;\u202e\ud800';
const LONG = "averyveryverylongnamewithoutanyplacetobreakit".repeat(6);

/** Every state of the page that an operator can meet. */
export const VIEWS: Readonly<Record<string, PageView>> = {
  well: viewOf(),
  alerting: viewOf({
    state: "alert",
    bad: [
      DISK,
      WORKER,
      row(
        "proc_blocking:4242",
        "Blocking process 4242",
        "pid 4242, age 7412 s (2 hours 3 minutes), CPU 7301 s, parent 1; limit 1 hour.\nCommand: python3 -m pytest tests/unit -x",
        1,
        ["untold"],
      ),
      row("dep:db", "Dependency db", "tcp://db.internal:5432 answers within 3 ms.", 0.4, ["over"]),
    ],
    gauges: [
      gauge(null, 97.1, { isBad: true }),
      gauge("root", 55),
      gauge("data", 92.3, { isBad: true, columns: dayOf((hour) => 68 + hour) }),
    ],
  }),
  undelivered: viewOf({
    state: "undelivered",
    delivery: {
      channel: "telegram",
      pending: 3,
      lastOkAtMs: NOW.wallMs - 5 * HOUR_MS,
      lastError: "403 Forbidden: bot was kicked from the supergroup chat",
    },
  }),
  blind: viewOf({
    state: "blind",
    bad: [BLIND],
    good: GOOD.map((good) => (good.topic.kind === "container" ? { ...good, tags: ["frozen"] } : good)),
    sources: [...viewOf().sources.filter(({ name }) => name !== "docker"), FAILED],
    gauges: [
      gauge(null, 41.2),
      gauge("data", null, { columns: dayOf((hour) => (hour < 9 || hour > 13 ? 60 : undefined)) }),
    ],
  }),
  unwatched: viewOf({
    state: "unwatched",
    good: GOOD.filter(({ topic }) => topic.kind !== "container"),
    gauges: [gauge(null, 41.2), gauge("data", 62.4, { stale: true })],
  }),
  muted: viewOf({
    muted: ["dep:*", "container:build-*"],
    bad: [
      row("dep:db", "Dependency db", "tcp://db.internal:5432: connection refused (ECONNREFUSED), after 2 ms.", 3, [
        "muted",
      ]),
    ],
    problems: ['WATCHDOG_MEM_PCT="900" is not allowed; allowed: a number from 1 to 100; using the default 90'],
  }),
  stale: viewOf({ state: "stale", tick: { ageMs: 400_000, tookMs: 38, count: 3120 } }),
  starting: viewOf({
    state: "starting",
    tick: null,
    bad: [],
    good: [],
    gauges: [],
    sources: [],
    messages: [],
    delivery: { channel: "console", pending: 0, lastOkAtMs: null, lastError: null },
  }),
  empty: viewOf({ good: [], gauges: [gauge(null, 12, { columns: [] })], messages: [], sources: [] }),
  off: viewOf({ state: "off", tick: null, bad: [], good: [], gauges: [], sources: [], messages: [] }),
  hostile: viewOf({
    state: "alert",
    host: HOSTILE.slice(0, 64),
    version: HOSTILE,
    bad: [
      row(`disk:${HOSTILE}`, `Disk ${HOSTILE}`, HOSTILE, 1, ["told", "frozen"], HOSTILE),
      row(`disk:${LONG}`, LONG, LONG, 1, ["muted"]),
    ],
    gauges: [gauge(HOSTILE, 50), gauge(LONG, 99.9, { isBad: true })],
    muted: [HOSTILE, LONG],
    problems: [HOSTILE, LONG],
    sources: [
      { ...FAILED, error: HOSTILE },
      { ...FAILED, name: "mem", error: LONG },
    ],
    delivery: { channel: "telegram", pending: 1, lastOkAtMs: null, lastError: HOSTILE },
    messages: [
      {
        id: 4,
        atMs: NOW.wallMs,
        channel: "webhook",
        blocks: [
          { head: `🔴 ${HOSTILE}`, body: HOSTILE },
          { head: LONG, body: LONG },
        ],
      },
    ],
    good: [row(LONG, LONG, LONG, 1), row(HOSTILE, HOSTILE, HOSTILE, 1)],
  }),
  crowd: viewOf({
    state: "alert",
    bad: Array.from({ length: 30 }, (_, n) =>
      row(`container:job-${n}`, `Container job-${n}`, "State: stopped (exited).\nExit code: 1.", n, ["told"]),
    ),
    gauges: [gauge(null, 41), ...Array.from({ length: 12 }, (_, n) => gauge(`disk-${n}`, 5 + 7 * n))],
    messages: Array.from({ length: 50 }, (_, n) => ({
      id: n,
      atMs: NOW.wallMs - n * 7 * MINUTE_MS,
      channel: "telegram" as const,
      blocks: [{ head: `${n % 2 ? "🔴" : "🟢"} build-1 · Container job-${n}`, body: "State: running." }],
    })),
  }),
};
