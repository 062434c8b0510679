import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import type { Readings } from "../../../watchdog/collectors/index.ts";
import { failed, ok } from "../../../watchdog/collectors/reading.ts";
import { createHistogram, escapeLabel, exposition } from "../../../watchdog/status/exposition.ts";
import { skipWithout } from "../../helpers/drivers/chromium.ts";
import { siteRig } from "../../helpers/drivers/site-rig.ts";
import {
  candidate,
  container,
  diskAt,
  disks,
  docker,
  envelope,
  memoryAt,
  processes,
} from "../../helpers/fakes/samples.ts";

const BROKEN: Partial<Readings> = {
  metrics: envelope({ counts: { queued: 1, running: 0, done: 2, failed: 3 } }),
  mem: memoryAt(95.5),
  disk: disks([diskAt("data", 92, 40), diskAt('odd "label"\\\nhere', 10)]),
  docker: docker(
    container("web"),
    container("db", { state: "exited", exitCode: 1 }),
    container("gone", "missing", true),
    container("unseen", { unreadable: "500" }),
  ),
  deps: ok([
    { name: "git", shownUrl: "https://git.example", latencyMs: 12, outcome: { up: true } },
    { name: "llm", shownUrl: "x", latencyMs: 5000, outcome: { up: false, kind: "timeout", reason: "ETIMEDOUT" } },
  ]),
  proc: processes([candidate(), candidate({ pid: 78, ageS: 5 })]),
};

describe("GET /metrics", () => {
  test("promtool finds nothing to complain of", { skip: skipWithout("promtool", "prometheus") }, async () => {
    const { tick, deliver, metrics } = siteRig();
    const check = (text: string): void => {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
      assert.deepEqual([status, stdout, stderr], [0, "", ""], text);
    };
    check(metrics());
    for (let n = 0; n < 4; n += 1) await tick(BROKEN);
    deliver();
    await tick(BROKEN);
    check(metrics());
    await tick({});
    check(metrics());
  });

  test("tells what is bad, what was told, and every reading in base units", async () => {
    const { tick, deliver, value } = siteRig();
    for (let n = 0; n < 4; n += 1) await tick(BROKEN);
    assert.equal(value('watchdog_signal_active{kind="disk",key="disk:data"}'), 1);
    assert.equal(value('watchdog_signal_alerting{kind="disk",key="disk:data"}'), 0);
    assert.equal(value("watchdog_last_delivery_timestamp_seconds"), undefined);
    assert.ok((value("watchdog_outbox_notices") ?? 0) > 3);
    deliver();
    const expected: Readonly<Record<string, number>> = {
      'watchdog_signal_alerting{kind="disk",key="disk:data"}': 1,
      'watchdog_signal_active{kind="host_mem",key="host_mem"}': 1,
      'watchdog_signal_active{kind="container",key="container:web"}': 0,
      'watchdog_signal_active{kind="container",key="container:db"}': 1,
      watchdog_memory_used_ratio: 0.955,
      'watchdog_disk_used_ratio{disk="data"}': 0.92,
      'watchdog_disk_inodes_used_ratio{disk="data"}': 0.4,
      'watchdog_container_up{container="web"}': 1,
      'watchdog_container_up{container="db"}': 0,
      'watchdog_container_up{container="gone"}': 0,
      'watchdog_dependency_up{dependency="git"}': 1,
      'watchdog_dependency_up{dependency="llm"}': 0,
      'watchdog_dependency_latency_seconds{dependency="llm"}': 5,
      watchdog_orphan_processes: 1,
      'watchdog_source_up{source="mem"}': 1,
      'watchdog_source_up{source="docker"}': 0,
      watchdog_enabled: 1,
      'watchdog_sends_total{channel="telegram",result="delivered"}': 1,
      'watchdog_sends_total{channel="telegram",result="retry"}': 0,
      watchdog_tick_duration_seconds_count: 4,
      'watchdog_tick_duration_seconds_bucket{le="+Inf"}': 4,
      watchdog_series_left_out: 0,
      'watchdog_disk_used_ratio{disk="odd \\"label\\"\\\\\\nhere"}': 0.1,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((series) => [series, value(series)])), expected);
    assert.equal(
      value('watchdog_container_up{container="unseen"}'),
      undefined,
      "what could not be inspected is neither up nor down",
    );
    assert.ok(
      Math.abs((value("watchdog_last_tick_timestamp_seconds") ?? 0) - Date.UTC(2026, 0, 2, 3, 6, 5) / 1000) < 1,
    );
  });

  test("what vanished, is off or could not be read has no series", async () => {
    const { tick, metrics, value } = siteRig();
    await tick(BROKEN);
    await tick(BROKEN);
    await tick({
      disk: disks([diskAt("data", 20)]),
      docker: failed({ kind: "refused", reason: "ECONNREFUSED" }),
      deps: ok([]),
    });
    await tick({
      disk: disks([diskAt("data", 20)]),
      docker: failed({ kind: "refused", reason: "ECONNREFUSED" }),
      deps: ok([]),
    });
    assert.doesNotMatch(metrics(), /odd|dep:|dependency_up|container_up|memory_used/);
    assert.equal(value('watchdog_source_up{source="docker"}'), 0);
    assert.equal(value('watchdog_source_up{source="mem"}'), undefined);
  });

  test("a key that stands for several entities comes once", async () => {
    const { tick, metrics } = siteRig();
    await tick({ proc: processes([candidate({ startTicks: 1 })]) });
    await tick({ proc: processes([candidate({ startTicks: 2, ageS: 1 })]) });
    assert.equal(metrics().match(/watchdog_signal_active\{kind="proc_blocking",key="proc_blocking:77"\}/g)?.length, 1);
  });

  test("a crowd is cut off at 500 series of a kind, the bad ones stay, and it says how many are missing", async () => {
    const { tick, value, metrics } = siteRig();
    const crowd = docker(
      ...Array.from({ length: 700 }, (_, n) => container(`c-${n}`, n === 699 ? { state: "exited", exitCode: 1 } : {})),
    );
    await tick({ docker: crowd });
    await tick({ docker: crowd });
    assert.equal(value('watchdog_signal_active{kind="container",key="container:c-699"}'), 1);
    assert.equal(metrics().match(/^watchdog_signal_active/gm)?.length, 500);
    assert.equal(metrics().match(/^watchdog_container_up/gm)?.length, 500);
    const signals = 701;
    assert.equal(value("watchdog_series_left_out"), 2 * (signals - 500) + 200);
  });

  test("a secret in a name is masked, and breaks nothing", async () => {
    const { tick, metrics, site } = siteRig({}, (text) => text.replaceAll("true", "***").replaceAll("hunter22", "***"));
    await tick({ deps: ok([{ name: "db:hunter22", shownUrl: "x", latencyMs: 1, outcome: { up: true } }]) });
    assert.match(metrics(), /dependency_up\{dependency="db:\*\*\*"\} 1/);
    for (const path of ["/", "/status", "/healthz"] as const) {
      const { status, body } = site.routes[path]?.() ?? { status: 0, body: "" };
      assert.equal(status, 200);
      assert.doesNotMatch(body, /hunter22/);
    }
    assert.equal(
      (JSON.parse(site.routes["/status"]?.().body ?? "") as { enabled: unknown }).enabled,
      true,
      "a secret that reads like JSON leaves JSON alone",
    );
  });
});

test("label values are escaped as the format says", () => {
  assert.equal(escapeLabel('a"b\\c\nd\ud800'), 'a\\"b\\\\c\\nd\ufffd');
});

test("a histogram counts upwards, the bound itself included, and a family without samples is left out", () => {
  const histogram = createHistogram([1, 2]);
  for (const seconds of [0.5, 1, 1.5, 9]) histogram.observe(seconds);
  assert.equal(
    exposition([
      { name: "a_seconds", help: "x\\y\nz", type: "histogram", samples: histogram.samples() },
      { name: "b", help: "none", type: "gauge", samples: [] },
    ]),
    '# HELP a_seconds x\\\\y\\nz\n# TYPE a_seconds histogram\na_seconds_bucket{le="1"} 2\na_seconds_bucket{le="2"} 3\na_seconds_bucket{le="+Inf"} 4\na_seconds_sum 12\na_seconds_count 4\n',
  );
});
