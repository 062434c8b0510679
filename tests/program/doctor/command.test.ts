import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { runWatchdog } from "../../helpers/drivers/daemon.ts";
import { CONTAINER_SECRET, hanging } from "../../helpers/fakes/docker.ts";
import { checkOf, type DoctorWorld, doctorWorld, FORUM } from "../../helpers/fakes/doctor-world.ts";
import { hang, notJson } from "../../helpers/fakes/metrics.ts";
import {
  apiError,
  type Behaviour,
  blackHole,
  byCall,
  result,
  TOKEN,
  unauthorized,
} from "../../helpers/fakes/telegram.ts";

const GOLDEN = new URL("../../pipeline/golden/", import.meta.url);
const WIDTH = 100;

/** What differs from run to run: ports, folders, latencies, this machine's clock. */
function steady(world: DoctorWorld, text: string): string {
  return text
    .replaceAll(world.dir, "/run/wd")
    .replace(/127\.0\.0\.1:\d{4,5}/g, "127.0.0.1:9")
    .replace(/(within|за) \d+ (ms|мс)/g, "$1 5 $2")
    .replace(/(off by|расхождение) \d (s|с)/, "$1 0 $2");
}

const ALL_GOOD = { WATCHDOG_TG_THREAD_ID: "42" };

/** As many things broken at once as can be. */
function breakAll(world: DoctorWorld): Record<string, string> {
  world.telegram.behave(
    byCall({
      getChat: result({ id: -1001, type: "channel", title: "Alerts" }),
      getChatMember: result({ status: "member" }),
      sendMessage: apiError(400, "Bad Request: need administrator rights in the channel chat"),
    }),
  );
  world.proxy.manner = "lets through";
  world.metrics.behave(notJson);
  world.db.status = 500;
  world.self({ caps: "00000000a80425fb", noNewPrivs: "0", rootOptions: "rw", pidNamespace: "4026532999" });
  world.host.exit(1);
  world.host.start({ pid: 1, command: "node /opt/watchdog/watchdog.mjs run", ageS: 10 });
  world.host.writeProc("meminfo", "nonsense\n");
  return {
    WATCHDOG_TG_THREAD_ID: "42",
    WATCHDOG_CONTAINERS: "*,web,wbe",
    WATCHDOG_DISK_PATHS: "gone=/host/gone",
    WATCHDOG_STATE_FILE: "/gone/state.json",
    WATCHDOG_MEM_PCT: "900",
    WATCHDOG_DEPS: `db=${world.db.url},cache=tcp://127.0.0.1:1`,
  };
}

describe("doctor as a command", { concurrency: 4 }, () => {
  for (const lang of ["ru", "en"] as const) {
    for (const [name, args] of [
      ["good", ["--send"]],
      ["broken", ["--send"]],
    ] as const) {
      it(`prints tests/pipeline/golden/doctor-${name}.${lang}.txt, word for word, within ${WIDTH} columns`, async (t) => {
        const world = await doctorWorld(t, { ...ALL_GOOD, WATCHDOG_LANG: lang });
        world.telegram.behave(FORUM);
        const { code, stdout, stderr } = await world.doctor(args, name === "good" ? {} : breakAll(world));
        assert.deepEqual([code, stderr], [name === "good" ? 0 : 1, ""]);
        const text = steady(world, stdout);
        const golden = new URL(`doctor-${name}.${lang}.txt`, GOLDEN);
        if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
        assert.equal(text, readFileSync(golden, "utf8"), "if the new texts are right: npm run test:update");
        const long = text.split("\n").filter((line) => line.length > WIDTH && !line.startsWith("  → "));
        assert.deepEqual(long, [], "only an advice, which is there to be copied, may be longer");
        assert.equal(text.match(/^✗/gm)?.length ?? 0, text.match(/^ {2}→ \S/gm)?.length ?? 0, "one advice for each ✗");
      });
    }
  }

  it("both languages find the same, and each point has an id of its own", async (t) => {
    const world = await doctorWorld(t);
    const env = breakAll(world);
    const shape = async (lang: string): Promise<string[]> =>
      (await world.report({ ...env, WATCHDOG_LANG: lang })).checks.map(({ id, state }) => `${id} ${state}`);
    const [ru, en] = [await shape("ru"), await shape("en")];
    assert.deepEqual(ru, en);
    assert.equal(new Set(ru.map((line) => line.split(" ")[0])).size, ru.length);
  });

  it("--json prints one document of exactly the agreed shape", async (t) => {
    const world = await doctorWorld(t);
    const { code, stdout, stderr } = await world.doctor(["--json"], {
      ...breakAll(world),
      WATCHDOG_LOG_LEVEL: "debug",
    });
    assert.deepEqual([code, stderr], [1, ""]);
    assert.equal(stdout.trimEnd().split("\n").length, 1);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(report), ["ok", "checks"]);
    assert.equal(report["ok"], false);
    for (const check of report["checks"] as Record<string, unknown>[]) {
      assert.ok(["ok", "failed", "off"].includes(String(check["state"])));
      assert.deepEqual(Object.keys(check), [
        "id",
        "state",
        "title",
        "detail",
        ...(check["state"] === "failed" ? ["advice"] : []),
      ]);
      for (const [name, value] of Object.entries(check))
        assert.ok(typeof value === "string" && value !== "", `${JSON.stringify(check)}: ${name}`);
    }
  });

  it("exits 0 when all is good, 1 when something needs the operator, 2 for what it does not know", async (t) => {
    const world = await doctorWorld(t);
    assert.equal((await world.doctor()).code, 0);
    world.db.status = 500;
    assert.equal((await world.doctor()).code, 1);
    for (const args of [["--jsn"], ["chatid"], ["toString"], ["--json", "chat-id"], ["chat-id", "--send"]]) {
      const { code, stdout, stderr } = await world.doctor(args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /unknown option .* of doctor/);
    }
  });

  it("--help names it with its options", async () => {
    const { stdout } = await runWatchdog(["--help"]);
    assert.match(stdout, /doctor \[--json\] \[--send\]/);
    assert.match(stdout, /doctor chat-id/);
  });

  it("with nothing set at all it still says something about everything, and exits 0 or 1", async () => {
    const { code, stdout, stderr } = await runWatchdog(["doctor"], { WATCHDOG_LANG: "en" });
    assert.ok(code === 0 || code === 1);
    assert.equal(stderr, "");
    for (const title of [
      "Settings",
      "Telegram bot",
      "Docker",
      "Memory",
      "Disk",
      "/metrics",
      "Dependencies",
      "Clock",
      "Root is read-only",
      "State file",
    ])
      assert.match(stdout, new RegExp(`^[✓✗–] ${title.replace("/", "\\/")}`, "m"));
  });

  it("everything that hangs at once is given up side by side, and hides nothing that works", async (t) => {
    const world = await doctorWorld(t, {
      WATCHDOG_HTTP_TIMEOUT_S: "2",
      WATCHDOG_DISK_PATHS: "dead=/made-up/dead,data=/made-up/data",
    });
    world.telegram.behave(blackHole);
    world.metrics.behave(hang);
    world.docker.fail(hanging);
    world.proxy.manner = "hangs";
    world.db.hangs = true;
    world.host.disk("/made-up/dead", { hangs: true });
    const before = performance.now();
    const report = await world.report();
    const tookMs = performance.now() - before;
    assert.ok(tookMs < 9000, `took ${Math.round(tookMs)} ms`);
    assert.deepEqual(
      report.checks.filter(({ state }) => state === "failed").map(({ id }) => id),
      ["telegram.bot", "engine", "disk:dead", "metrics", "dep:db"],
    );
    for (const id of ["memory", "disk:data", "root_readonly", "state_file"])
      assert.equal(checkOf(report, id).state, "ok", id);
  });

  const echo: Behaviour = ({ path }) =>
    apiError(
      401,
      `Unauthorized: no such bot at ${path} ${TOKEN}, and hunter2-p@ss is what it heard`,
    )({ method: "", path, call: "", body: {}, atMs: 0, number: 1 });
  for (const [what, behaviour] of [
    ["well", FORUM],
    ["refusing", unauthorized],
    ["answering with the token itself", echo],
    ["refusing the message with it", byCall({ sendMessage: echo })],
  ] as const) {
    it(`shows no secret while Telegram is ${what}`, async (t) => {
      const password = "hunter2-p%40ss";
      const world = await doctorWorld(t, { WATCHDOG_LOG_LEVEL: "debug" });
      world.telegram.behave(behaviour);
      const env = {
        WATCHDOG_DEPS: `db=${world.db.url.replace("http://", `http://u:${password}@`)}/x?key=query-secret`,
        WATCHDOG_METRICS_URL: world.metrics.url.replace("http://", `http://u:${password}@`),
        WATCHDOG_HEARTBEAT_URL: "https://hc.example/ping/secret-heartbeat-path",
        WATCHDOG_FALLBACK_WEBHOOK_URL: "https://hook.example/secret-webhook-path",
      };
      for (const args of [["--send"], ["--json", "--send"], ["chat-id"]]) {
        const { stdout, stderr } = await world.doctor(args, env);
        for (const secret of [
          TOKEN,
          TOKEN.split(":")[1] ?? "",
          "hunter2",
          "query-secret",
          "secret-heartbeat",
          "secret-webhook",
          CONTAINER_SECRET,
        ])
          assert.ok(!`${stdout}${stderr}`.includes(secret), `${secret} in ${args.join(" ")}:\n${stdout}${stderr}`);
      }
    });
  }

  it("leaves no trace on the disk", async (t) => {
    const world = await doctorWorld(t);
    const files = (): string[] => (readdirSync(world.dir, { recursive: true }) as string[]).sort();
    const before = files();
    await world.doctor(["--send"]);
    assert.deepEqual(files(), before);
  });
});
