import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { tempDir } from "../helpers/drivers/temp-dir.ts";
import { until } from "../helpers/drivers/wait.ts";
import { apiError, ok } from "../helpers/fakes/telegram.ts";
import { DATA, makeWorld } from "../helpers/fakes/world.ts";

describe("the first run", { concurrency: 4 }, () => {
  it("says nothing in the channel unless asked to", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    await daemon.ticks(3);
    assert.deepEqual(world.telegram.messages, []);
  });

  it("begins its log with one line of what counts, and no secret in it", { timeout: 60_000 }, async (t) => {
    const world = await makeWorld(t, {
      WATCHDOG_COOLDOWN_S: "900",
      WATCHDOG_DISK_CRIT_ENABLED: "true",
      WATCHDOG_DISK_FORECAST_H: "24",
      WATCHDOG_STATE_FILE: join(tempDir(t), "state.json"),
      WATCHDOG_FALLBACK_WEBHOOK_URL: "http://127.0.0.1:9/a-secret-path",
    });
    const child = await world.start();
    const lines = child
      .output()
      .split("\n")
      .filter((line) => / watchdog starts /.test(line));
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? "",
      / watchdog starts version=\S+ node=\S+ enabled=true intervalS=\S+ cooldownS=900 memPct=90 diskPct=85 inodePct=90 diskCritPct=97 forecastH=24 disks="?data=\S+ docker=\S+ containers="?\S+ deps=db procRoot=\S+ procAgeMin=\S+ stateFile=\S+state\.json status=127\.0\.0\.1:\d+$/,
    );
    assert.doesNotMatch(lines[0] ?? "", /a-secret-path|https?:/);
  });

  it("with WATCHDOG_HELLO posts one message: version, host, what is watched, problems", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HELLO: "true", WATCHDOG_MEM_PCT: "900" });
    const daemon = await world.start();
    const [message] = await world.telegram.waitForMessages(1);
    assert.match(
      message?.text ?? "",
      new RegExp(
        [
          "^ℹ️ host-1 · Watchdog started",
          "Version \\S+, host host-1\\.",
          "Watched: memory; disks data; 1 container; dependencies db; the orchestrator; left-over processes \\(pytest\\)\\.",
          "Problems in the settings: 1\\.",
          '– WATCHDOG_MEM_PCT="900" is not allowed; .*',
          "What to do: the command doctor\\.$",
        ].join("\n"),
      ),
    );
    await daemon.ticks(5);
    assert.equal(world.telegram.messages.length, 1, "said once");
  });

  it("says in Russian what is off by leaving it out, and what cannot be read", async (t) => {
    const world = await makeWorld(t, {
      WATCHDOG_HELLO: "true",
      WATCHDOG_LANG: "ru",
      WATCHDOG_METRICS_URL: "",
      WATCHDOG_DEPS: "",
      WATCHDOG_PROC_ENABLED: "false",
      WATCHDOG_CONTAINERS: "web",
    });
    await world.docker.vanish();
    await world.start();
    const [message] = await world.telegram.waitForMessages(1);
    assert.match(
      message?.text ?? "",
      /^ℹ️ host-1 · Сторож запущен\nВерсия \S+, хост host-1\.\nНаблюдается: память; диски data\.\nНе читается: docker \(connect ENOENT .*\)\.\nЗамечаний к настройкам нет\.$/,
    );
  });

  it("is kept until Telegram takes it, and then said once", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HELLO: "true" });
    world.telegram.next(apiError(500, "Internal Server Error"));
    world.telegram.behave(ok);
    const daemon = await world.start();
    await world.telegram.waitForMessages(1);
    assert.equal(world.telegram.sends().length, 2);
    await daemon.ticks(5);
    assert.equal(world.telegram.messages.length, 1);
  });

  it("each start says hello anew, and no restart says it twice", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_HELLO: "true" });
    const env = { WATCHDOG_STATE_FILE: join(world.dir, "state.json") };
    const first = await world.start(env);
    await world.telegram.waitForMessages(1);
    await first.stop();
    const second = await world.start(env);
    await world.telegram.waitForMessages(2);
    await second.ticks(3);
    assert.equal(world.telegram.messages.length, 2);
  });

  it("the log has one line a source with its first reading, the problems, and where messages go", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_DISC_PCT: "80" });
    const daemon = await world.start();
    const output = await until(
      "the lines of all sources",
      () => /source proc/.test(daemon.output()) && daemon.output(),
    );
    for (const line of [
      /warn {2}configuration: WATCHDOG_DISC_PCT is not a known variable; did you mean WATCHDOG_DISK_PCT\?/,
      /info {2}messages go to channel=telegram lang=en chat=-1001/,
      /info {2}source metrics ok reading="queued 0, running 1, done 40, failed 3, agents 0"/,
      /info {2}source mem ok reading="40% of 9\.5 GB"/,
      /info {2}source disk ok reading="data 40%"/,
      /info {2}source docker ok reading="1 watched"/,
      /info {2}source deps ok reading="db up"/,
      /info {2}source proc ok reading="0 match"/,
    ])
      assert.match(output, line);
    assert.equal(output.match(/ source /g)?.length, 6);
  });

  it("a source that is off names the variable, one that fails its reason, and no bot where messages go instead", async (t) => {
    const world = await makeWorld(t, {
      WATCHDOG_TG_BOT_TOKEN: "",
      WATCHDOG_TG_CHAT_ID: "",
      WATCHDOG_METRICS_URL: "",
      WATCHDOG_DEPS: "",
      WATCHDOG_PROC_ENABLED: "false",
      WATCHDOG_MEM_ENABLED: "false",
      WATCHDOG_DOCKER_SOCK: "",
      WATCHDOG_CONTAINERS: "",
    });
    world.host.disk(DATA, { error: "EIO" });
    const daemon = await world.start();
    const output = await until(
      "the lines of all sources",
      () => /source proc/.test(daemon.output()) && daemon.output(),
    );
    for (const line of [
      /messages go to channel=console lang=en reason="no WATCHDOG_TG_BOT_TOKEN and WATCHDOG_TG_CHAT_ID"/,
      /source metrics off reason="WATCHDOG_METRICS_URL is not set"/,
      /source mem off reason="?WATCHDOG_MEM_ENABLED=false/,
      /source disk failed reason="[^"]*EIO[^"]*"\n/,
      /source docker off reason="WATCHDOG_DOCKER_SOCK is empty"/,
      /source deps off reason="WATCHDOG_DEPS is not set"/,
      /source proc off reason="?WATCHDOG_PROC_ENABLED=false/,
    ])
      assert.match(output, line);
  });
});
