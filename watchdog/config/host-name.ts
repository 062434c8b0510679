/** How this host is named: the first candidate that says something. A system may have an empty host name, and a message has to name someone. */
export function hostName(...candidates: readonly (string | undefined)[]): string {
  return candidates.map((candidate) => candidate?.trim() ?? "").find((name) => name !== "") ?? "host";
}
