import { type Env, type Facts, list, one, optional, type Parsed, type Problem, showValue } from "../table.ts";
import { containerName, count } from "../value.ts";
import type { EngineSettings } from "./engine.ts";

/** Which containers are watched. */
export const CONTAINERS_VARIABLES = {
  containers: list(
    "WATCHDOG_CONTAINERS",
    containerName,
    "",
    () => [],
    "names, comma-separated; * = every container with a restart policy or the label watchdog.watch=true; unset: * where the socket exists at start",
  ),
  orchContainer: optional(
    "WATCHDOG_ORCH_CONTAINER",
    { allowed: "one container's name", parse: (raw) => (raw === "*" ? undefined : containerName.parseEntry(raw)) },
    "the orchestrator's own container, for naming causes",
  ),
  containerDownTicks: one("WATCHDOG_CONTAINER_DOWN_TICKS", count, 2, "bad readings in a row before a container alerts"),
};

export type ContainerSettings = Parsed<typeof CONTAINERS_VARIABLES>;

/** Without a list every container, where the engine can be reached. The orchestrator's is always among them: its state is the cause of much. */
export function watchedContainers(
  { containers, orchContainer, dockerTarget: target }: ContainerSettings & EngineSettings,
  env: Env,
  facts: Facts,
  problems: Problem[],
): string[] {
  let watched = containers;
  if (containers.length === 0 && target !== undefined) {
    // A proxy's address cannot be probed here; whoever names one means it.
    if (!("socketPath" in target) || facts.socketExists(target.socketPath)) watched = ["*"];
    else if ((env["WATCHDOG_DOCKER_SOCK"] ?? "").trim().replace(/^unix:\/\//, "") === target.socketPath) {
      problems.push({
        variable: "WATCHDOG_DOCKER_SOCK",
        text: `WATCHDOG_DOCKER_SOCK=${showValue(target.socketPath)} does not exist; allowed: the path of the engine's socket, tcp://host:port, or empty = off; containers are not watched`,
      });
    }
  }
  return orchContainer === undefined || watched.includes(orchContainer) ? watched : [...watched, orchContainer];
}
