import { Agent } from "node:http";
import type { DockerTarget } from "../config/value.ts";
import { isRecord, readJson, statusError } from "../net/exchange.ts";
import { get } from "../net/get.ts";
import { excerpt } from "../safe.ts";
import { isAllowedPath } from "./allow.ts";
import { type BuildCache, parseBuildCache } from "./build-cache.ts";
import { type EngineInfo, parseInfo } from "./info.ts";
import { type Inspected, parseInspect } from "./inspect.ts";
import { type Listed, parseList } from "./list.ts";
import { type EngineVersion, parseVersion } from "./version.ts";

/**
 * An answer may be as large as any that means something, and no larger: 3,000 containers with the labels of compose, 10,000 records of
 * build cache; one container has 5 logs of 4,096 bytes of its health, its labels and its environment.
 */
const MAX_BYTES = {
  version: 256 * 1024,
  info: 1024 * 1024,
  inspect: 1024 * 1024,
  list: 8 * 1024 * 1024,
  buildCache: 8 * 1024 * 1024,
} as const;
type Question = keyof typeof MAX_BYTES;
/** In which version a question is put. */
type Spoken = "spoken" | "spokenForCache";

/** Every method rejects with a reason on any fault. */
export interface DockerClient {
  /** GET /version */
  version(signal: AbortSignal): Promise<EngineVersion>;
  /** The API version that was agreed on, such as 1.45; GET /version where it is not known yet. */
  agreedVersion(signal: AbortSignal): Promise<string>;
  /** GET /info */
  info(signal: AbortSignal): Promise<EngineInfo>;
  /** GET /containers/json?all=1 */
  list(signal: AbortSignal): Promise<Listed[]>;
  /** GET /containers/{id}/json; undefined when the engine answers 404. */
  inspect(id: string, signal: AbortSignal): Promise<Inspected | undefined>;
  /** GET /system/df?type=build-cache; undefined where the engine cannot list the build cache alone. Slow on a big host. */
  buildCache(signal: AbortSignal): Promise<BuildCache | undefined>;
}

/** Read-only by construction: GET alone, allow-listed paths alone. `deadlineMs` bounds each question. */
export function dockerClient(target: DockerTarget, deadlineMs: number): DockerClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let known: EngineVersion | undefined;

  const ask = async (
    question: Question,
    path: string,
    signal: AbortSignal,
  ): Promise<{ status: number; json: unknown }> => {
    if (!isAllowedPath(path)) throw new Error(`path ${path} is not on the allow-list`);
    const maxBytes = MAX_BYTES[question];
    const { status, body } = await get({ ...target, path, agent }, { deadlineMs, maxBytes, signal });
    return { status, json: readJson(body, maxBytes) };
  };

  const version = async (signal: AbortSignal): Promise<EngineVersion> => {
    const { status, json } = await ask("version", "/version", signal);
    if (status !== 200 || !isRecord(json)) throw refusal(status, json, " to /version");
    return parseVersion(json);
  };

  const agreed = async (signal: AbortSignal): Promise<EngineVersion> => (known ??= await version(signal));

  const versioned = async (
    question: Question,
    path: string,
    signal: AbortSignal,
    spoken: Spoken = "spoken",
    retry = true,
  ): Promise<{ status: number; json: unknown }> => {
    const all = await agreed(signal);
    const answer = await ask(question, `/v${all[spoken] ?? all.spoken}${path}`, signal);
    // The engine was replaced under us by one that does not speak this version: ask anew, once.
    if (answer.status === 400 && retry && /version/i.test(messageOf(answer.json))) {
      known = undefined;
      return versioned(question, path, signal, spoken, false);
    }
    return answer;
  };

  const expect200 = async (...asked: Parameters<typeof versioned>): Promise<unknown> => {
    const { status, json } = await versioned(...asked);
    if (status !== 200) throw refusal(status, json);
    if (json === undefined) throw new Error("engine's answer is not JSON");
    return json;
  };

  return {
    version,
    agreedVersion: async (signal) => (await agreed(signal)).spoken,
    info: async (signal) => parseInfo(await expect200("info", "/info", signal)),
    list: async (signal) => parseList(await expect200("list", "/containers/json?all=1", signal)),
    inspect: async (id, signal) => {
      const { status, json } = await versioned("inspect", `/containers/${id}/json`, signal);
      if (status === 404) return undefined;
      if (status !== 200) throw refusal(status, json);
      if (!isRecord(json)) throw new Error("engine's answer is not a JSON object");
      return parseInspect(json);
    },
    buildCache: async (signal) => {
      if ((await agreed(signal)).spokenForCache === undefined) return undefined;
      return parseBuildCache(await expect200("buildCache", "/system/df?type=build-cache", signal, "spokenForCache"));
    },
  };
}

function refusal(status: number, json: unknown, to = ""): Error {
  return statusError(status, `engine answered ${status}${to}${messageOf(json)}`);
}

/** The engine's own words in `{"message": …}`, bounded. */
export function messageOf(json: unknown): string {
  const message = isRecord(json) ? json["message"] : undefined;
  return typeof message === "string" ? `: ${excerpt(message, 200)}` : "";
}
