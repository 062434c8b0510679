import assert from "node:assert/strict";
import test from "node:test";
import type { DependencySample } from "../../../watchdog/collectors/deps.ts";
import { ok } from "../../../watchdog/collectors/reading.ts";
import { NO_SERIES } from "../../../watchdog/history/history.ts";
import { keyOf } from "../../../watchdog/kinds.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { buildSignals, NO_SIGNALS } from "../../../watchdog/signals/index.ts";
import { ALL_OFF, momentAt, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { configOf } from "../../helpers/fakes/config.ts";
import { WALL_START_MS } from "../../helpers/fakes/virtual-clock.ts";

process.env["TZ"] = "UTC";
const ID = "ab".repeat(32);
const GB = 2 ** 30;
const DAY = 86_400_000;

test("a memory alert names the three biggest processes and whose they are; a recovery does not", () => {
  const rig = rigOf({ WATCHDOG_CLEAR_TICKS: "1" });
  const biggest = [
    { pid: 10, name: "java", residentBytes: 6 * GB, owner: { containerId: ID } },
    { pid: 11, name: "postgres", residentBytes: 2.5 * GB, owner: { unit: "postgresql.service" } },
    { pid: 12, name: "node", residentBytes: GB },
  ];
  rig.tick({
    mem: ok({ totalBytes: 10 * GB, availableBytes: GB / 2, biggest }),
    docker: ok({ containers: [], names: new Map([[ID, "builder"]]) }),
  });
  assert.match(
    rig.signal("host_mem").detail,
    /\nThe biggest: java \(pid 10, container builder\) 6 GB; postgres \(pid 11, service postgresql\.service\) 2\.5 GB; node \(pid 12\) 1 GB\.\n/,
  );
  rig.tick({ mem: ok({ totalBytes: 10 * GB, availableBytes: 5 * GB }) });
  assert.doesNotMatch(rig.signal("host_mem").detail, /biggest/);
});

test("an orphan's text names its container, its parent and its present share of the CPU", () => {
  const rig = rigOf();
  const candidate = {
    pid: 7,
    startTicks: 1,
    ppid: 1,
    parent: "tini",
    ageS: 9000,
    cpuS: 8000,
    cpuSharePct: 97,
    owner: { containerId: ID },
    command: "pytest",
  };
  rig.tick({ proc: ok({ candidates: [candidate], unreadable: [] }) });
  assert.match(
    rig.signal("proc_blocking:7").detail,
    /CPU 8000 s \(97% of a core now\), parent tini 1; limit 1 hour\.\nOwner: container abababababab\.\nCommand: pytest/,
  );
});

test("an orphan that uses no CPU is not said to eat it", { timeout: 5000 }, () => {
  const text = (changes: { readonly cpuS: number; readonly cpuSharePct?: number }): string => {
    const rig = rigOf({ WATCHDOG_PROC_ENABLED: "true" });
    rig.tick({
      proc: ok({
        candidates: [{ pid: 7, startTicks: 1, ppid: 1, ageS: 9000, command: "pytest", ...changes }],
        unreadable: [],
      }),
    });
    return rig.signal("proc_blocking:7").detail;
  };
  for (const idle of [{ cpuS: 0 }, { cpuS: 0.4 }, { cpuS: 8000, cpuSharePct: 0 }])
    assert.match(text(idle), /\nProbably left over by a killed agent\./);
  for (const busy of [{ cpuS: 8000 }, { cpuS: 8000, cpuSharePct: 97 }])
    assert.match(text(busy), /\nProbably left over by a killed agent and eating CPU\./);
});

function https(endsInMs: number | undefined): ReturnType<typeof ok<DependencySample[]>> {
  return ok([
    {
      name: "api",
      shownUrl: "https://api",
      latencyMs: 3,
      outcome: { up: true },
      ...(endsInMs === undefined ? {} : { certificateEndsMs: WALL_START_MS + endsInMs }),
    },
  ]);
}

test("a certificate alerts strictly within 14 days of its end, and says when that is", () => {
  const rig = rigOf();
  rig.tick({ deps: https(14 * DAY) });
  assert.equal(rig.signal("cert:api").active, false);
  rig.tick({ deps: https(14 * DAY) });
  assert.equal(rig.signal("cert:api").active, false, "one look with a wrong clock would say the same");
  rig.tick({ deps: https(14 * DAY) });
  assert.equal(rig.signal("cert:api").active, true);
  assert.match(
    rig.signal("cert:api").detail,
    /^The certificate is valid for another 13 days 23 hours, until 16 January 2026\.\nWhat to do: renew it/,
  );
});

test("where one look is enough, as in `once`, a certificate that ends soon is told at that look", {
  timeout: 5000,
}, () => {
  const rig = rigOf({ WATCHDOG_DEP_DOWN_TICKS: "1" });
  rig.tick({ deps: https(DAY) });
  assert.equal(rig.signal("cert:api").active, true);
});

test("a wall clock that is wrong for one look neither alerts nor takes an alert back", { timeout: 5000 }, () => {
  const YEAR = 365 * DAY;
  const looks = (ends: readonly number[]): boolean[] => {
    const rig = rigOf({ WATCHDOG_CLEAR_TICKS: "1" });
    return ends.map((endsInMs) => {
      // The clock's step, seen from the certificate: its end comes nearer or goes away by as much.
      rig.tick({ deps: https(endsInMs) });
      return rig.signal("cert:api").active;
    });
  };
  assert.deepEqual(looks([90 * DAY, 90 * DAY - 10 * YEAR, 90 * DAY, 90 * DAY]), [false, false, false, false]);
  assert.deepEqual(looks([DAY, DAY, DAY + 10 * YEAR, DAY, DAY]), [false, true, true, true, true]);
});

test("a ping that saw no certificate is judged by the end last seen, also once that is over", () => {
  const rig = rigOf();
  rig.tick({ deps: https(60_000) });
  rig.tick({ deps: https(undefined) }, 30_000);
  assert.match(rig.signal("cert:api").detail, /^The certificate is valid for another 30 seconds/);
  rig.tick({ deps: https(undefined) }, 60_000);
  assert.deepEqual([rig.signal("cert:api").active, rig.signal("cert:api").frozen], [true, undefined]);
  assert.match(rig.signal("cert:api").detail, /^The certificate ended on 2 January 2026\./);
});

test("a dependency that is no longer watched takes its certificate along", () => {
  const rig = rigOf();
  rig.tick({ deps: https(DAY) });
  rig.tick({ deps: https(DAY) });
  rig.tick({ deps: ok([]) });
  assert.equal(rig.signal("cert:api").active, false);
});

test("WATCHDOG_CERT_DAYS=0 switches certificates off", () => {
  const rig = rigOf({ WATCHDOG_CERT_DAYS: "0" });
  rig.tick({ deps: https(DAY) });
  assert.equal(rig.find("cert:api"), undefined);
});

test("after a restart a certificate's alert stays while its dependency has shown none yet, and ends with one that is no longer asked over https", {
  timeout: 5000,
}, () => {
  const restarted = (deps: string) => {
    const config = configOf({ WATCHDOG_STARTUP_GRACE_S: "0", WATCHDOG_DEPS: deps });
    let state = NO_SIGNALS;
    for (const tick of [0, 1, 2])
      ({ state } = buildSignals(
        state,
        { ...ALL_OFF, deps: https(DAY) },
        config,
        LANGS.en,
        momentAt(tick * 30_000),
        NO_SERIES,
      ));
    // What was seen of certificates is not in the state file.
    const { signals } = buildSignals(
      { ...state, certificates: new Map() },
      { ...ALL_OFF, deps: https(undefined) },
      config,
      LANGS.en,
      momentAt(90_000),
      NO_SERIES,
    );
    const signal = signals.find(({ topic }) => keyOf(topic) === "cert:api");
    return [signal?.active, signal?.frozen];
  };
  assert.deepEqual(restarted("api=https://api"), [true, true]);
  assert.deepEqual(restarted("api=http://api"), [false, undefined]);
});
