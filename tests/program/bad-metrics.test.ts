import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief } from "../helpers/drivers/told.ts";
import { until } from "../helpers/drivers/wait.ts";
import { detailOf, failsWith, othersKeepWorking } from "../helpers/fakes/canaries.ts";
import {
  cut,
  drip,
  endless,
  fiveMegabytes,
  hang,
  healthy,
  html,
  jsonList,
  type MetricsBehaviour,
  notJson,
  redirect,
  status500,
} from "../helpers/fakes/metrics.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const FAULTS: readonly { readonly name: string; readonly behaviour: MetricsBehaviour; readonly says: RegExp }[] = [
  { name: "500", behaviour: status500, says: /HTTP status 500/ },
  { name: "what is not JSON", behaviour: notJson, says: /not a JSON object/ },
  { name: "JSON that is no object", behaviour: jsonList, says: /not a JSON object/ },
  { name: "an HTML page", behaviour: html, says: /not a JSON object/ },
  { name: "5 MB", behaviour: fiveMegabytes, says: /larger than 1048576 bytes/ },
  { name: "a body that never ends", behaviour: endless, says: /larger than 1048576 bytes/ },
  { name: "a byte at a time", behaviour: drip(20), says: /within 0\.5 s/ },
  { name: "nothing at all", behaviour: hang, says: /within 0\.5 s/ },
  { name: "half an answer", behaviour: cut, says: /connection (closed|broken)|aborted|hang up/ },
  { name: "a redirect", behaviour: redirect, says: /HTTP status 302/ },
];

describe("/metrics answers badly", { concurrency: 6 }, () => {
  for (const { name, behaviour, says } of FAULTS) {
    const hangs = says.source.includes("within");
    it(`with ${name}: the orchestrator is down, everything else is watched on`, async (t) => {
      const world = await makeWorld(t, hangs ? { WATCHDOG_HTTP_TIMEOUT_S: "0.5" } : {});
      const daemon = await world.start();
      world.metrics.behave(behaviour);
      await failsWith(daemon, "metrics", says);
      await othersKeepWorking(world, daemon, ["metrics"]);
      assert.match(await detailOf(world, "🔴 Orchestrator down"), says);
      world.metrics.behave(healthy);
      await detailOf(world, "🟢 Orchestrator down");
      await daemon.stop();
    });
  }

  it("refused: the orchestrator is down, everything else is watched on", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    await world.metrics.refuse();
    await othersKeepWorking(world, daemon, ["metrics"]);
    assert.match(await detailOf(world, "🔴 Orchestrator down"), /connection refused/);
    await world.metrics.accept();
    await detailOf(world, "🟢 Orchestrator down");
    await daemon.stop();
  });

  it("for fewer ticks than K: nothing is said", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_ORCH_DOWN_TICKS: "1000" });
    const daemon = await world.start();
    world.metrics.behave(status500);
    await daemon.ticks(5);
    const { signals } = await daemon.status();
    assert.equal(signals.find(({ key }) => key === "orchestrator_down")?.active, false);
    world.metrics.behave(healthy);
    await daemon.ticks(3);
    assert.deepEqual(world.telegram.told(), []);
    await daemon.stop();
  });

  it("meanwhile what it feeds is frozen: it neither recovers nor alerts", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_QUEUE_STALLED_MIN: "0.005", WATCHDOG_AGENT_HUNG_MIN: "0.01" });
    world.metrics.orchestrator.counts = { queued: 7, running: 0, done: 40, failed: 3 };
    const daemon = await world.start();
    await detailOf(world, "🔴 Queue stalled");
    world.metrics.behave(status500);
    await detailOf(world, "🔴 Orchestrator down");
    await daemon.ticks(4);
    const { signals } = await daemon.status();
    const queue = signals.find(({ key }) => key === "queue_stalled");
    assert.deepEqual([queue?.active, queue?.alerting, queue?.frozen], [true, true, true]);
    assert.deepEqual(world.telegram.told().map(brief), ["🔴 Queue stalled", "🔴 Orchestrator down"]);
    world.metrics.orchestrator.counts.running = 1;
    world.metrics.behave(healthy);
    await until("both recoveries", () => world.telegram.told().length >= 4);
    assert.deepEqual(world.telegram.told().slice(2).map(brief).sort(), ["🟢 Orchestrator down", "🟢 Queue stalled"]);
    await daemon.stop();
  });

  it("{} is a good answer that feeds nothing", async (t) => {
    const world = await makeWorld(t);
    const daemon = await world.start();
    world.metrics.behave((response) => response.end("{}"));
    await daemon.ticks(5);
    const { sources } = await daemon.status();
    assert.equal(sources["metrics"]?.state, "ok");
    assert.deepEqual(world.telegram.told(), []);
    await daemon.stop();
  });
});
