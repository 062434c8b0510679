/** Who a process belongs to, from proc_pid_cgroup(5): a container by its id, or a systemd unit. */
export type Owner = { readonly containerId: string } | { readonly unit: string };

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
