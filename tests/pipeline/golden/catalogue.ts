import type { Notice, NoticeKind } from "../../../watchdog/decide/notice.ts";
import { worstFirst } from "../../../watchdog/decide/severity.ts";
import { detailOf } from "../../../watchdog/lang/detail.ts";
import type { Lang } from "../../../watchdog/lang/index.ts";
import { nextMessage } from "../../../watchdog/messages/message.ts";
import { type RenderContext, renderAll, renderSummary } from "../../../watchdog/messages/render.ts";
import { textOf } from "../../../watchdog/messages/text.ts";
import { type Said, saidOf } from "../../helpers/drivers/detail.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";

process.env["TZ"] = "UTC";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const at = (ms: number): number => momentAt(ms).wallMs;
const REFUSED = { kind: "refused", reason: "connect ECONNREFUSED 127.0.0.1:8080" } as const;
const GB = 2 ** 30;
const USAGE = { usedPct: 91.2, thresholdPct: 85, freePct: 8.8, freeBytes: 12.3 * GB, totalBytes: 140 * GB };
const BOX = {
  state: "exited",
  health: "none",
  restartCount: 4,
  exitCode: 137,
  oomKilled: true,
  error: "",
  healthOutput: "",
  image: "registry.example/app:1",
} as const;
const ORPHAN = {
  pid: 4242,
  ppid: 1,
  parent: "tini",
  owner: { container: "runner" },
  ageS: 187_200,
  cpuS: 150_000,
  cpuSharePct: 98,
  command: "python3 -m pytest tests/",
  limitMin: 60,
} as const;

/** Every kind of signal as its alert stands in the channel: key, title, detail. */
function alerts({ titles, details }: Lang): readonly (readonly [key: string, title: string, detail: Said])[] {
  return [
    ["orchestrator_down", titles.orchestratorDown, details.orchestratorDown(REFUSED, 3)],
    ["orchestrator_down", titles.orchestratorDown, details.orchestratorDown(REFUSED, 3, "orch")],
    ["metrics_stale", titles.metricsStale, details.metricsStale(6 * MIN, 5 * MIN)],
    [
      "agent_hung:r-17",
      titles.agentHung("r-17"),
      details.agentHung({ pid: 4211, stage: "review", jobId: "9", idleMs: 15 * MIN }, 15 * MIN),
    ],
    ["queue_stalled", titles.queueStalled, details.queueStalled(2, 31 * MIN, 30 * MIN)],
    [
      "host_mem",
      titles.hostMem,
      saidOf(
        details.memory({ ...USAGE, thresholdPct: 90 }),
        details.biggest([
          { pid: 7, name: "java", residentGb: 6.1, owner: { container: "builder" } },
          { pid: 8, name: "postgres", residentGb: 2, owner: { unit: "postgresql.service" } },
          { pid: 9, name: "node", residentGb: 1.1 },
        ]),
        details.memoryAdvice,
      ),
    ],
    [
      "disk:root",
      titles.disk("root"),
      saidOf(
        details.disk(USAGE),
        details.trend("▁▂▃▅▇█", 71, 91.2, DAY),
        details.diskAdvice({ label: "root", holdsEngineData: true }),
      ),
    ],
    [
      "disk_crit:root",
      titles.diskCrit("root"),
      saidOf(
        details.disk({ ...USAGE, usedPct: 97.5, thresholdPct: 97 }),
        details.diskAdvice({ label: "root", holdsEngineData: true }),
      ),
    ],
    [
      "disk_forecast:root",
      titles.diskForecast("root"),
      saidOf(
        details.forecast({
          usedPct: 80.1,
          freeBytes: 28 * GB,
          leftMs: 5 * HOUR,
          gbPerH: 2.1,
          limitMs: DAY,
          seenMs: 12 * HOUR,
        }),
        details.diskAdvice({ label: "root", holdsEngineData: true }),
      ),
    ],
    [
      "inodes:root",
      titles.inodes("root"),
      saidOf(
        details.inodes({ usedPct: 92, thresholdPct: 90, free: 81_000 }),
        details.inodesAdvice({ label: "root", hostPath: "/" }),
      ),
    ],
    ["container:web", titles.container("web"), detailOf(details.container(BOX), details.containerAdvice("web", BOX))],
    [
      "container:api",
      titles.container("api"),
      detailOf(
        details.container({
          ...BOX,
          state: "running",
          health: "unhealthy",
          exitCode: 0,
          oomKilled: false,
          healthOutput: "curl: (7) connection refused",
        }),
        details.containerAdvice("api", { state: "running", oomKilled: false }),
      ),
    ],
    [
      "container:job",
      titles.container("job"),
      detailOf(
        details.container({ ...BOX, exitCode: 1, oomKilled: false, restartCount: 0 }),
        details.containerAdvice("job", { state: "exited", oomKilled: false }),
      ),
    ],
    ["dep:db", titles.dep("db"), details.depDown("tcp://db:5432", REFUSED, 12)],
    ["dep:git", titles.dep("git"), details.depStatus("https://git.example", "503", 240)],
    ["cert:git", titles.cert("git"), detailOf(details.certificate(9 * DAY, at(9 * DAY)), details.certificateAdvice)],
    [
      "proc_blocking:4242",
      titles.procBlocking(4242),
      saidOf(details.process(ORPHAN), details.processAdvice(4242, true)),
    ],
    [
      "blind:docker",
      titles.blind("docker"),
      details.blind({ source: "docker", reason: "connect ENOENT /var/run/docker.sock", ticks: 3 }),
    ],
    [
      "blind:docker",
      titles.blind("docker"),
      details.blind({
        source: "docker",
        reason: "connect ECONNREFUSED docker-proxy:2375",
        ticks: 3,
        proxy: "docker-proxy",
      }),
    ],
    [
      "blind:docker",
      titles.blind("docker"),
      details.blind({ source: "docker", reason: "web: engine answered 500", ticks: 3, part: "web" }),
    ],
    [
      "blind:disk",
      titles.blind("disk"),
      details.blind({ source: "disk", reason: "/host/nfs: does not answer within 5 s", ticks: 3, part: "/host/nfs" }),
    ],
    ["blind:disk", titles.blind("disk"), details.blind({ source: "disk", reason: "/host/root: ENOENT", ticks: 3 })],
    [
      "blind:proc",
      titles.blind("proc"),
      details.blind({ source: "proc", reason: "4242: does not answer within 5 s", ticks: 3, part: "4242" }),
    ],
    ["blind:mem", titles.blind("mem"), details.blind({ source: "mem", reason: "meminfo has no MemTotal", ticks: 3 })],
  ];
}

/** What is neither an alert nor its end. */
function others({
  titles,
  details,
}: Lang): readonly (readonly [kind: NoticeKind, key: string, title: string, detail: Said])[] {
  return [
    ["edge", "job_failed", titles.jobFailed, details.jobFailed(7)],
    ["info", "host_boot", titles.hostBoot, details.hostBoot(at(-74_000), at(0), 9, 10, [titles.container("x")], 0)],
    ["info", "mutes", titles.mutes, details.mutes(["dep:*", "container:build-*"], [], ["dep:db"])],
  ];
}

/** Every kind of message, one after the other. */
export function catalogue(lang: Lang): string {
  const context: RenderContext = { host: "prod-1", lang, wallMs: at(12 * MIN), monoMs: momentAt(12 * MIN).monoMs };
  const show = (name: string, ...notices: Notice[]): string =>
    `— ${name}\n${textOf(nextMessage(renderAll(worstFirst(notices), context), { lang, monoMs: context.monoMs, away: { service: "Telegram", untilMs: Infinity } }).flatMap(({ blocks }) => blocks)).plain}\n`;
  const fresh = { due: momentAt(12 * MIN), judged: momentAt(12 * MIN), span: { since: momentAt(0) } };
  const disk = { ...fresh, key: "disk:root", title: lang.titles.disk("root"), detail: lang.details.disk(USAGE) };
  const ended = { ...disk, open: false, span: { since: momentAt(0), until: momentAt(11 * MIN) } };
  const stopped = (name: string): Said =>
    detailOf(lang.details.container(BOX), lang.details.containerAdvice(name, BOX));
  const crowd = (kind: NoticeKind): Notice[] =>
    Array.from({ length: 7 }, (_, index) =>
      noticeOf({
        ...fresh,
        id: `c${index}`,
        key: `container:c${index}`,
        kind,
        title: lang.titles.container(`c${index}`),
        detail: stopped(`c${index}`),
        open: kind !== "recovery",
        span: { since: momentAt((11 - index) * MIN), ...(kind === "recovery" ? { until: momentAt(12 * MIN) } : {}) },
      }),
    );
  return [
    ...alerts(lang).map(([key, title, detail]) => show(`alert ${key}`, noticeOf({ ...fresh, key, title, detail }))),
    ...others(lang).map(([kind, key, title, detail]) =>
      show(`${kind} ${key}`, noticeOf({ ...fresh, kind, key, title, detail, count: 3 })),
    ),
    show(
      "alert with a cause, late",
      noticeOf({
        ...disk,
        key: "orchestrator_down",
        title: lang.titles.orchestratorDown,
        detail: lang.details.orchestratorDown(REFUSED, 3),
        due: momentAt(-2 * MIN),
        cause: [
          lang.causes.disk("root", 100),
          lang.causes.memory(97),
          lang.causes.engine(REFUSED),
          lang.causes.containerDown("orch", BOX),
          lang.causes.containerRestarted("orch", 40_000),
        ].join("; "),
      }),
    ),
    show("realert", noticeOf({ ...disk, kind: "realert" })),
    show(
      "realert with earlier episodes",
      noticeOf({
        ...disk,
        kind: "realert",
        earlier: [
          { since: momentAt(-HOUR), until: momentAt(-50 * MIN) },
          { since: momentAt(-40 * MIN), until: momentAt(-30 * MIN) },
        ],
        skipped: 5,
      }),
    ),
    show("recovery", noticeOf({ ...ended, kind: "recovery" })),
    show(
      "missed",
      noticeOf({
        ...ended,
        kind: "missed",
        detail: saidOf(lang.details.disk(USAGE), lang.details.diskAdvice({ label: "root", holdsEngineData: true })),
      }),
    ),
    show(
      "flapping",
      noticeOf({
        ...disk,
        kind: "flapping",
        key: "dep:db",
        title: lang.titles.dep("db"),
        detail: lang.details.depUp("tcp://db:5432", 3),
        flap: { count: 6, lastedMs: 12 * MIN },
        open: false,
      }),
    ),
    show(
      "settled well",
      noticeOf({
        ...ended,
        kind: "settled",
        key: "dep:db",
        title: lang.titles.dep("db"),
        detail: lang.details.depUp("tcp://db:5432", 3),
        flap: { count: 9, lastedMs: 11 * MIN },
      }),
    ),
    show(
      "settled badly",
      noticeOf({
        ...disk,
        kind: "settled",
        key: "dep:db",
        title: lang.titles.dep("db"),
        detail: lang.details.depDown("tcp://db:5432", REFUSED, 12),
        flap: { count: 9, lastedMs: 12 * MIN },
        open: true,
      }),
    ),
    show("card of alerts", ...crowd("alert")),
    show("card of realerts", ...crowd("realert")),
    show("card of recoveries", ...crowd("recovery")),
    show(
      "a message that mixes, late",
      ...crowd("recovery"),
      noticeOf({ ...disk, due: momentAt(-MIN) }),
      noticeOf({
        ...disk,
        id: "o",
        key: "orchestrator_down",
        title: lang.titles.orchestratorDown,
        detail: lang.details.orchestratorDown(REFUSED, 3),
      }),
    ),
    `— summary of the second channel\n${textOf([renderSummary({ since: momentAt(-30 * MIN), count: 32, lines: ["🔴 03:00:00 UTC X", "🟢 03:01:00 UTC X"] }, context)]).plain}\n`,
  ].join("\n");
}
