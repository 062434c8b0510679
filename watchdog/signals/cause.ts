import type { FoundContainer } from "../collectors/containers.ts";
import type { Readings } from "../collectors/index.ts";
import { proxyHost } from "../config/value.ts";
import type { Config } from "../config/variables.ts";
import { round1 } from "../lang/format.ts";
import type { Lang } from "../lang/index.ts";
import { diskUse, memoryUse } from "./host.ts";
import type { Signal } from "./signal.ts";

/** A container that started less than this ago explains an orchestrator that does not answer yet. */
const JUST_STARTED_MS = 5 * 60_000;

/**
 * Names the probable cause of what is active, as far as this tick knows one. The order is that of one host:
 * blind source, host, container, orchestrator, what its /metrics feeds; a cause stands before its consequence. Pure.
 */
export function withCauses(signals: readonly Signal[], readings: Readings, config: Config, lang: Lang, wallMs: number): Signal[] {
  const engine = engineCause(readings, config, lang);
  const host = hostCauses(signals, readings, config, lang);
  const container = orchestratorContainer(readings, config, lang, wallMs);
  const removed = removedByHand(readings);
  return signals.map((signal) => {
    if (!signal.active || removed.has(signal.key)) return signal;
    const causes = causesOf(signal.key, engine, host, container);
    return causes.length > 0 ? { ...signal, cause: causes.join("; ") } : signal;
  });
}

function causesOf(key: string, engine: readonly string[], host: readonly string[], container: readonly string[]): readonly string[] {
  if (key === "orchestrator_down") return [...engine, ...host, ...container];
  if (/^(metrics_stale$|queue_stalled$|agent_hung:)/.test(key)) return [...host, ...container];
  if (key.startsWith("dep:")) return [...engine, ...host];
  return key.startsWith("container:") ? host : [];
}

/** Keys of containers that are not there, never ran, or were paused: somebody did that, no full disk. */
function removedByHand({ docker }: Readings): Set<string> {
  const containers = docker.state === "ok" ? docker.value.containers : [];
  const states = ["created", "paused"];
  return new Set(containers.filter(({ found }) => found === "missing" || ("state" in found && states.includes(found.state))).map(({ name }) => `container:${name}`));
}

function engineCause({ docker }: Readings, { dockerTarget }: Config, lang: Lang): string[] {
  return docker.state === "failed" ? [lang.causes.engine(docker, proxyHost(dockerTarget))] : [];
}

function hostCauses(signals: readonly Signal[], readings: Readings, config: Config, lang: Lang): string[] {
  const causes: string[] = [];
  const disks = readings.disk.state === "ok" ? readings.disk.value.disks : [];
  for (const disk of disks) {
    const usedPct = round1(diskUse(disk));
    if (usedPct >= config.diskCritPct) causes.push(lang.causes.disk(disk.label, usedPct));
  }
  const memoryAlerts = signals.some(({ key, active }) => key === "host_mem" && active);
  if (memoryAlerts && readings.mem.state === "ok") causes.push(lang.causes.memory(round1(memoryUse(readings.mem.value))));
  return causes;
}

/** What the orchestrator's own container says: down, out of memory, or just started. */
function orchestratorContainer({ docker }: Readings, config: Config, lang: Lang, wallMs: number): string[] {
  const name = config.orchContainer;
  if (name === undefined || docker.state !== "ok") return [];
  const found = docker.value.containers.find((sample) => sample.name === name)?.found;
  if (found === undefined || (found !== "missing" && "unreadable" in found)) return [];
  if (found === "missing") return [lang.causes.containerMissing(name)];
  return containerCause(name, found, lang, wallMs);
}

function containerCause(name: string, found: FoundContainer, lang: Lang, wallMs: number): string[] {
  if (found.state !== "running") return [lang.causes.containerDown(name, found)];
  const upMs = found.startedAtMs === undefined ? Infinity : wallMs - found.startedAtMs;
  const causes = found.health === "unhealthy" ? [lang.causes.containerUnhealthy(name)] : [];
  return upMs >= 0 && upMs < JUST_STARTED_MS ? [...causes, lang.causes.containerRestarted(name, upMs)] : causes;
}
