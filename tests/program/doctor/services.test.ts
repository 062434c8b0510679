import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkOf, doctorWorld, failsAlone } from "../../helpers/fakes/doctor-world.ts";
import { hang, html, type MetricsBehaviour, status500 } from "../../helpers/fakes/metrics.ts";
import { ok } from "../../helpers/fakes/telegram.ts";

const answers =
  (value: unknown): MetricsBehaviour =>
  (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
const COUNTS = { queued: 1, running: 1, done: 1, failed: 0 };
const now = (): number => Date.now() / 1000;

describe("doctor, the orchestrator and what else is asked", { concurrency: 4 }, () => {
  const PARTS: readonly (readonly [what: string, value: () => unknown, id: string, detail: RegExp, advice: RegExp])[] =
    [
      [
        "generated_at",
        () => ({ queue: { counts: COUNTS }, agents: [] }),
        "metrics.generated_at",
        /frozen: metrics_stale$/,
        /WATCHDOG_METRICS_STALE_S=0/,
      ],
      [
        "the counts",
        () => ({ generated_at: now(), agents: [] }),
        "metrics.queue.counts",
        /frozen: job_failed, queue_stalled$/,
        /add queue\.counts .*WATCHDOG_MUTE=job_failed,queue_stalled/,
      ],
      [
        "one count",
        () => ({ generated_at: now(), queue: { counts: { ...COUNTS, done: undefined } }, agents: [] }),
        "metrics.queue.counts.done",
        /frozen: queue_stalled$/,
        /add queue\.counts\.done/,
      ],
      [
        "the agents",
        () => ({ generated_at: now(), queue: { counts: COUNTS } }),
        "metrics.agents",
        /frozen: agent_hung$/,
        /add agents .*WATCHDOG_AGENT_HUNG_MIN=0/,
      ],
      [
        "an agent's name",
        () => ({ generated_at: now(), queue: { counts: COUNTS }, agents: [{ cpu_ticks: 1 }] }),
        "metrics.agents[].run_id",
        /not all of it is understood/,
        /add agents\[\]\.run_id/,
      ],
      [
        "an agent's ticks",
        () => ({ generated_at: now(), queue: { counts: COUNTS }, agents: [{ run_id: "r" }] }),
        "metrics.agents[].cpu_ticks",
        /not all of it is understood/,
        /add agents\[\]\.cpu_ticks/,
      ],
    ];
  for (const [what, value, id, detail, advice] of PARTS) {
    it(`says what it freezes when /metrics lacks ${what}`, async (t) => {
      const world = await doctorWorld(t);
      world.metrics.behave(answers(value()));
      failsAlone(await world.report(), id, detail, advice);
    });
  }

  it("what nobody wants to know is not missed", async (t) => {
    const world = await doctorWorld(t, {
      WATCHDOG_METRICS_STALE_S: "0",
      WATCHDOG_QUEUE_STALLED_MIN: "0",
      WATCHDOG_AGENT_HUNG_MIN: "0",
      WATCHDOG_MUTE: "job_*",
    });
    world.metrics.behave(answers({}));
    assert.ok((await world.report()).ok);
    failsAlone(
      await world.report({ WATCHDOG_MUTE: "dep:x" }),
      "metrics.queue.counts",
      /job_failed$/,
      /WATCHDOG_MUTE=dep:x,job_failed/,
    );
  });

  it("an orchestrator that refuses, fails, hangs or is none: each has its advice", async (t) => {
    const world = await doctorWorld(t);
    const [port] = /\d+(?=\/metrics)/.exec(world.metrics.url) ?? [];
    world.metrics.behave(status500);
    failsAlone(await world.report(), "metrics", /HTTP 500 instead of 2xx/, /see the log of 127\.0\.0\.1/);
    world.metrics.behave(html);
    failsAlone(await world.report(), "metrics", /not a JSON object/, /must lead to a JSON object/);
    world.metrics.behave(hang);
    failsAlone(await world.report(), "metrics", /timeout/, /check network and firewall/);
    await world.metrics.refuse();
    failsAlone(
      await world.report(),
      "metrics",
      /connection refused/,
      new RegExp(`127\\.0\\.0\\.1:${port} is the container itself: put host\\.docker\\.internal`),
    );
    assert.match(
      checkOf(await world.report({ FAKE_CONTAINER: "0" }), "metrics").advice ?? "",
      /start the service on 127\.0\.0\.1/,
    );
  });

  it("each dependency stands for itself", async (t) => {
    const world = await doctorWorld(t);
    const env = { WATCHDOG_DEPS: `db=${world.db.url},gone=tcp://127.0.0.1:1,nowhere=http://nowhere.invalid` };
    world.db.status = 503;
    const report = await world.report(env);
    assert.match(checkOf(report, "dep:db").detail, /HTTP 503 instead of 2xx\/3xx/);
    assert.match(checkOf(report, "dep:db").advice ?? "", /see the log of 127\.0\.0\.1/);
    assert.match(checkOf(report, "dep:gone").advice ?? "", /host\.docker\.internal/);
    assert.match(checkOf(report, "dep:nowhere").advice ?? "", /correct the name nowhere\.invalid in WATCHDOG_DEPS/);
  });

  for (const [way, offS, detail] of [
    ["slow", 31, /behind by 3\d s \(Telegram\)/],
    ["fast", -45, /ahead by 4\d s \(Telegram\)/],
  ] as const) {
    it(`a clock that is ${way} by Telegram's is told`, async (t) => {
      const world = await doctorWorld(t);
      const date = new Date(Date.now() + offS * 1000 + 1500).toUTCString();
      world.telegram.behave((request) => ({ ...ok(request), ...{ headers: { date } } }));
      failsAlone(await world.report(), "clock", detail, /timedatectl set-ntp true/);
    });
  }

  it("without a bot the clock is compared with /metrics, without either with nothing", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_TG_BOT_TOKEN: "", WATCHDOG_TG_CHAT_ID: "" });
    assert.match(checkOf(await world.report(), "clock").detail, /\(\/metrics\)/);
    world.metrics.orchestrator.generatedAtS = now() - 100;
    failsAlone(await world.report(), "clock", /ahead by 1 min 4\d s \(\/metrics\)/, /generated_at stands still/);
    assert.equal(checkOf(await world.report({ WATCHDOG_METRICS_URL: "" }), "clock").state, "off");
  });

  it("every problem of the settings is a point of its own", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report({
      WATCHDOG_MEM_PCT: "900",
      WATCHDOG_DISC_PCT: "80",
      WATCHDOG_MUTE: "dep:a,\u0001,\u0002",
    });
    const failed = report.checks.filter(({ state }) => state === "failed");
    assert.deepEqual(
      failed.map(({ id }) => id),
      ["config.WATCHDOG_MUTE", "config.WATCHDOG_MUTE.2", "config.WATCHDOG_MEM_PCT", "config.WATCHDOG_DISC_PCT"],
    );
    assert.match(failed[2]?.advice ?? "", /correct WATCHDOG_MEM_PCT/);
  });

  it("the kill switch is mentioned, and everything is checked all the same", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_ENABLED: "false" });
    const report = await world.report();
    assert.deepEqual(
      [checkOf(report, "enabled").state, checkOf(report, "telegram.bot").state, checkOf(report, "engine").state],
      ["off", "ok", "ok"],
    );
  });

  it("a state file that cannot be written is told by the reason, and none is made by asking", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report();
    assert.equal(checkOf(report, "state_file").state, "ok");
    assert.equal(existsSync(join(world.dir, "state.json")), false);
    const gone = { WATCHDOG_STATE_FILE: join(world.dir, "gone/state.json") };
    failsAlone(await world.report(gone), "state_file", /ENOENT/, /volumes: \["\/var\/lib\/watchdog:.*gone"\]/);
    assert.match(
      checkOf(await world.report({ ...gone, FAKE_CONTAINER: "0" }), "state_file").advice ?? "",
      /^mkdir -p .*gone$/,
    );
    mkdirSync(join(world.dir, "a-folder"));
    failsAlone(await world.report({ WATCHDOG_STATE_FILE: join(world.dir, "a-folder") }), "state_file", /EISDIR/, /./);
  });

  it("a state file of another program is told, and stays as it is", { timeout: 60_000 }, async (t) => {
    const world = await doctorWorld(t);
    const [foreign, ours] = [join(world.dir, "notes.json"), join(world.dir, "ours.json")];
    writeFileSync(foreign, '{"mine":1}');
    writeFileSync(ours, '{"format":"watchdog-state","version":1');
    failsAlone(
      await world.report({ WATCHDOG_STATE_FILE: foreign }),
      "state_file",
      /another program's file/,
      /WATCHDOG_STATE_FILE=</,
    );
    assert.equal(readFileSync(foreign, "utf8"), '{"mine":1}');
    assert.equal(checkOf(await world.report({ WATCHDOG_STATE_FILE: ours }), "state_file").state, "ok");
  });

  it("a state folder of someone else is to be handed over", {
    skip: process.getuid?.() === 0 ? false : "needs root",
  }, async (t) => {
    const world = await doctorWorld(t);
    chmodSync(world.dir, 0o755);
    failsAlone(
      await world.report({}, [], { uid: 65_534 }),
      "state_file",
      /EACCES/,
      /sudo chown 65534 <the host's folder that is mounted as .*> and the state file in it$/,
    );
  });

  it("of the second channel and the heartbeat the host alone is shown, and neither is asked", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report({
      WATCHDOG_FALLBACK_WEBHOOK_URL: `${world.db.url}/hook/secret-path-1`,
      WATCHDOG_HEARTBEAT_URL: `${world.db.url}/ping/secret-path-2?x=secret-query`,
    });
    for (const id of ["webhook", "heartbeat"]) assert.match(checkOf(report, id).detail, /^127\.0\.0\.1:\d+; not tried/);
    assert.doesNotMatch(JSON.stringify(report), /secret-(path|query)/);
    assert.equal(world.db.requests(), 1, "the ping of the dependency alone");
  });
});
