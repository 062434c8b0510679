import assert from "node:assert/strict";
import test from "node:test";
import type { FoundContainer } from "../../../watchdog/collectors/containers.ts";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { conditionOf } from "../../../watchdog/signals/containers.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { container, docker, found } from "../../helpers/fakes/samples.ts";

const condition = (changes: Partial<FoundContainer>, named = false, restarts = 0): string =>
  conditionOf(found(changes), named, restarts);

const FACTS = {
  state: "exited",
  health: "none",
  restartCount: 0,
  exitCode: 0,
  oomKilled: false,
  error: "",
  healthOutput: "",
  image: "",
} as const;

test("running without a health check, or healthy, is good", () => {
  assert.equal(condition({}), "good");
  assert.equal(condition({ health: "healthy" }), "good");
});

test("starting, or being removed, holds: neither good nor bad", () => {
  assert.equal(condition({ health: "starting" }), "unknown");
  assert.equal(condition({ state: "removing" }), "unknown");
});

test("unhealthy, restarting, exited, dead, paused and never started are bad", () => {
  assert.equal(condition({ health: "unhealthy" }), "bad");
  for (const state of ["restarting", "exited", "dead", "paused", "created"] as const)
    assert.equal(condition({ state }), "bad", state);
});

test("a paused container that was healthy is bad", () => {
  assert.equal(condition({ state: "paused", health: "healthy" }), "bad");
});

test("one that ended with code 0 under policy no or on-failure has finished, unless it is named", () => {
  for (const restartPolicy of ["no", "on-failure"]) {
    assert.equal(condition({ state: "exited", restartPolicy }), "good", restartPolicy);
    assert.equal(condition({ state: "exited", restartPolicy }, true), "bad", restartPolicy);
    assert.equal(condition({ state: "exited", restartPolicy, exitCode: 1 }), "bad", restartPolicy);
  }
  for (const restartPolicy of ["always", "unless-stopped"])
    assert.equal(condition({ state: "exited", restartPolicy }), "bad", restartPolicy);
});

test("two restarts within the window are no loop, three are, even while it runs", () => {
  assert.equal(condition({}, false, 2), "good");
  assert.equal(condition({}, false, 3), "bad");
});

test("a container alerts at the second bad reading in a row", () => {
  const rig = rigOf();
  const active = (changes: Partial<FoundContainer>): boolean => {
    rig.tick({ docker: docker(container("web", changes)) });
    return rig.signal("container:web").active;
  };
  assert.deepEqual(
    [active({ state: "exited" }), active({}), active({ state: "exited" }), active({ state: "exited" })],
    [false, false, false, true],
  );
  assert.deepEqual([active({}), active({})], [true, false]);
});

test("starting after a fault holds the alert until the health check has spoken", () => {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1" });
  rig.tick({ docker: docker(container("web", { state: "exited" })) });
  for (let tick = 0; tick < 5; tick += 1) rig.tick({ docker: docker(container("web", { health: "starting" })) });
  assert.equal(rig.signal("container:web").active, true);
  for (let tick = 0; tick < 2; tick += 1) rig.tick({ docker: docker(container("web", { health: "healthy" })) });
  assert.equal(rig.signal("container:web").active, false);
});

test("the text says state, exit code, OOM, error and health output, and what to do", () => {
  const rig = rigOf();
  rig.tick({
    docker: docker(
      container("web", { state: "exited", exitCode: 137, oomKilled: true, error: "no such file" }),
      container("api", { health: "unhealthy", healthOutput: "curl: refused" }),
    ),
  });
  assert.equal(
    rig.signal("container:web").detail,
    "State: stopped (exited).\nKilled because memory ran out (OOM).\nExit code: 137 (SIGKILL).\nError: no such file\nImage: img:1.\nWhat to do: see what took the memory (docker logs --tail 50 web), and raise the limit if it has one (mem_limit in compose, or docker update --memory <more> --memory-swap <more> web); then docker start web",
  );
  assert.match(rig.signal("container:api").detail, /^State: running, but unhealthy\.\nHealth check: curl: refused\n/);
});

test("an exit code is told as what it proves: memory only where the engine says so", { timeout: 5000 }, () => {
  const line = (changes: Partial<FoundContainer>): string => {
    const rig = rigOf();
    rig.tick({ docker: docker(container("web", { state: "exited", ...changes })) });
    return /^Exit code: (.*)\.$/m.exec(rig.signal("container:web").detail)?.[1] ?? "";
  };
  assert.equal(
    line({ exitCode: 137 }),
    "137 (SIGKILL: killed, such as by docker kill or by a stop that had to force it)",
  );
  assert.equal(line({ exitCode: 143 }), "143 (SIGTERM: asked to stop, as docker stop does)");
  assert.equal(line({ exitCode: 139 }), "139 (SIGSEGV: segmentation fault)");
  assert.equal(line({ exitCode: 127 }), "127 (command not found)");
  assert.deepEqual(
    [
      line({ exitCode: 1 }),
      line({ exitCode: 125 }),
      line({ exitCode: 160 }),
      line({ exitCode: 255 }),
      line({ exitCode: 131 }),
    ],
    ["1", "125", "160", "255", "131 (signal 3)"],
  );
  for (const exitCode of [0, 1, 125, 126, 127, 134, 137, 139, 143]) {
    for (const lang of [LANGS.en, LANGS.ru])
      assert.doesNotMatch(
        lang.details.container({ ...FACTS, exitCode }).join("\n"),
        /memory ran|памяти \(|OOM/,
        `${exitCode}`,
      );
  }
});

test("a restart loop's two counts are one sentence", { timeout: 5000 }, () => {
  const loop = (restarts: number, restartCount: number) =>
    LANGS.en.details.container({ ...FACTS, state: "restarting", exitCode: 1, restarts, restartCount });
  assert.deepEqual(loop(8, 9), [
    "State: restart loop: restarted 8 times within the last 10 minutes, 9 in all.",
    "Exit code: 1.",
  ]);
  assert.equal(loop(8, 8)[0], "State: restart loop: restarted 8 times within the last 10 minutes.");
});

test("a named container that is missing alerts; it recovers when it is back", () => {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_CLEAR_TICKS: "1" });
  rig.tick({ docker: docker(container("web", "missing", true)) });
  assert.equal(rig.signal("container:web").active, true);
  assert.match(rig.signal("container:web").detail, /no such container/);
  rig.tick({ docker: docker(container("web", {}, true)) });
  assert.equal(rig.signal("container:web").active, false);
});

test("one that * found and that was removed recovers if it alerted, else is silent", () => {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1" });
  rig.tick({ docker: docker(container("bad", { state: "dead" }), container("good")) });
  rig.tick({ docker: docker() });
  assert.deepEqual(
    [rig.signal("container:bad").active, rig.signal("container:bad").detail, rig.find("container:good")],
    [false, "The container was removed.", undefined],
  );
});

test("an engine that cannot be reached freezes all; one unreadable container freezes itself alone", () => {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1" });
  rig.tick({ docker: docker(container("a", { state: "dead" }), container("b")) });
  rig.tick({ docker: FAILED });
  assert.deepEqual(
    ["a", "b"].map((name) => [rig.signal(`container:${name}`).active, rig.signal(`container:${name}`).frozen]),
    [
      [true, true],
      [false, true],
    ],
  );
  rig.tick({
    docker: docker(container("a", { unreadable: "engine answered 500" }), container("b", { state: "dead" })),
  });
  assert.deepEqual(
    [rig.signal("container:a").active, rig.signal("container:a").frozen, rig.signal("container:b").active],
    [true, true, true],
  );
});

/** Restart counts at given minutes; whether a loop was seen at the last of them. */
function loops(samples: readonly (readonly [minute: number, count: number, id?: string])[]): boolean {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_CLEAR_TICKS: "1" });
  let before = samples[0]?.[0] ?? 0;
  for (const [minute, restartCount, id = "a".repeat(64)] of samples) {
    rig.tick({ docker: docker(container("web", { restartCount, id })) }, (minute - before) * 60_000);
    before = minute;
  }
  return rig.signal("container:web").active;
}

test("restarts that rose by three within ten minutes are a loop, by two are not", () => {
  assert.equal(
    loops([
      [0, 5],
      [3, 6],
      [6, 7],
      [9, 8],
    ]),
    true,
  );
  assert.equal(
    loops([
      [0, 5],
      [3, 6],
      [6, 7],
      [9, 7],
    ]),
    false,
  );
  assert.equal(
    loops([
      [0, 5],
      [1, 8],
    ]),
    true,
  );
});

test("what a container had restarted before we looked does not count", () => {
  assert.equal(
    loops([
      [0, 500],
      [1, 500],
    ]),
    false,
  );
});

test("restarts spread over more than ten minutes are no loop", () => {
  assert.equal(
    loops([
      [0, 0],
      [4, 1],
      [8, 2],
      [14.5, 3],
    ]),
    false,
  );
  assert.equal(
    loops([
      [0, 0],
      [4, 1],
      [8, 2],
      [13.5, 3],
    ]),
    true,
  );
});

test("a loop ends ten minutes after its last restarts", () => {
  assert.equal(
    loops([
      [0, 0],
      [1, 3],
      [10.9, 3],
    ]),
    true,
  );
  assert.equal(
    loops([
      [0, 0],
      [1, 3],
      [11, 3],
    ]),
    false,
  );
});

test("a quiet time before does not hide a loop: the window begins with the count that stood then", () => {
  assert.equal(
    loops([
      [0, 0],
      [60, 1],
      [61, 2],
      [62, 3],
    ]),
    true,
  );
  assert.equal(
    loops([
      [0, 0],
      [60, 0],
      [60.5, 3],
    ]),
    true,
  );
});

test("a smaller count is a reset with the daemon, not a negative rise, and a new baseline", () => {
  assert.equal(
    loops([
      [0, 9],
      [1, 0],
      [2, 2],
    ]),
    false,
  );
  assert.equal(
    loops([
      [0, 9],
      [1, 0],
      [2, 3],
    ]),
    true,
  );
});

test("another container under the same name is a new baseline", () => {
  assert.equal(
    loops([
      [0, 0],
      [1, 5, "b".repeat(64)],
    ]),
    false,
  );
});
