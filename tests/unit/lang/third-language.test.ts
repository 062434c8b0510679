import "../../helpers/drivers/third-language.ts";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { type Check, tableOf } from "../../../watchdog/cli/doctor/check.ts";
import { exampleText } from "../../../watchdog/cli/doctor/example.ts";
import { doctor } from "../../../watchdog/cli/doctor.ts";
import { systemClock } from "../../../watchdog/clock.ts";
import { parseConfig } from "../../../watchdog/config/config.ts";
import { digest } from "../../../watchdog/daemon/digest.ts";
import { helloOccurrence } from "../../../watchdog/daemon/hello.ts";
import { createHistory, diskName } from "../../../watchdog/history/history.ts";
import { createIncidents } from "../../../watchdog/history/incidents.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { createLog } from "../../../watchdog/log.ts";
import { renderAll } from "../../../watchdog/messages/render.ts";
import { textOf } from "../../../watchdog/messages/text.ts";
import { createReport } from "../../../watchdog/pruner/report.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { shown } from "../../helpers/drivers/detail.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { siteRig } from "../../helpers/drivers/site-rig.ts";
import { hardWired, xx } from "../../helpers/drivers/third-language.ts";
import { configOf, factsOf, parsedOf } from "../../helpers/fakes/config.ts";
import { catalogue } from "../../pipeline/golden/catalogue.ts";
import { peacefulScene, readingsOf } from "../../pipeline/golden/scene.ts";
import { messagesOf } from "../../pipeline/golden/told-story.ts";

const assertTranslated = (text: string, names: readonly string[] = []): void => {
  assert.ok(text.includes("⟦"), text);
  assert.deepEqual(hardWired(text, names), [], text);
};

test("a text that is hard-wired is found", () => {
  assert.deepEqual(hardWired("🔴 box · ⟦Disk ⟦root⟧⟧ is full ⟦since", ["box"]), ["is", "full", "⟦since"]);
});

test("the third language can be chosen as the others can", () => {
  assert.equal(configOf({ WATCHDOG_LANG: "XX" }).lang, "xx");
  assert.match(parsedOf({ WATCHDOG_LANG: "de" }).problems.join(), /ru or en or xx/);
});

test("every message of the outage and of every kind is in the third language, and the other two say what they said", async () => {
  const golden = (name: string): string =>
    readFileSync(new URL(`../../pipeline/golden/${name}.txt`, import.meta.url), "utf8");
  for (const message of await messagesOf(xx.texts)) assertTranslated(message, ["prod-1"]);
  for (const entry of catalogue(xx.texts)
    .split(/^— .*$/m)
    .slice(1))
    assertTranslated(entry, ["prod-1", "ℹ️", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "UTC X"]);
  for (const code of ["ru", "en"] as const) {
    assert.equal((await messagesOf(LANGS[code])).join("\n"), golden(code));
    assert.equal(catalogue(LANGS[code]), golden(`kinds.${code}`));
  }
});

test("the first message and the daily one are in the third language", () => {
  const scene = { ...peacefulScene(), memoryPct: { kind: "other", reason: "meminfo has no MemTotal" } as const };
  const readings = readingsOf(scene, momentAt(0));
  const hello = { version: "1.2.3", problems: [{ variable: "WATCHDOG_MEM_PCT", text: "WATCHDOG_MEM_PCT: why" }] };
  const first = helloOccurrence(hello, "box", readings, configOf(), xx.texts);
  assertTranslated(`${first.title}\n${shown(first.detail, xx.texts)}`);
  const [history, incidents] = [createHistory(), createIncidents()];
  history.record(diskName("root"), 40, momentAt(0));
  const topic = { kind: "dep", subject: "db" } as const;
  incidents.observe([{ topic, title: xx.texts.titles.dep("db"), active: true, since: momentAt(0) }], momentAt(0));
  const about = { history, incidents, lang: xx.texts, startedMonoMs: momentAt(0).monoMs };
  const config = configOf({ WATCHDOG_MUTE: "dep:*" });
  const daily = digest({ ...about, config }, momentAt(3_600_000));
  assertTranslated(`${daily.title}\n${shown(daily.detail, xx.texts)}`);
});

/** What a reader sees or is read: text, titles and labels, and what the page's script writes. */
function visible(page: string): string {
  const bare = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "");
  const said = bare.matchAll(/ (?:aria-label|title|data-(?:old|gone|refused|text|title|units))="([^"]*)"/g);
  return [...[...said].map(([, text]) => text), bare.replace(/<[^>]*>/g, "\n")].join("\n").replaceAll("&#34;", '"');
}

test("the page is in the third language, whatever it has to say", async () => {
  const refused = { kind: "refused", reason: "connect ECONNREFUSED 10.0.0.7:5432" } as const;
  const names =
    "host-1 api web mail worker- data backup r-17 r-18 db git llm dep:* dep:db mem disk docker proc x".split(" ");
  // A reason is what the system says; it has no language.
  names.push(refused.reason, "/host/backup: does not answer within 5 s");
  names.push("/status", "/metrics", "Watchdog 1.2.3", '"day"', '"hour"', '"minute"', '"second"');
  const env = { WATCHDOG_LANG: "xx", WATCHDOG_MUTE: "dep:*" };
  const off = siteRig({ ...env, WATCHDOG_ENABLED: "false" });
  const rig = siteRig(env);
  const scene = peacefulScene();
  const states = new Set<string>();
  const look = ({ page }: typeof rig): void => {
    states.add(/data-state="(\w+)"/.exec(page())?.[1] ?? "");
    assertTranslated(visible(page()), names);
  };
  const tick = async (changes: Partial<typeof scene> = {}): Promise<void> => {
    for (let round = 0; round < 4; round += 1)
      await rig.tick(readingsOf(Object.assign(scene, changes), momentAt(30_000 * round)));
    look(rig);
  };
  look(off);
  look(rig);
  await tick();
  await tick({ docker: refused, backup: "unreadable" });
  scene.deps.set("db", { up: false, ...refused });
  await tick({ dataPct: 99, dataInodePct: 95, memoryPct: 97, metrics: refused });
  rig.deliver();
  look(rig);
  await tick({ dataPct: 50, dataInodePct: 5, memoryPct: 50, metrics: undefined });
  await rig.wait(3_600_000);
  look(rig);
  assert.deepEqual([...states].sort(), ["alert", "blind", "off", "stale", "starting", "well"]);
});

test("doctor is in the third language, whether little is set or all is broken", async () => {
  const log = createLog({ level: "error", format: "text", wallMs: () => 0, redact: (text) => text, write: () => {} });
  const place = { inContainer: true, hardened: true, command: "watchdog" };
  const noFile = "ENOENT: no such file or directory";
  const gone = "/nowhere/at/all";
  // Reasons of the system, and problems of the settings: those are in English in every language.
  const foreign = [
    ...parsedOf({ WATCHDOG_MEM_PCT: "900" }).problems,
    `meminfo: ${noFile}, open '${gone}/meminfo'`,
    `no btime of ${gone}/stat: ${noFile}, open '${gone}/stat'`,
    `${noFile}, stat '${gone}'`,
  ];
  const checksOf = (env: Readonly<Record<string, string>>): Promise<Check[]> => {
    const system = factsOf();
    const parsed = parseConfig({ WATCHDOG_LANG: "xx", WATCHDOG_DOCKER_SOCK: "", ...env }, system);
    return doctor({ parsed, place, clock: systemClock, log, pool: threadPool(4), system, send: false, uid: 1000 });
  };
  const nowhere = "127.0.0.1:1";
  const bare = await checksOf({});
  const broken = await checksOf({
    WATCHDOG_MEM_PCT: "900",
    WATCHDOG_TG_BOT_TOKEN: "1:x",
    WATCHDOG_TG_CHAT_ID: "1",
    WATCHDOG_TG_API_URL: `http://${nowhere}`,
    WATCHDOG_DOCKER_SOCK: `tcp://${nowhere}`,
    WATCHDOG_CONTAINERS: "*,web",
    WATCHDOG_METRICS_URL: `http://${nowhere}/metrics`,
    WATCHDOG_DEPS: `db=tcp://${nowhere}`,
    WATCHDOG_DISK_PATHS: `gone=${gone}`,
    WATCHDOG_PROC_ENABLED: "true",
    WATCHDOG_PROC_ROOT: gone,
    WATCHDOG_STATE_FILE: gone,
  });
  for (const checks of [bare, broken]) assertTranslated(tableOf(checks, xx.doctor, 1000), foreign);
  assert.ok(broken.filter(({ state }) => state === "failed").length > 8);
  assertTranslated(exampleText("box", xx.doctor, xx.texts, 0).plain, ["box", "ℹ️"]);
});

test("what the pruner tells is in the third language", () => {
  const plan = { until: { text: "72h", seconds: 259_200 }, all: false };
  const measured = {
    plan,
    clearableBytes: 9e9,
    cacheBeforeBytes: 11e9,
    cacheAfterBytes: 2e9,
    diskBeforePct: 91,
    diskAfterPct: 78,
  };
  const report = createReport(xx.prune, 1, false, () => false);
  const outcomes = [
    { plan, error: "engine answered 500" },
    { ...measured, freedBytes: 9e9 },
    { ...measured, freedBytes: 0 },
  ];
  const told = outcomes.flatMap((outcome, index) => {
    const now = momentAt(index * 86_400_000);
    report.observe(outcome, 90, now);
    const notices = report.judge(now);
    report.delivered(notices, 1);
    return renderAll(notices, { host: "box", lang: xx.texts, ...now }).map(({ block }) => textOf([block]).plain);
  });
  assert.deepEqual(
    told.map((text) => text.split(" ")[0]),
    ["🔴", "🟢", "ℹ️", "🔴"],
  );
  for (const text of told) assertTranslated(text, ["box", "ℹ️"]);
});
