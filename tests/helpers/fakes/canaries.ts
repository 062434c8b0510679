import assert from "node:assert/strict";
import type { Daemon, Status } from "../drivers/daemon.ts";
import { brief } from "../drivers/told.ts";
import { until } from "../drivers/wait.ts";
import { DATA, type World } from "./world.ts";

export const SOURCES = ["metrics", "mem", "disk", "docker", "deps", "proc"] as const;
export type Source = (typeof SOURCES)[number];

/** For each source something that goes wrong and what is told of it. */
const CANARIES: Readonly<Record<Source, { readonly tells: string; readonly sing: (world: World) => void }>> = {
  metrics: { tells: "🔴 Job failed", sing: ({ metrics }) => void (metrics.orchestrator.counts.failed += 1) },
  mem: { tells: "🔴 Host memory", sing: ({ host }) => host.memory(95) },
  disk: { tells: "🔴 Disk data", sing: ({ host }) => host.disk(DATA, { usedPct: 91 }) },
  docker: { tells: "🔴 Container web", sing: ({ docker }) => docker.set("web", { state: "exited", exitCode: 1 }) },
  deps: { tells: "🔴 Dependency db", sing: ({ db }) => void (db.status = 500) },
  proc: {
    tells: "🔴 Blocking process 4242",
    sing: ({ host }) => host.start({ pid: 4242, command: "pytest tests", ageS: 7200 }),
  },
};

/** In one and the same tick these sources failed and every other was read; and what goes wrong there while they fail is told. */
export async function othersKeepWorking(world: World, daemon: Daemon, failing: readonly Source[]): Promise<void> {
  const inOneTick = ({ sources, lastTickAt }: Status): boolean =>
    SOURCES.every((name) =>
      failing.includes(name)
        ? sources[name]?.state === "failed"
        : sources[name]?.state === "ok" && sources[name].lastOkAt === lastTickAt,
    );
  await daemon.statusWhere(`a tick in which ${failing.join(", ")} failed and the rest was read`, inOneTick);
  const others = SOURCES.filter((name) => !failing.includes(name));
  for (const name of others) CANARIES[name].sing(world);
  const expected = others.map((name) => CANARIES[name].tells);
  const missing = (): string[] =>
    expected.filter((tells) => !world.telegram.told().some((one) => brief(one) === tells));
  await until(`all of ${expected.join(", ")}`, () => missing().length === 0).catch((error: unknown) => {
    throw new Error(`${String(error)}; not told: ${missing().join(", ")}; output:\n${daemon.output()}`);
  });
  const now = await daemon.status();
  for (const name of failing) assert.equal(now.sources[name]?.state, "failed", "the fault was there all the time");
}

/** Waits until this source is said to fail for this reason. */
export async function failsWith(daemon: Daemon, source: Source, reason: RegExp): Promise<void> {
  await daemon.statusWhere(
    `${source} failing with ${reason}`,
    ({ sources }) => sources[source]?.state === "failed" && reason.test(sources[source].error ?? ""),
  );
}

/** Waits for this notice and gives its detail. */
export async function detailOf({ telegram }: World, notice: string): Promise<string> {
  const found = await until(notice, () => telegram.told().find((one) => brief(one) === notice));
  return found.detail;
}
