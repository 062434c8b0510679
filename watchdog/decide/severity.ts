import type { Notice } from "./ledger.ts";

/** What cannot wait for the morning: nothing runs any more, or will not in a few minutes. */
export function isCritical(key: string): boolean {
  return key === "orchestrator_down" || key.startsWith("disk_crit:");
}

/** Critical, and bad now: it is told before everything else and rings at any hour, again at each re-alert. Its recovery is like any other. */
export function isUrgent({ key, open }: Pick<Notice, "key" | "open">): boolean {
  return open && isCritical(key);
}
