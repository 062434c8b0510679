import { isRecord } from "../net/exchange.ts";
import { fragment } from "../safe.ts";
import { type ContainerState, type Health, healthOf, stateOf } from "./state.ts";

/** GET /containers/{id}/json, as far as we read it. Config.Env is never kept. */
export interface Inspected {
  readonly state: ContainerState;
  readonly health: Health;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly healthOutput: string;
  readonly restartCount: number;
  /** State.StartedAt and State.FinishedAt, in the engine's wall time. */
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  /** RestartPolicy.Name: no, on-failure, always or unless-stopped. */
  readonly restartPolicy: string;
}

/** Throws when the part that everything is judged by is missing. */
export function parseInspect(json: unknown): Inspected {
  const state = isRecord(json) ? json["State"] : undefined;
  if (!isRecord(json) || !isRecord(state)) throw new Error("engine's inspect answer has no State");
  const health = isRecord(state["Health"]) ? state["Health"] : {};
  const hostConfig = isRecord(json["HostConfig"]) ? json["HostConfig"] : {};
  const policy = isRecord(hostConfig["RestartPolicy"]) ? hostConfig["RestartPolicy"]["Name"] : undefined;
  return {
    state: stateOf(state["Status"]),
    health: healthOf(health["Status"]) ?? "none",
    exitCode: integer(state["ExitCode"]),
    oomKilled: state["OOMKilled"] === true,
    error: typeof state["Error"] === "string" ? fragment(state["Error"], 200) : "",
    healthOutput: lastHealthOutput(health["Log"]),
    restartCount: integer(json["RestartCount"]),
    ...timeIn(state, "StartedAt", "startedAtMs"),
    ...timeIn(state, "FinishedAt", "finishedAtMs"),
    restartPolicy: typeof policy === "string" && policy !== "" ? policy : "no",
  };
}

/** The zero time 0001-01-01 means never. */
function timeIn<K extends string>(
  state: Readonly<Record<string, unknown>>,
  field: string,
  name: K,
): { [P in K]?: number } {
  const value = state[field];
  const atMs = typeof value === "string" ? Date.parse(value) : NaN;
  return (atMs > 0 ? { [name]: atMs } : {}) as { [P in K]?: number };
}

function lastHealthOutput(log: unknown): string {
  const last: unknown = Array.isArray(log) ? log.at(-1) : undefined;
  const output = isRecord(last) ? last["Output"] : undefined;
  return typeof output === "string" ? fragment(output, 200) : "";
}

function integer(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}
