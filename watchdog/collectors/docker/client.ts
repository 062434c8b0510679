import { Agent } from "node:http";
import type { DockerTarget } from "../../config/value.ts";
import { isRecord, parseJson } from "../../net/exchange.ts";
import { get } from "../../net/get.ts";
import { printable, truncate } from "../../safe.ts";
import { isAllowedPath } from "./allow.ts";

/** The newest API version we know of, and the oldest that has all we read. */
const PREFERRED_MINOR = 52;
const OLDEST_MINOR = 41;
const MAX_BYTES = 16 * 1024 * 1024;

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

/** Read-only by construction: GET alone, allow-listed paths alone. Every method rejects with a reason on any fault. */
export function dockerClient(target: DockerTarget, deadlineMs: number): DockerClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let negotiated: string | undefined;

  const ask = (path: string, signal: AbortSignal): Promise<{ status: number; json: unknown }> => {
    if (!isAllowedPath(path)) throw new Error(`path ${path} is not on the allow-list`);
    return get({ ...target, path, agent }, { deadlineMs, maxBytes: MAX_BYTES, signal })
      .then(({ status, body }) => ({ status, json: parseJson(body) }));
  };

  const version = async (signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> => {
    const { status, json } = await ask("/version", signal);
    if (status !== 200 || !isRecord(json)) throw new Error(`engine answered ${status} to /version${messageOf(json)}`);
    return json;
  };

  const spoken = async (signal: AbortSignal): Promise<string> => {
    if (negotiated !== undefined) return negotiated;
    const json = await version(signal);
    return (negotiated = negotiate(json["ApiVersion"], json["MinAPIVersion"]));
  };

  const versioned = async (path: string, signal: AbortSignal, retry = true): Promise<{ status: number; json: unknown }> => {
    const answer = await ask(`/v${await spoken(signal)}${path}`, signal);
    // The engine was replaced under us by one that does not speak this version: ask anew, once.
    if (answer.status === 400 && retry && /version/i.test(messageOf(answer.json))) {
      negotiated = undefined;
      return versioned(path, signal, false);
    }
    return answer;
  };

  const expect200 = async (path: string, signal: AbortSignal): Promise<unknown> => {
    const { status, json } = await versioned(path, signal);
    if (status !== 200) throw new Error(`engine answered ${status}${messageOf(json)}`);
    if (json === undefined) throw new Error("engine's answer is not JSON");
    return json;
  };

  return {
    version,
    list: (signal) => expect200("/containers/json?all=1", signal),
    info: (signal) => expect200("/info", signal),
    inspect: async (id, signal) => {
      const { status, json } = await versioned(`/containers/${id}/json`, signal);
      if (status === 404) return undefined;
      if (status !== 200 || !isRecord(json)) throw new Error(`engine answered ${status}${messageOf(json)}`);
      return json;
    },
  };
}

/** The engine's own words in `{"message": …}`, bounded. */
function messageOf(json: unknown): string {
  const message = isRecord(json) ? json["message"] : undefined;
  return typeof message === "string" ? `: ${truncate(printable(message), 200)}` : "";
}

/** Clamps what we prefer into what the engine offers. Throws when the engine is too old or its answer is no version. */
export function negotiate(apiVersion: unknown, minApiVersion: unknown): string {
  const newest = minorOf(apiVersion);
  if (newest === undefined) throw new Error("engine's /version has no ApiVersion");
  if (newest < OLDEST_MINOR) throw new Error(`engine's API 1.${newest} is too old, 1.${OLDEST_MINOR} is needed`);
  const oldest = minorOf(minApiVersion) ?? OLDEST_MINOR;
  return `1.${Math.min(newest, Math.max(PREFERRED_MINOR, oldest))}`;
}

function minorOf(version: unknown): number | undefined {
  const match = typeof version === "string" ? /^1\.(\d{1,3})$/.exec(version) : null;
  return match ? Number(match[1]) : undefined;
}
