import assert from "node:assert/strict";
import test from "node:test";
import { detailOf } from "../../../watchdog/lang/detail.ts";
import { LANGS, type Lang } from "../../../watchdog/lang/index.ts";
import { type Said, shown } from "../../helpers/drivers/detail.ts";

const { ru, en } = LANGS;

/** The titles of both languages as the contract gives them. */
const TITLES: readonly (readonly [(lang: Lang) => string, string, string])[] = [
  [({ titles }) => titles.orchestratorDown, "Оркестратор недоступен", "Orchestrator down"],
  [({ titles }) => titles.metricsStale, "Метрики устарели", "Metrics stale"],
  [({ titles }) => titles.jobFailed, "Задание упало", "Job failed"],
  [({ titles }) => titles.agentHung("r-1"), "Агент завис: r-1", "Agent hung: r-1"],
  [({ titles }) => titles.queueStalled, "Очередь стоит", "Queue stalled"],
  [({ titles }) => titles.hostMem, "Память хоста", "Host memory"],
  [({ titles }) => titles.disk("x"), "Диск x", "Disk x"],
  [({ titles }) => titles.diskCrit("x"), "Диск почти полон x", "Disk almost full x"],
  [({ titles }) => titles.inodes("x"), "Иноды x", "Inodes x"],
  [({ titles }) => titles.container("x"), "Контейнер x", "Container x"],
  [({ titles }) => titles.dep("x"), "Зависимость x", "Dependency x"],
  [({ titles }) => titles.procBlocking(7), "Блокирующий процесс 7", "Blocking process 7"],
  [({ titles }) => titles.blind("mem"), "Источник недоступен: mem", "Source unavailable: mem"],
];

test("every title is the one that the contract gives, in both languages", () => {
  for (const [titleOf, russian, english] of TITLES) assert.deepEqual([titleOf(ru), titleOf(en)], [russian, english]);
});

test("both languages have the same texts", () => {
  const shape = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
      : typeof value;
  assert.deepEqual(shape(en), shape(ru));
});

/** Every text of a language with facts in which each word could be recognised. */
function texts(lang: Lang): string[] {
  const { details, messages, fault } = lang;
  const usage = { usedPct: 91.5, thresholdPct: 85, freePct: 8.5, freeBytes: 8 * 2 ** 30, totalBytes: 99 * 2 ** 30 };
  const agent = { pid: 42, stage: "review", jobId: "9", idleMs: 900_000 };
  const broken = { kind: "refused", reason: "ECONNREFUSED" } as const;
  const box = {
    health: "none",
    restartCount: 2,
    exitCode: 137,
    oomKilled: true,
    error: "err",
    healthOutput: "out",
    image: "img",
  } as const;
  const said: readonly Said[] = [
    details.orchestratorDown(broken, 3),
    details.orchestratorUp,
    details.metricsStale(300_000, 300_000),
    details.metricsFresh,
    details.jobFailed(4),
    details.jobFailedCount(2),
    details.jobsQuiet(4),
    details.agentHung(agent, 900_000),
    details.agentBusy(agent),
    details.agentGone,
    details.queueStalled(2, 1, 1),
    details.queueMoves(1, 2),
    details.memory(usage),
    details.memoryAdvice,
    details.disk(usage),
    details.diskAdvice({ label: "root", holdsEngineData: true }),
    details.diskAdvice({ label: "nas" }),
    details.inodes({ usedPct: 1, thresholdPct: 2, free: 3 }),
    details.inodesAdvice({ label: "root", hostPath: "/" }),
    details.diskGone,
    ...(["missing", "created", "running", "paused", "restarting", "removing", "exited", "dead"] as const).map((state) =>
      details.container({ state, ...box }),
    ),
    details.container({ state: "running", ...box, restarts: 3 }),
    details.container({ state: "running", ...box, health: "unhealthy" }),
    details.container({ state: "running", ...box, health: "starting" }),
    ...[0, 1, 137, 139, 143].map((exitCode) => details.container({ state: "exited", ...box, exitCode })),
    ...(["missing", "paused", "created", "exited"] as const).flatMap((state) =>
      [true, false].map((oomKilled) => detailOf([], details.containerAdvice("web", { state, oomKilled }))),
    ),
    details.containerUnreadable("500"),
    details.containerGone,
    details.depUp("u", 5),
    details.depDown("u", broken, 5),
    details.depStatus("u", "503", 5),
    details.process({ pid: 1, ppid: 2, ageS: 4000, cpuS: 5, command: "pytest", limitMin: 60 }),
    details.processAdvice(1, true),
    details.processGone,
    ...(["mem", "disk", "docker", "proc"] as const).flatMap((source) => [
      details.blind({ source, reason: "why", ticks: 3 }),
      details.blind({ source, reason: "why", ticks: 3, part: "x" }),
    ]),
    details.sighted,
    ...(["refused", "timeout", "dns", "tls", "reset", "unreachable", "other"] as const).map((kind) =>
      fault({ kind, reason: "because" }),
    ),
    messages.since(0, 0),
    messages.lasting(1, 0, 0),
    messages.recovered(1, 0, 0),
    messages.missed(1, 0, 0),
    messages.earlier(["a"], 1),
    messages.span(0, 0, 0),
    messages.late(1),
    messages.reason,
  ];
  return said.map((one) => shown(one, lang));
}

test("no text holds a hole: every fact has its words", () => {
  for (const lang of [ru, en])
    for (const text of texts(lang)) assert.doesNotMatch(text, /undefined|NaN|null|\[object|\$\{/, text);
});

test("the English texts hold no Cyrillic, the Russian ones do", () => {
  for (const text of texts(en)) assert.doesNotMatch(text, /\p{Script=Cyrillic}/u);
  // A reason without a kind is passed on as it is, and a span is two times.
  const bare = texts(ru).filter(
    (text) => !/\p{Script=Cyrillic}/u.test(text) && text !== "because" && text !== ru.messages.span(0, 0, 0),
  );
  assert.deepEqual(bare, []);
});

test("a recovery's words hold «восстановление» and recovered", () => {
  assert.match(ru.messages.recovered(1, 0, 0), /восстановление/);
  assert.match(ru.messages.missed(1, 0, 0), /восстановление/);
  assert.match(en.messages.recovered(1, 0, 0), /recovered/);
  assert.match(en.messages.missed(1, 0, 0), /recovered/);
});

test("everything that needs the operator says what to do", () => {
  for (const [lang, words] of [
    [ru, "Что делать:"],
    [en, "What to do:"],
  ] as const) {
    const { details } = lang;
    const broken = { kind: "timeout", reason: "x" } as const;
    for (const text of [
      details.orchestratorDown(broken, 1),
      details.metricsStale(1, 1),
      details.jobFailed(1),
      details.agentHung({ idleMs: 1 }, 1),
      details.queueStalled(1, 1, 1),
      details.memoryAdvice,
      details.diskAdvice({ label: "root", holdsEngineData: true }),
      details.diskAdvice({ label: "nas" }),
      details.inodesAdvice({ label: "root", hostPath: "/" }),
      detailOf([], details.containerAdvice("x", { state: "exited", oomKilled: false })),
      details.depDown("u", broken, 1),
      details.depStatus("u", "500", 1),
      details.processAdvice(1, true),
      details.blind({ source: "mem", reason: "x", ticks: 1 }),
    ])
      assert.ok(shown(text, lang).includes(words), shown(text, lang));
  }
});
