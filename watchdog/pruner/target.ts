import { hostName } from "../config/host-name.ts";
import type { ParsedPrunerConfig, PrunerConfig } from "../config/pruner.ts";
import type { DockerTarget } from "../config/value.ts";
import { type SshTarget, sshObstacle } from "./ssh.ts";

/** Where the cache is cleared. One of them alone, and never another one than the operator named. */
export type Target =
  | { readonly kind: "engine"; readonly at: DockerTarget; readonly shown: string }
  | { readonly kind: "ssh"; readonly at: SshTarget; readonly shown: string }
  | { readonly kind: "none"; readonly reason: string };

/** Judged anew before each run: files and sockets come and go. */
export function targetOf(
  { config, refused }: Pick<ParsedPrunerConfig, "config" | "refused">,
  exists: (path: string) => boolean,
): Target {
  if (refused !== undefined) return { kind: "none", reason: refused };
  const {
    pruneSshHost: host,
    pruneSshUser: user,
    pruneSshKeyFile: keyFile,
    pruneSshKnownHosts: knownHosts,
    dockerTarget,
  } = config;
  if (host) {
    if (knownHosts === undefined) {
      return {
        kind: "none",
        reason:
          "WATCHDOG_PRUNE_SSH_KNOWN_HOSTS is not set: without it the host's key cannot be verified, so nothing is pruned over ssh",
      };
    }
    const at: SshTarget = { host, user, keyFile, knownHosts };
    const obstacle = sshObstacle(at);
    return obstacle === undefined
      ? { kind: "ssh", at, shown: `ssh ${user === undefined ? "" : `${user}@`}${host.host}` }
      : { kind: "none", reason: obstacle };
  }
  if (!dockerTarget)
    return {
      kind: "none",
      reason: "WATCHDOG_DOCKER_SOCK is empty and WATCHDOG_PRUNE_SSH_HOST is not set, so there is nothing to prune on",
    };
  if (!("socketPath" in dockerTarget))
    return {
      kind: "engine",
      at: dockerTarget,
      shown: `Docker engine at tcp://${dockerTarget.host}:${dockerTarget.port}`,
    };
  const { socketPath } = dockerTarget;
  if (!exists(socketPath))
    return {
      kind: "none",
      reason: `there is no Docker socket at ${socketPath} and WATCHDOG_PRUNE_SSH_HOST is not set, so there is nothing to prune on`,
    };
  return { kind: "engine", at: dockerTarget, shown: `Docker engine at ${socketPath}` };
}

/** How the host whose cache it is, is named: by the operator, by its engine, by its address. */
export function prunedHost(
  { hostLabel, pruneSshHost }: Pick<PrunerConfig, "hostLabel" | "pruneSshHost">,
  engines: string | undefined,
  system: string,
): string {
  return hostName(hostLabel, engines, pruneSshHost?.host, system);
}
