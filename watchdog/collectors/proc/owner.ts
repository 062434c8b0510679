import type { Share } from "../../thread-pool.ts";
import type { ReadFile } from "./reader.ts";

/** Who a process belongs to, from proc_pid_cgroup(5): a container by its id, or a systemd unit. */
export type Owner = { readonly containerId: string } | { readonly unit: string };

/**
 * The owner of each of these processes that has one. `cgroup` is read on the pool, because it waits for the kernel's cgroup lock, which a process
 * that is stuck in fork(2) can keep from everyone. An owner is a nicety: whoever cannot be asked in time has none. Never rejects.
 */
export async function ownersOf(
  root: string,
  pids: readonly number[],
  share: Share,
  read: ReadFile,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Map<number, Owner>> {
  const outcomes = await share.runAll(pids.map(String), (pid) => read(`${root}/${pid}/cgroup`), deadlineMs, signal);
  const owners = new Map<number, Owner>();
  for (const [pid, outcome] of outcomes) {
    const owner =
      "value" in outcome && Buffer.isBuffer(outcome.value) ? parseOwner(outcome.value.toString("latin1")) : undefined;
    if (owner) owners.set(Number(pid), owner);
  }
  return owners;
}

/**
 * `0::/system.slice/docker-<id>.scope`, `12:memory:/docker/<id>`, `0::/../../system.slice/ssh.service`: the container's id is the
 * last 64 hex digits, the unit the last path segment that is one. undefined for neither. Pure.
 */
export function parseOwner(cgroup: string): Owner | undefined {
  const text = cgroup.slice(0, 8192);
  const containerId = [...text.matchAll(/[0-9a-f]{64}/g)].at(-1)?.[0];
  if (containerId !== undefined) return { containerId };
  const unit = [...text.matchAll(/\/([\w@.:\\-]{1,100}\.(?:service|scope))(?=\/|$)/gm)].at(-1)?.[1];
  return unit === undefined ? undefined : { unit };
}
