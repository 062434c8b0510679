// Doctor decides by what a fault is. Its words are foreign, and may speak of anything.
import assert from "node:assert/strict";
import test from "node:test";
import type { Check } from "../../../../watchdog/cli/doctor/check.ts";
import { judgeDisks } from "../../../../watchdog/cli/doctor/disks.ts";
import { judgeEngine } from "../../../../watchdog/cli/doctor/engine.ts";
import { judgeHost } from "../../../../watchdog/cli/doctor/host.ts";
import { judgeMetrics } from "../../../../watchdog/cli/doctor/services.ts";
import { NOT_JSON_CODE } from "../../../../watchdog/collectors/metrics.ts";
import { HIDDEN_CODE } from "../../../../watchdog/collectors/proc/command-lines.ts";
import { failed, OFF } from "../../../../watchdog/collectors/reading.ts";
import { DOCTOR_TEXTS } from "../../../../watchdog/lang/index.ts";
import type { Fault } from "../../../../watchdog/net/fault.ts";
import { HANGS_CODE } from "../../../../watchdog/thread-pool.ts";
import { configOf } from "../../../helpers/fakes/config.ts";
import { container, docker, memoryAt } from "../../../helpers/fakes/samples.ts";

const LIMIT = { timeout: 10_000 };
const t = DOCTOR_TEXTS.en;
const place = { inContainer: true, hardened: false, command: "docker compose run --rm watchdog" };
/** Every word that was once looked for in a reason. */
const WORDS =
  "HTTP status 503, JSON, larger, too old, answered 403, EACCES, EPERM, ENOENT, hidepid, does not answer, hangs";
const fault = (changes: Partial<Fault>): Fault => ({ kind: "other", reason: WORDS, ...changes });
const ctxOf = (env: Readonly<Record<string, string>> = {}) => ({ config: configOf(env), t, place });
function adviceOf(checks: readonly Check[], id: string): string {
  const check = checks.find((one) => one.id === id);
  return check?.state === "failed" ? check.advice : assert.fail(JSON.stringify(checks));
}

test("the engine: by code and status", LIMIT, () => {
  const advice = (changes: Partial<Fault>, env = {}): string =>
    adviceOf(judgeEngine({ version: fault(changes) }, OFF, ctxOf(env)), "engine");
  const proxy = { WATCHDOG_DOCKER_SOCK: "tcp://proxy:2375" };
  const notEngine = t.engine.notEngine("WATCHDOG_DOCKER_SOCK");
  assert.equal(advice({}), notEngine);
  assert.equal(advice({ status: 403 }), notEngine, "without a proxy nobody else forbids");
  assert.equal(advice({ code: "TOO_OLD" }), t.engine.tooOld);
  assert.equal(advice({ code: "EACCES" }), t.engine.denied);
  assert.equal(advice({ code: "EPERM" }), t.engine.denied);
  assert.equal(advice({ code: "ENOENT" }), t.engine.mountSocket("/var/run/docker.sock", place));
  assert.equal(advice({ kind: "timeout", code: "DEADLINE" }), t.engine.hangs);
  assert.equal(advice({}, proxy), notEngine);
  assert.equal(advice({ status: 500 }, proxy), notEngine);
  for (const status of [401, 403, 405]) assert.equal(advice({ status }, proxy), t.engine.proxyRefuses);
});

test("a container that cannot be inspected: by its own fault", LIMIT, () => {
  const isUp = { version: "29", spoken: "1.52", oldest: "1.44", newest: "1.52", spokenForCache: "1.51" };
  const advice = (changes: Partial<Fault>): string =>
    adviceOf(
      judgeEngine(
        { version: isUp },
        docker({ ...container("web"), found: { unreadable: fault(changes) } }),
        ctxOf({ WATCHDOG_CONTAINERS: "web" }),
      ),
      "container:web",
    );
  assert.equal(advice({ status: 500 }), t.engine.notEngine("WATCHDOG_DOCKER_SOCK"));
  assert.equal(advice({ kind: "timeout", code: "DEADLINE" }), t.engine.hangs);
});

test("the orchestrator: by status and code", LIMIT, () => {
  const ctx = ctxOf({ WATCHDOG_METRICS_URL: "http://orch/metrics" });
  const checkOf = (changes: Partial<Fault>): Check | undefined => judgeMetrics(failed(fault(changes)), ctx)[0];
  assert.equal(checkOf({ status: 418 })?.detail, t.metrics.status("418"));
  for (const code of [NOT_JSON_CODE, "TOO_LARGE", "TOO_COMPLEX"])
    assert.equal(adviceOf([checkOf({ code }) as Check], "metrics"), t.metrics.notObject("WATCHDOG_METRICS_URL"), code);
  assert.equal(
    adviceOf([checkOf({}) as Check], "metrics"),
    t.network.advice("other", "orch", "WATCHDOG_METRICS_URL", false),
  );
});

test("disks: by code", LIMIT, () => {
  const ctx = ctxOf({ WATCHDOG_DISK_PATHS: "a=/host/a" });
  const checks = (changes: Partial<Fault>): Check[] =>
    judgeDisks(new Map([["/host/a", fault(changes)]]), { mountinfo: "" }, ctx);
  assert.equal(adviceOf(checks({}), "disk:a"), t.disk.correct("/host/a", place));
  assert.equal(adviceOf(checks({ code: HANGS_CODE }), "disk:a"), t.disk.hangs("/host/a"));
  assert.equal(adviceOf(checks({ code: "ENOENT" }), "disk:a"), t.disk.mount("/host/a", place));
  assert.equal(checks({})[0]?.detail, `/host/a: ${WORDS}`);
  assert.equal(checks({ code: "ENOENT" })[0]?.detail, WORDS, "an error of the system names the path itself");
});

test("processes: by code", LIMIT, () => {
  const ctx = ctxOf({ WATCHDOG_PROC_ENABLED: "true" });
  const advice = (changes: Partial<Fault>): string =>
    adviceOf(judgeHost({ mem: memoryAt(10), proc: failed(fault(changes)) }, {}, ctx), "processes");
  assert.equal(advice({ code: HIDDEN_CODE }), t.host.unhide);
  assert.equal(advice({}), t.host.procRoot("/proc", place));
});
