import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { pipeline } from "../../helpers/drivers/pipeline.ts";
import { type Recorder, recorder } from "../../helpers/drivers/recorder.ts";
import { brief } from "../../helpers/drivers/told.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { kicked, ok, tooMany } from "../../helpers/fakes/telegram.ts";
import { DATA, HOST, makeWorld, type World } from "../../helpers/fakes/world.ts";

const SECRET_PATH = "/hooks/T0123-secret-of-the-operator";

async function withWebhook(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<{ world: World; hook: Recorder }> {
  const hook = await recorder();
  t.after(() => hook.close());
  const world = await makeWorld(t, {
    WATCHDOG_FALLBACK_WEBHOOK_URL: hook.url + SECRET_PATH,
    WATCHDOG_FALLBACK_AFTER_S: "1",
    ...env,
  });
  return { world, hook };
}

describe("the fallback webhook", { concurrency: 4 }, () => {
  it("gets each notice once, as JSON, and the channel one summary when Telegram is back", async (t) => {
    const { world, hook } = await withWebhook(t);
    const { telegram, host, db } = world;
    const daemon = await world.start();
    telegram.behave(kicked);
    const badSince = Date.now();
    host.disk(DATA, { usedPct: 93 });
    db.status = 503;
    await until("two notices", () => hook.requests.length >= 2);
    const bodies = hook.requests.map(({ body }) => JSON.parse(body) as Record<string, string>);
    const disk = bodies.find(({ key }) => key === "disk:data") ?? assert.fail("no disk:data");
    assert.deepEqual(Object.keys(disk).sort(), ["at", "detail", "host", "key", "kind", "since", "title"]);
    assert.deepEqual([disk["host"], disk["kind"], disk["title"]], [HOST, "alert", "Disk data"]);
    assert.match(disk["detail"] ?? "", /93%/);
    for (const name of ["since", "at"])
      assert.ok(
        Math.abs(Date.parse(disk[name] ?? "") - badSince) < 6000 && disk[name]?.endsWith("Z"),
        `${name}: ${disk[name]}`,
      );
    assert.ok(bodies.some(({ key, kind }) => key === "dep:db" && kind === "alert"));
    assert.ok(
      hook.requests.every(
        ({ method, path, contentType }) =>
          method === "POST" && path === SECRET_PATH && contentType === "application/json",
      ),
    );

    // What comes now is told there at once.
    host.disk(DATA, { usedPct: 40 });
    await until("the recovery", () =>
      hook.requests.some(({ body }) => (JSON.parse(body) as { kind: string }).kind === "recovery"),
    );
    await daemon.ticks(3);
    assert.equal(hook.requests.length, 3, "each once");

    // 403 holds for 5 minutes; stopping tries once more.
    telegram.behave(ok);
    await daemon.stop();
    assert.deepEqual(telegram.told().map(brief), ["ℹ️ Telegram is back"]);
    const [summary] = telegram.told();
    assert.match(summary?.detail ?? "", /3 notices went through the fallback channel/);
    for (const line of [
      /^🔴 [\d:]{8} UTC Disk data$/m,
      /^🔴 [\d:]{8} UTC Dependency db$/m,
      /^🟢 [\d:]{8} UTC Disk data$/m,
    ])
      assert.match(summary?.detail ?? "", line);
    assert.ok(!daemon.output().includes("T0123"), "the webhook's path is a secret");
  });

  it("is left alone while Telegram fails for less than WATCHDOG_FALLBACK_AFTER_S", async (t) => {
    const { world, hook } = await withWebhook(t, { WATCHDOG_FALLBACK_AFTER_S: "60" });
    const daemon = await world.start();
    await world.telegram.refuse();
    world.host.disk(DATA, { usedPct: 93 });
    await daemon.statusWhere("a failed send", ({ delivery }) => delivery.lastError !== null);
    await daemon.ticks(5);
    await world.telegram.accept();
    await world.telegram.waitForMessages(1);
    await daemon.ticks(3);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Disk data"], "no summary of a webhook that was not used");
    assert.equal(hook.requests.length, 0);
  });

  it("that fails itself loses nothing", async (t) => {
    const { world, hook } = await withWebhook(t, { WATCHDOG_FALLBACK_AFTER_S: "0" });
    const daemon = await world.start();
    hook.status = 500;
    await world.telegram.refuse();
    world.host.disk(DATA, { usedPct: 93 });
    await until("a refused notice", () => hook.requests.length >= 2);
    assert.equal((await daemon.status()).delivery.pending, 1);
    await world.telegram.accept();
    await world.telegram.waitForMessages(1);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Disk data"]);
  });

  it("whose summary was told at SIGTERM leaves none in the state file", async (t) => {
    const { world, hook } = await withWebhook(t, { WATCHDOG_FALLBACK_AFTER_S: "0" });
    const file = join(world.dir, "state.json");
    const daemon = await world.start({ WATCHDOG_STATE_FILE: file });
    world.telegram.behave(kicked);
    world.host.disk(DATA, { usedPct: 93 });
    await until("the notice", () => hook.requests.length === 1);
    await until("the summary to be", () => readFileSync(file, "utf8").includes("summary"));
    world.telegram.behave(ok);
    await daemon.stop();
    assert.deepEqual(world.telegram.told().map(brief), ["ℹ️ Telegram is back"]);
    const again = await world.start({ WATCHDOG_STATE_FILE: file });
    await again.ticks(5);
    assert.equal(world.telegram.messages.length, 1, "not again");
  });
});

it("a rate limit of hours is bridged by the webhook, and told in sum after it", async () => {
  const line = pipeline({ WATCHDOG_FALLBACK_WEBHOOK_URL: "http://hook.example/secret" });
  await line.pass(60);
  line.telegram.behave(tooMany(10_072));
  line.scene.dataPct = 93;
  await line.pass(270);
  assert.equal(line.webhook.bodies.length, 0, "not before 300 s of failure");
  await line.pass(60);
  assert.deepEqual(
    line.webhook.bodies.map(({ key, kind }) => `${kind} ${key}`),
    ["alert disk:data"],
  );
  line.scene.dataPct = 40;
  await line.pass(120);
  line.telegram.behave(ok);
  await line.pass(10_072);
  assert.deepEqual(
    line.webhook.bodies.map(({ kind }) => kind),
    ["alert", "recovery"],
  );
  assert.equal(line.telegram.messages.length, 1);
  assert.match(
    line.telegram.messages[0]?.text ?? "",
    /^ℹ️ host-1 · Telegram is back\nIt had not answered since .+; 2 notices went/,
  );
  line.scene.dataPct = 93;
  await line.pass(60);
  assert.match(line.telegram.messages[1]?.text ?? "", /^🔴 host-1 · Disk data/, "from then on as ever");
  assert.equal(line.webhook.bodies.length, 2);
});
