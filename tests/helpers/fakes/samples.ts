import type { ContainerSample, DockerReading, FoundContainer } from "../../../watchdog/collectors/containers.ts";
import type { DiskReading, DiskSample, PathFailure } from "../../../watchdog/collectors/disk.ts";
import type { MemorySample } from "../../../watchdog/collectors/memory.ts";
import type { Envelope } from "../../../watchdog/collectors/metrics.ts";
import type { ProcCandidate, ProcReading } from "../../../watchdog/collectors/proc.ts";
import { ok, type Reading } from "../../../watchdog/collectors/reading.ts";

const GB = 2 ** 30;

/** Memory of which that much, in percent, is in use. */
export function memoryAt(usedPct: number): Reading<MemorySample> {
  return ok({ totalBytes: 100_000 * GB, availableBytes: (100_000 - usedPct * 1000) * GB });
}

export function diskAt(label: string, usedPct: number, inodePct?: number): DiskSample {
  return {
    label,
    path: `/host/${label}`,
    totalBytes: 110_000 * GB,
    usedBytes: usedPct * 1000 * GB,
    availableBytes: (100 - usedPct) * 1000 * GB,
    ...(inodePct === undefined ? {} : { inodes: { total: 1_000_000, free: Math.round((100 - inodePct) * 10_000) } }),
  };
}

export function disks(samples: readonly DiskSample[], failures: readonly PathFailure[] = []): Reading<DiskReading> {
  return ok({ disks: samples, failures });
}

export function pathFailure(label: string): PathFailure {
  return { label, path: `/host/${label}`, kind: "other", reason: "EIO" };
}

export function found(changes: Partial<FoundContainer> = {}): FoundContainer {
  return {
    id: "a".repeat(64),
    image: "img:1",
    state: "running",
    health: "none",
    exitCode: 0,
    oomKilled: false,
    error: "",
    healthOutput: "",
    restartCount: 0,
    restartPolicy: "always",
    ...changes,
  };
}

export function container(
  name: string,
  changes: Partial<FoundContainer> | "missing" | { unreadable: string } = {},
  named = false,
): ContainerSample {
  if (changes === "missing") return { name, named, found: changes };
  if ("unreadable" in changes)
    return { name, named, found: { unreadable: { kind: "other", reason: changes.unreadable } } };
  return { name, named, found: found(changes) };
}

export function docker(...containers: readonly ContainerSample[]): Reading<DockerReading> {
  return ok({ containers });
}

/** An envelope as the orchestrator writes it in good days, at `atS` seconds of its own clock. */
export function envelope(changes: Partial<Envelope> = {}): Reading<Envelope> {
  return ok({ counts: { queued: 0, running: 0, done: 0, failed: 0 }, agents: [], agentsComplete: true, ...changes });
}

export function candidate(changes: Partial<ProcCandidate> = {}): ProcCandidate {
  return { pid: 77, startTicks: 1000, ppid: 1, ageS: 10_000, cpuS: 5, command: "pytest -x", ...changes };
}

export function processes(
  candidates: readonly ProcCandidate[],
  unreadable: readonly number[] = [],
): Reading<ProcReading> {
  return ok({ candidates, unreadable: unreadable.map((pid) => ({ pid, why: "unreadable" as const })) });
}
