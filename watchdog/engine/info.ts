import { isRecord } from "../net/exchange.ts";
import { clip } from "../safe.ts";

/** GET /info, as far as we read it. */
export interface EngineInfo {
  /** How the engine's host calls itself, at most 64 characters of foreign text. */
  readonly hostname?: string;
  /** Where the engine keeps its data, as the host sees it. */
  readonly dataRoot?: string;
}

/** What the answer does not say is left out; nothing in it is needed. */
export function parseInfo(json: unknown): EngineInfo {
  const { Name: name, DockerRootDir: root } = isRecord(json) ? json : {};
  return {
    ...(typeof name === "string" && name.trim() !== "" ? { hostname: clip(name.trim(), 64) } : {}),
    ...(typeof root === "string" && root.startsWith("/") ? { dataRoot: root } : {}),
  };
}
