import type { Readings } from "../collectors/index.ts";
import type { Owner } from "../collectors/proc/owner.ts";
import { shortId } from "../engine/id.ts";
import type { OwnerFacts } from "../lang/facts.ts";

/** Names the owner as people do: a container by its name where the engine's list knows it, else by its short id. Pure. */
export function ownerFacts(owner: Owner | undefined, { docker }: Readings): { owner?: OwnerFacts } {
  if (!owner) return {};
  if ("unit" in owner) return { owner: { unit: owner.unit } };
  const names = docker.state === "ok" ? docker.value.names : undefined;
  return { owner: { container: names?.get(owner.containerId) ?? shortId(owner.containerId) } };
}
