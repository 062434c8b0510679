import { codedError } from "../net/exchange.ts";
import { fragment } from "../safe.ts";

/** The newest API version we know of, and the oldest that has all we read. */
const PREFERRED_MINOR = 52;
const OLDEST_MINOR = 41;
/** The code of the error that an engine raises which has less. */
export const TOO_OLD_CODE = "TOO_OLD";
/** `type=build-cache` came with 1.42; from 1.52 on the records are listed only on a further parameter, so the question is put in 1.51 where the engine still speaks it. */
const BUILD_CACHE_SINCE_MINOR = 42;
const BUILD_CACHE_BEST_MINOR = 51;

/** GET /version, as far as we read it, and what was made of it. */
export interface EngineVersion {
  /** Of the engine itself. Foreign text, as the next two are. */
  readonly version: string;
  /** Of its API, newest and oldest. */
  readonly newest: string;
  readonly oldest: string;
  /** The API version to ask in, such as 1.45. */
  readonly spoken: string;
  /** The one to ask for the build cache in; undefined: it cannot be listed alone. */
  readonly spokenForCache: string | undefined;
}

/** Throws when the engine is too old or its answer is no version. */
export function parseVersion(json: Readonly<Record<string, unknown>>): EngineVersion {
  const { Version: version, ApiVersion: newest, MinAPIVersion: oldest } = json;
  return {
    version: fragment(String(version), 40),
    newest: fragment(String(newest), 10),
    oldest: fragment(String(oldest ?? "?"), 10),
    spoken: negotiate(newest, oldest),
    spokenForCache: buildCacheVersion(newest, oldest),
  };
}

/** Clamps what we prefer into what the engine offers. Throws when the engine is too old or its answer is no version. */
export function negotiate(apiVersion: unknown, minApiVersion: unknown): string {
  const newest = minorOf(apiVersion);
  if (newest === undefined) throw new Error("engine's /version has no ApiVersion");
  if (newest < OLDEST_MINOR)
    throw codedError(TOO_OLD_CODE, `engine's API 1.${newest} is too old, 1.${OLDEST_MINOR} is needed`);
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
