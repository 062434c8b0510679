export const STATES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;
export type ContainerState = (typeof STATES)[number];
export type Health = "none" | "starting" | "healthy" | "unhealthy";

/** A state we do not know is no proof of health: it counts as dead. */
export function stateOf(value: unknown): ContainerState {
  return STATES.find((state) => state === value) ?? "dead";
}

export function healthOf(value: unknown): Health | undefined {
  if (value === "healthy" || value === "unhealthy" || value === "starting") return value;
  return value === "none" ? "none" : undefined;
}
