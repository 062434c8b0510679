import { Agent, request as httpRequest } from "node:http";
import type { DockerTarget } from "../config/value.ts";
import type { BuildCache } from "../engine/build-cache.ts";
import { dockerClient, messageOf } from "../engine/client.ts";
import type { EngineInfo } from "../engine/info.ts";
import { exchange, isRecord, readJson } from "../net/exchange.ts";
import { type MutatingRequest, type PrunePlan, pruneRequest } from "./plan.ts";

/** What the engine says of itself. A proxy may keep GET /info to itself; only the version is needed. */
export interface PrunedEngine extends EngineInfo {
  readonly apiVersion: string;
}

/** The engine as the pruner sees it: three questions and one deed. Every method rejects with a reason on any fault. */
export interface PruneEngine {
  info(signal: AbortSignal): Promise<PrunedEngine>;
  /** undefined where the engine cannot list it alone (API before 1.42). */
  buildCache(signal: AbortSignal): Promise<BuildCache | undefined>;
  /** Clears, and returns the bytes that the engine says it freed; undefined: it does not say. */
  prune(plan: PrunePlan, signal: AbortSignal): Promise<number | undefined>;
}

/** `questionMs` bounds each question, `pruneMs` the prune. */
export function pruneEngine(target: DockerTarget, questionMs: number, pruneMs: number): PruneEngine {
  const client = dockerClient(target, questionMs);
  return {
    info: async (signal) => {
      // First, because it notices when the engine was replaced by one that speaks another version.
      const info = await client.info(signal).catch(() => ({}));
      return { apiVersion: await client.agreedVersion(signal), ...info };
    },
    buildCache: client.buildCache,
    prune: async (plan, signal) => {
      const { status, json } = await post(
        target,
        pruneRequest(await client.agreedVersion(signal), plan),
        pruneMs,
        signal,
      );
      if (status !== 200) throw new Error(`engine answered ${status} to the prune${messageOf(json)}`);
      if (!isRecord(json)) throw new Error("the answer to the prune is not an engine's: it is no JSON object");
      const freed = json["SpaceReclaimed"];
      return typeof freed === "number" && Number.isFinite(freed) && freed >= 0 ? freed : undefined;
    },
  };
}

/** It lists the id of every record that was cleared. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A connection of its own, and never tried again: what was sent may have been done. */
async function post(
  target: DockerTarget,
  { method, path }: MutatingRequest,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<{ status: number; json: unknown }> {
  const where = "socketPath" in target ? { socketPath: target.socketPath } : { host: target.host, port: target.port };
  const headers = {
    accept: "application/json",
    "content-length": 0,
    "user-agent": "watchdog-pruner",
    ...("socketPath" in target ? { host: "docker" } : {}),
  };
  const request = httpRequest({ ...where, method, path, headers, agent: new Agent() });
  const { status, body } = await exchange(request, { deadlineMs, maxBytes: MAX_BYTES, signal });
  return { status, json: readJson(body, MAX_BYTES) };
}
