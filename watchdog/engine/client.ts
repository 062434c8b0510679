import { Agent } from "node:http";
import type { DockerTarget } from "../config/value.ts";
import { isRecord, readJson } from "../net/exchange.ts";
import { get } from "../net/get.ts";
import { excerpt } from "../safe.ts";
import { isAllowedPath } from "./allow.ts";

/** The newest API version we know of, and the oldest that has all we read. */
const PREFERRED_MINOR = 52;
const OLDEST_MINOR = 41;
/** `type=build-cache` came with 1.42; from 1.52 on the records are listed only on a further parameter, so the question is put in 1.51 where the engine still speaks it. */
const BUILD_CACHE_SINCE_MINOR = 42;
const BUILD_CACHE_BEST_MINOR = 51;
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

export interface DockerClient {
  /** GET /version, as the engine says it. */
  version(signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** GET /containers/json?all=1 */
  list(signal: AbortSignal): Promise<unknown>;
  /** GET /containers/{id}/json; undefined when the engine answers 404. */
  inspect(id: string, signal: AbortSignal): Promise<unknown>;
  /** GET /info */
  info(signal: AbortSignal): Promise<unknown>;
}

export interface BuildCacheClient {
  /** GET /system/df?type=build-cache; undefined where the engine cannot list the build cache alone. Slow on a big host. */
  buildCache(signal: AbortSignal): Promise<unknown>;
  /** The API version that was agreed on, such as 1.45. */
  agreedVersion(signal: AbortSignal): Promise<string>;
}

/** Read-only by construction: GET alone, allow-listed paths alone. Every method rejects with a reason on any fault. */
export function dockerClient(target: DockerTarget, deadlineMs: number): DockerClient & BuildCacheClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let negotiated: Negotiated | undefined;

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

  const version = async (signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> => {
    const { status, json } = await ask("version", "/version", signal);
    if (status !== 200 || !isRecord(json)) throw new Error(`engine answered ${status} to /version${messageOf(json)}`);
    return json;
  };

  const agreed = async (signal: AbortSignal): Promise<Negotiated> => {
    if (negotiated !== undefined) return negotiated;
    const json = await version(signal);
    const spoken = negotiate(json["ApiVersion"], json["MinAPIVersion"]);
    negotiated = { version: spoken, buildCacheVersion: buildCacheVersion(json["ApiVersion"], json["MinAPIVersion"]) };
    return negotiated;
  };

  const versioned = async (
    question: Question,
    path: string,
    signal: AbortSignal,
    pick: (agreed: Negotiated) => string = (all) => all.version,
    retry = true,
  ): Promise<{ status: number; json: unknown }> => {
    const answer = await ask(question, `/v${pick(await agreed(signal))}${path}`, signal);
    // The engine was replaced under us by one that does not speak this version: ask anew, once.
    if (answer.status === 400 && retry && /version/i.test(messageOf(answer.json))) {
      negotiated = undefined;
      return versioned(question, path, signal, pick, false);
    }
    return answer;
  };

  const expect200 = async (
    question: Question,
    path: string,
    signal: AbortSignal,
    pick?: (agreed: Negotiated) => string,
  ): Promise<unknown> => {
    const { status, json } = await versioned(question, path, signal, pick);
    if (status !== 200) throw new Error(`engine answered ${status}${messageOf(json)}`);
    if (json === undefined) throw new Error("engine's answer is not JSON");
    return json;
  };

  return {
    agreedVersion: async (signal) => (await agreed(signal)).version,
    buildCache: async (signal) => {
      if ((await agreed(signal)).buildCacheVersion === undefined) return undefined;
      return expect200(
        "buildCache",
        "/system/df?type=build-cache",
        signal,
        (all) => all.buildCacheVersion ?? all.version,
      );
    },
    version,
    list: (signal) => expect200("list", "/containers/json?all=1", signal),
    info: (signal) => expect200("info", "/info", signal),
    inspect: async (id, signal) => {
      const { status, json } = await versioned("inspect", `/containers/${id}/json`, signal);
      if (status === 404) return undefined;
      if (status !== 200) throw new Error(`engine answered ${status}${messageOf(json)}`);
      if (!isRecord(json)) throw new Error("engine's answer is not a JSON object");
      return json;
    },
  };
}

interface Negotiated {
  readonly version: string;
  readonly buildCacheVersion: string | undefined;
}

/** The engine's own words in `{"message": …}`, bounded. */
export function messageOf(json: unknown): string {
  const message = isRecord(json) ? json["message"] : undefined;
  return typeof message === "string" ? `: ${excerpt(message, 200)}` : "";
}

/** Clamps what we prefer into what the engine offers. Throws when the engine is too old or its answer is no version. */
export function negotiate(apiVersion: unknown, minApiVersion: unknown): string {
  const newest = minorOf(apiVersion);
  if (newest === undefined) throw new Error("engine's /version has no ApiVersion");
  if (newest < OLDEST_MINOR) throw new Error(`engine's API 1.${newest} is too old, 1.${OLDEST_MINOR} is needed`);
  const oldest = minorOf(minApiVersion) ?? OLDEST_MINOR;
  return `1.${Math.min(newest, Math.max(PREFERRED_MINOR, oldest))}`;
}

/** The version to ask for the build cache in; undefined when the engine is too old to list it alone. */
export function buildCacheVersion(apiVersion: unknown, minApiVersion: unknown): string | undefined {
  const newest = minorOf(apiVersion);
  if (newest === undefined || newest < BUILD_CACHE_SINCE_MINOR) return undefined;
  const oldest = minorOf(minApiVersion) ?? OLDEST_MINOR;
  return `1.${Math.min(newest, Math.max(BUILD_CACHE_BEST_MINOR, oldest))}`;
}

function minorOf(version: unknown): number | undefined {
  const match = typeof version === "string" ? /^1\.(\d{1,3})$/.exec(version) : null;
  return match ? Number(match[1]) : undefined;
}
