/** A container's id, checked, because it becomes part of a path. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** The beginning of an id: what `docker ps` shows, and the host name that the engine gives a container which the operator gave none. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
