import assert from "node:assert/strict";
import test from "node:test";
import type { DependencySample } from "../../../watchdog/collectors/deps.ts";
import { failed, ok } from "../../../watchdog/collectors/reading.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { ALL_OFF, FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import {
  candidate,
  container,
  diskAt,
  disks,
  docker,
  envelope,
  memoryAt,
  pathFailure,
  processes,
} from "../../helpers/fakes/samples.ts";

const dep = (outcome: DependencySample["outcome"]) => ({
  deps: ok([{ name: "api", shownUrl: "http://api:8000", latencyMs: 12, outcome }]),
});
const UP = dep({ up: true });
const REFUSED = dep({ up: false, kind: "refused", reason: "connect ECONNREFUSED" });

test("a dependency alerts at the second failing ping in a row and recovers after two good ones", () => {
  const rig = rigOf();
  const active = [REFUSED, UP, REFUSED, REFUSED, UP, UP].map((readings) => {
    rig.tick(readings);
    return rig.signal("dep:api").active;
  });
  assert.deepEqual(active, [false, false, false, true, true, false]);
});

test("a dependency's text says the kind of failure", () => {
  const rig = rigOf();
  const line = (outcome: DependencySample["outcome"]): string => {
    rig.tick(dep(outcome));
    return rig.signal("dep:api").detail.split("\n")[0] ?? "";
  };
  assert.equal(
    line({ up: false, kind: "refused", reason: "connect ECONNREFUSED" }),
    "http://api:8000: connection refused (connect ECONNREFUSED), after 12 ms.",
  );
  assert.match(line({ up: false, kind: "timeout", reason: "no answer within 5 s" }), /timeout/);
  assert.match(line({ up: false, kind: "dns", reason: "getaddrinfo ENOTFOUND api" }), /name not found/);
  assert.match(line({ up: false, kind: "tls", reason: "certificate has expired" }), /TLS/);
  assert.match(line({ up: false, kind: "status", reason: "503" }), /HTTP status 503 instead of 2xx\/3xx/);
  assert.equal(line({ up: true }), "http://api:8000 answers within 12 ms.");
});

test("pings that failed as a whole freeze every dependency", () => {
  const rig = rigOf({ WATCHDOG_DEP_DOWN_TICKS: "1" });
  rig.tick(REFUSED);
  rig.tick({ deps: FAILED });
  assert.deepEqual([rig.signal("dep:api").active, rig.signal("dep:api").frozen], [true, true]);
});

test("a process exactly as old as the limit is not blocking, one tick older it is", () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate({ ageS: 3600 })]) });
  assert.equal(rig.signal("proc_blocking:77").active, false);
  rig.tick({ proc: processes([candidate({ ageS: 3600.01 })]) });
  assert.equal(rig.signal("proc_blocking:77").active, true);
});

test("a process's text has pid, age in seconds and words, CPU time, command and what to do", () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate({ ageS: 7260, cpuS: 12.4, ppid: 1 })]) });
  assert.match(
    rig.signal("proc_blocking:77").detail,
    /^pid 77, age 7260 s \(2 hours 1 minute\), CPU 12 s, parent 1; limit 1 hour\.\nCommand: pytest -x\n.*\nWhat to do: .*kill 77$/s,
  );
});

test("a process re-alerts by its own cooldown", () => {
  const rig = rigOf({ WATCHDOG_PROC_COOLDOWN_S: "60" });
  rig.tick({ proc: processes([candidate()]) });
  assert.equal(rig.signal("proc_blocking:77").cooldownS, 60);
});

test("a process that exited recovers at once; one that was never blocking says nothing", () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate(), candidate({ pid: 78, ageS: 10 })]) });
  rig.tick({ proc: processes([]) });
  assert.deepEqual(
    [rig.signal("proc_blocking:77").active, rig.signal("proc_blocking:77").detail, rig.find("proc_blocking:78")],
    [false, "The process ended.", undefined],
  );
});

test("a pid used again is a new entity: the old one ended, the new one is judged by its own age", () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate({ startTicks: 1000 })]) });
  const signals = rig
    .tick({ proc: processes([candidate({ startTicks: 2000, ageS: 10 })]) })
    .filter(({ topic }) => keyOf(topic) === "proc_blocking:77");
  assert.deepEqual(
    signals.map(({ entity, active }) => [entity, active]),
    [
      ["77:1000", false],
      ["77:2000", false],
    ],
  );
});

test("a process that could not be read this time is frozen, not gone", () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate()]) });
  rig.tick({ proc: processes([], [77]) });
  assert.deepEqual([rig.signal("proc_blocking:77").active, rig.signal("proc_blocking:77").frozen], [true, true]);
  rig.tick({ proc: FAILED });
  assert.deepEqual([rig.signal("proc_blocking:77").active, rig.signal("proc_blocking:77").frozen], [true, true]);
});

test("a source is blind at the third failing reading in a row, and sighted after two good ones", () => {
  for (const [name, good] of [
    ["mem", memoryAt(10)],
    ["disk", disks([diskAt("root", 10)])],
    ["docker", docker()],
    ["proc", processes([])],
  ] as const) {
    const rig = rigOf();
    const active = [FAILED, FAILED, good, FAILED, FAILED, FAILED, good, good].map((reading) => {
      rig.tick({ [name]: reading });
      return rig.signal(`blind:${name}`).active;
    });
    assert.deepEqual(active, [false, false, false, false, false, true, true, false], name);
  }
});

test("a source that is off, /metrics and dependencies are never blind", () => {
  assert.deepEqual(
    rigOf({ WATCHDOG_BLIND_TICKS: "1" })
      .tick({ ...ALL_OFF, metrics: FAILED, deps: FAILED })
      .filter(({ topic }) => topic.kind === "blind"),
    [],
  );
});

test("a disk path that fails makes the source blind and is named, while the others are measured", () => {
  const rig = rigOf();
  for (let tick = 0; tick < 3; tick += 1) rig.tick({ disk: disks([diskAt("data", 90)], [pathFailure("root")]) });
  assert.equal(rig.signal("blind:disk").active, true);
  assert.match(rig.signal("blind:disk").detail, /^Cannot be read: \/host\/root: EIO; 3 times in a row\./);
  assert.equal(rig.signal("disk:data").active, true);
});

test("a container that stays unreadable makes docker blind and is named", () => {
  const rig = rigOf();
  for (let tick = 0; tick < 3; tick += 1)
    rig.tick({ docker: docker(container("web", { unreadable: "engine answered 500" })) });
  assert.match(rig.signal("blind:docker").detail, /web: engine answered 500/);
  assert.equal(rig.signal("blind:docker").active, true);
});

test("many failing paths are named in part and counted", () => {
  const rig = rigOf({ WATCHDOG_BLIND_TICKS: "1" });
  rig.tick({
    disk: disks(
      [],
      Array.from({ length: 8 }, (_, index) => pathFailure(`d${index}`)),
    ),
  });
  assert.match(rig.signal("blind:disk").detail, /d4: EIO; \+3;/);
});

test("every source's signals go on while another one fails", () => {
  const rig = rigOf({
    WATCHDOG_DEP_DOWN_TICKS: "1",
    WATCHDOG_CONTAINER_DOWN_TICKS: "1",
    WATCHDOG_ORCH_DOWN_TICKS: "1",
  });
  const bad = {
    mem: memoryAt(95),
    disk: disks([diskAt("root", 95)]),
    docker: docker(container("web", { state: "dead" })),
    ...REFUSED,
    proc: processes([candidate()]),
    metrics: envelope(),
  };
  const keys = {
    mem: "host_mem",
    disk: "disk:root",
    docker: "container:web",
    deps: "dep:api",
    proc: "proc_blocking:77",
  } as const;
  for (const broken of Object.keys(keys) as (keyof typeof keys)[]) {
    const fresh = rigOf({ WATCHDOG_DEP_DOWN_TICKS: "1", WATCHDOG_CONTAINER_DOWN_TICKS: "1" });
    fresh.tick({ ...bad, [broken]: FAILED });
    for (const [source, key] of Object.entries(keys))
      assert.equal(fresh.find(key)?.active ?? false, source !== broken, `${broken} fails: ${key}`);
  }
  rig.tick({ ...bad, metrics: FAILED });
  assert.equal(rig.signal("orchestrator_down").active, true);
});

test("a source of which a part cannot be read names that part, and says that the rest goes on", {
  timeout: 10_000,
}, () => {
  const blindOf = (
    readings: Parameters<ReturnType<typeof rigOf>["tick"]>[0],
    env: Readonly<Record<string, string>> = {},
  ) => {
    const rig = rigOf({ WATCHDOG_BLIND_TICKS: "1", ...env });
    return rig.tick(readings).find(({ topic, active }) => topic.kind === "blind" && active)?.detail;
  };
  assert.equal(
    blindOf({ disk: disks([diskAt("data", 50)], [pathFailure("nfs")]) }),
    "Cannot be read: /host/nfs: EIO; 1 time in a row. Only that is frozen, the other disks are checked as usual.\nWhat to do: check that /host/nfs is mounted and answers (on the host: findmnt).",
  );
  assert.match(
    blindOf({ disk: disks([], [pathFailure("nfs")]) }) ?? "",
    /^Cannot be read: \/host\/nfs: EIO; 1 time in a row\. The signals of this source are frozen until it is back\./,
  );
  assert.match(
    blindOf({ docker: docker(container("web"), container("api", { unreadable: "500" })) }) ?? "",
    /api: 500; .*Only that is frozen, the other containers are checked as usual\.\nWhat to do: docker inspect api$/,
  );
  assert.match(
    blindOf({ docker: docker(container("api", { unreadable: "500" })) }) ?? "",
    /The signals of this source are frozen/,
  );
  assert.match(
    blindOf({ docker: FAILED }) ?? "",
    /The signals of this source are frozen until it is back\.\nWhat to do: check that Docker runs .* its socket is mounted/,
  );
  assert.match(
    blindOf({ docker: FAILED }, { WATCHDOG_DOCKER_SOCK: "tcp://docker-proxy:2375" }) ?? "",
    /What to do: check the container docker-proxy, through which Docker is read/,
  );
});

test("what the orchestrator's own container is called is in the advice, and an engine behind a proxy names the proxy", {
  timeout: 10_000,
}, () => {
  const rig = rigOf({
    WATCHDOG_METRICS_URL: "http://o/metrics",
    WATCHDOG_ORCH_CONTAINER: "orch",
    WATCHDOG_ORCH_DOWN_TICKS: "1",
    WATCHDOG_DOCKER_SOCK: "tcp://docker-proxy:2375",
  });
  rig.tick({ metrics: FAILED, docker: failed({ kind: "other", status: 503, reason: "engine answered 503" }) });
  assert.match(rig.signal("orchestrator_down").detail, /What to do: docker logs --tail 50 orch$/);
  assert.equal(
    rig.signal("orchestrator_down").cause,
    "Docker does not answer through the proxy docker-proxy: engine answered 503",
  );
});

test("a process that does not answer for K ticks is told by its pid; its own state stands still, the others are judged", {
  timeout: 10_000,
}, () => {
  const rig = rigOf({ WATCHDOG_LANG: "en" });
  const hangs = {
    proc: ok({ candidates: [candidate()], unreadable: [{ pid: 4242, startTicks: 5, why: "hangs" as const }] }),
  };
  rig.tick({ proc: processes([candidate({ pid: 4242, startTicks: 5 })]) });
  const told = [1, 2, 3].map(() => {
    rig.tick(hangs);
    return [rig.signal("blind:proc").active, rig.signal("proc_blocking:4242").active];
  });
  assert.deepEqual(told, [
    [false, true],
    [false, true],
    [true, true],
  ]);
  assert.match(
    rig.signal("blind:proc").detail,
    /pid 4242: its command line does not answer; 3 times in a row\. .*the other processes are checked as usual[\s\S]*\/proc\/4242\/stack/,
  );
  assert.deepEqual([rig.signal("proc_blocking:4242").frozen, rig.signal("proc_blocking:77").frozen], [true, undefined]);
  rig.tick({ proc: processes([candidate()]) });
  rig.tick({ proc: processes([candidate()]) });
  assert.deepEqual([rig.signal("blind:proc").active, rig.find("proc_blocking:4242")], [false, undefined]);
});

test("the state that stands still is that of the process that hangs, not of the one that had its pid before", {
  timeout: 10_000,
}, () => {
  const rig = rigOf();
  rig.tick({ proc: processes([candidate({ pid: 4242, startTicks: 5 })]) });
  rig.tick({ proc: ok({ candidates: [], unreadable: [{ pid: 4242, startTicks: 900, why: "hangs" as const }] }) });
  assert.equal(rig.signal("proc_blocking:4242").active, false, "the first one is gone");
});
