import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, told } from "../../helpers/drivers/told.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { status500 } from "../../helpers/fakes/metrics.ts";
import type { Message } from "../../helpers/fakes/telegram.ts";
import { DATA, makeWorld, type World } from "../../helpers/fakes/world.ts";

const ORCH = { WATCHDOG_ORCH_CONTAINER: "orch" };

/** The message that holds this notice. */
function messageOf({ telegram }: World, notice: string): Promise<Message> {
  return until(notice, () => telegram.messages.find(({ text }) => told(text).some((one) => brief(one) === notice)));
}

function detailIn({ text }: Message, notice: string): string {
  return told(text).find((one) => brief(one) === notice)?.detail ?? "";
}

interface Row {
  readonly what: string;
  readonly cause: (world: World) => void | Promise<void>;
  /** What else is told of it, and has to be before the orchestrator fails. */
  readonly first?: string;
  readonly says: RegExp;
}

const ROWS: readonly Row[] = [
  {
    what: "its container was killed for want of memory",
    first: "🔴 Container orch",
    says: /^Probable cause: container orch stopped \(exited\), exit code 137 .*killed because memory ran out \(OOM\)\.$/m,
    cause: ({ docker }) => docker.set("orch", { state: "exited", exitCode: 137, oomKilled: true }),
  },
  {
    what: "its container crashed",
    first: "🔴 Container orch",
    says: /^Probable cause: container orch stopped \(exited\), exit code 1\.$/m,
    cause: ({ docker }) => docker.set("orch", { state: "exited", exitCode: 1 }),
  },
  {
    what: "its container is gone",
    first: "🔴 Container orch",
    says: /^Probable cause: there is no container orch\.$/m,
    cause: ({ docker }) => docker.remove("orch"),
  },
  {
    what: "its container is unhealthy",
    first: "🔴 Container orch",
    says: /^Probable cause: container orch is unhealthy\.$/m,
    cause: ({ docker }) => docker.set("orch", { health: "unhealthy" }),
  },
  {
    what: "its container was restarted 40 s ago",
    says: /^Probable cause: container orch was started (4\d|5\d) seconds ago\.$/m,
    cause: ({ docker }) => docker.set("orch", { uptimeS: 40, restartCount: 1, generation: 2 }),
  },
  {
    what: "a disk is full",
    first: "🔴 Disk data",
    says: /^Probable cause: disk data is 98% full\.$/m,
    cause: ({ host }) => host.disk(DATA, { usedPct: 98 }),
  },
  {
    what: "memory is exhausted",
    first: "🔴 Host memory",
    says: /^Probable cause: host memory is 97% used\.$/m,
    cause: ({ host }) => host.memory(97),
  },
  {
    what: "the engine does not answer",
    first: "🔴 Source unavailable: docker",
    says: /^Probable cause: Docker does not answer: .+\.$/m,
    cause: ({ docker }) => docker.vanish(),
  },
  {
    what: "several at once: the host's before the container's",
    first: "🔴 Container orch",
    says: /^Probable cause: disk data is 98% full; container orch stopped \(exited\), exit code 1\.$/m,
    cause: ({ docker, host }) => {
      host.disk(DATA, { usedPct: 98 });
      docker.set("orch", { state: "exited", exitCode: 1 });
    },
  },
];

describe("the orchestrator is down, and the text says why", { concurrency: 5 }, () => {
  for (const { what, cause, first, says } of ROWS) {
    it(what, async (t) => {
      const world = await makeWorld(t, ORCH);
      // The engine's data is on the disk that fills, in a container as well as beside one.
      for (const path of ["/etc/hostname", "/var/lib/docker"]) world.host.disk(path, { usedPct: 40 });
      world.docker.set("orch", { uptimeS: 7200 });
      await world.start();
      await cause(world);
      if (first) await messageOf(world, first);
      world.metrics.behave(status500);
      const message = await messageOf(world, "🔴 Orchestrator down");
      assert.match(detailIn(message, "🔴 Orchestrator down"), says);
      assert.equal(message.silent, false, "the master alarm always sounds");
    });
  }

  it("no cause is known, and none is named", async (t) => {
    const world = await makeWorld(t, ORCH);
    world.docker.set("orch", { uptimeS: 7200 });
    await world.start();
    world.metrics.behave(status500);
    assert.doesNotMatch((await messageOf(world, "🔴 Orchestrator down")).text, /Probable cause/);
  });

  it("a disk that is full, but not to the brim, is no cause", async (t) => {
    const world = await makeWorld(t, ORCH);
    world.docker.set("orch", { uptimeS: 7200 });
    await world.start();
    world.host.disk(DATA, { usedPct: 90 });
    await messageOf(world, "🔴 Disk data");
    world.metrics.behave(status500);
    assert.doesNotMatch((await messageOf(world, "🔴 Orchestrator down")).text, /Probable cause/);
  });
});

describe("what /metrics feeds while the orchestrator's container alerts", { concurrency: 4 }, () => {
  const FED: Readonly<
    Record<string, { readonly env?: Readonly<Record<string, string>>; readonly bad: (world: World) => void }>
  > = {
    "🔴 Queue stalled": {
      env: { WATCHDOG_QUEUE_STALLED_MIN: "0.005" },
      bad: ({ metrics }) => void (metrics.orchestrator.counts = { queued: 7, running: 0, done: 40, failed: 3 }),
    },
    "🔴 Metrics stale": {
      env: { WATCHDOG_METRICS_STALE_S: "0.4" },
      bad: ({ metrics }) => void (metrics.orchestrator.generatedAtS = 1_781_234_567.8),
    },
    "🔴 Agent hung: r-1": {
      env: { WATCHDOG_AGENT_HUNG_MIN: "0.005" },
      bad: ({ metrics }) => void (metrics.orchestrator.agents = [{ run_id: "r-1", pid: 1, cpu_ticks: 5 }]),
    },
  };
  for (const [notice, { env = {}, bad }] of Object.entries(FED)) {
    it(`${notice} is a silent reply to it`, async (t) => {
      const world = await makeWorld(t, { ...ORCH, ...env });
      const { docker } = world;
      docker.set("orch", { health: "healthy" });
      const daemon = await world.start();
      docker.set("orch", { health: "unhealthy" });
      const cause = await messageOf(world, "🔴 Container orch");
      assert.deepEqual([cause.silent, cause.replyTo], [false, undefined]);
      await daemon.statusWhere("the alert told", ({ signals }) =>
        signals.some(({ key, alerting }) => key === "container:orch" && alerting),
      );
      bad(world);
      const consequence = await messageOf(world, notice);
      assert.deepEqual([consequence.silent, consequence.replyTo], [true, cause.number]);
    });
  }

  it("a job that failed meanwhile sounds, because the orchestrator answers", async (t) => {
    const world = await makeWorld(t, ORCH);
    world.docker.set("orch", { health: "healthy" });
    const daemon = await world.start();
    world.docker.set("orch", { health: "unhealthy" });
    await messageOf(world, "🔴 Container orch");
    await daemon.statusWhere("the alert told", ({ signals }) =>
      signals.some(({ key, alerting }) => key === "container:orch" && alerting),
    );
    world.metrics.orchestrator.counts.failed += 2;
    const { silent, replyTo } = await messageOf(world, "🔴 Job failed");
    assert.deepEqual([silent, replyTo], [false, undefined]);
  });

  it("everything else sounds, and so does what /metrics feeds once the container is well", async (t) => {
    const world = await makeWorld(t, ORCH);
    const { docker, host, db, metrics } = world;
    docker.set("orch", { health: "healthy" });
    const daemon = await world.start();
    docker.set("orch", { health: "unhealthy" });
    await messageOf(world, "🔴 Container orch");
    host.disk(DATA, { usedPct: 93 });
    db.status = 503;
    docker.set("web", { state: "exited", exitCode: 1 });
    host.start({ pid: 4242, command: "pytest", ageS: 7200 });
    for (const notice of ["🔴 Disk data", "🔴 Dependency db", "🔴 Container web", "🔴 Blocking process 4242"]) {
      const message = await messageOf(world, notice);
      assert.deepEqual([message.silent, message.replyTo], [false, undefined], notice);
    }
    docker.set("orch", { health: "healthy" });
    await messageOf(world, "🟢 Container orch");
    await daemon.statusWhere("that told", ({ signals }) =>
      signals.some(({ key, alerting }) => key === "container:orch" && !alerting),
    );
    metrics.orchestrator.counts.failed += 1;
    const audible = await messageOf(world, "🔴 Job failed");
    assert.deepEqual([audible.silent, audible.replyTo], [false, undefined]);
  });
});
