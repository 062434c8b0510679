import type { Moment } from "../clock.ts";

/** What the texts need to know; plain data, so that a text is a pure function of it. */

export interface UsageFacts {
  readonly usedPct: number;
  readonly thresholdPct: number;
  readonly freePct: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Which disk a text is about: what depends on it, and where it is. */
export interface DiskPlace {
  readonly label: string;
  readonly holdsEngineData?: boolean;
  readonly hostPath?: string;
}

/** When a disk will be full at its present pace, as seen over the last `seenMs`. */
export interface ForecastFacts {
  readonly leftMs: number;
  readonly gbPerH: number;
  readonly seenMs: number;
  readonly limitMs: number;
  readonly usedPct: number;
  readonly freeBytes: number;
}

export interface InodeFacts {
  readonly usedPct: number;
  readonly thresholdPct: number;
  readonly free: number;
}

/** Why a container is bad, or how it is. */
export interface ContainerFacts {
  readonly state: "missing" | "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  readonly health: "none" | "starting" | "healthy" | "unhealthy";
  /** Restarts within the window, when it is in a restart loop. */
  readonly restarts?: number;
  /** Since it was created; of the daemon's counting. */
  readonly restartCount: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly healthOutput: string;
  readonly image: string;
}

/** What cannot be read. */
export interface BlindFacts {
  readonly source: "mem" | "disk" | "docker" | "proc";
  readonly reason: string;
  /** Failing readings in a row. */
  readonly ticks: number;
  /** The first of the parts that cannot be read, while others can: a path, a container, a pid. undefined: nothing of the source can be read. */
  readonly part?: string;
  /** The host of the socket proxy that the engine is read through. */
  readonly proxy?: string | undefined;
}

/** Whose a process is, by the name people know. */
export type OwnerFacts = { readonly container: string } | { readonly unit: string };

export interface BigProcessFacts {
  readonly pid: number;
  readonly name: string;
  readonly residentGb: number;
  readonly owner?: OwnerFacts;
}

export interface ProcessFacts {
  readonly pid: number;
  readonly ppid: number;
  readonly parent?: string;
  readonly owner?: OwnerFacts;
  readonly cpuSharePct?: number;
  readonly ageS: number;
  readonly cpuS: number;
  readonly command: string;
  readonly limitMin: number;
}

export interface AgentFacts {
  readonly pid?: number;
  readonly stage?: string;
  readonly jobId?: string;
  readonly idleMs: number;
}

/** One past or present incident of an entity; without an end while it lasts. */
export interface Span {
  readonly since: Moment;
  readonly until?: Moment;
}

/** The build cache, and the part of it that a prune would take. */
export interface CacheFacts {
  readonly totalBytes: number;
  /** undefined: not known. */
  readonly clearableBytes?: number | undefined;
  /** Not used for this long; undefined: of any age. */
  readonly ageS: number | undefined;
  /** The command that clears it. */
  readonly command: string;
}

/** What a prune did; what could not be measured is undefined. */
export interface PruneFacts {
  /** undefined: docker did not say. */
  readonly freedBytes: number | undefined;
  readonly ageS: number | undefined;
  readonly cacheBeforeBytes?: number | undefined;
  readonly cacheAfterBytes?: number | undefined;
  readonly clearableBytes?: number | undefined;
  readonly diskBeforePct?: number | undefined;
  readonly diskAfterPct?: number | undefined;
  /** Before its time, because the disk was this full. */
  readonly earlyAtPct?: number | undefined;
}

/** What the message on start tells. */
export interface HelloFacts {
  readonly version: string;
  readonly host: string;
  /** What is watched, each part in words. */
  readonly parts: readonly string[];
  /** Sources that cannot be read, with the reason. */
  readonly blind: readonly string[];
  readonly problems: readonly string[];
}

/** So many problems are told in words on start; the rest is for doctor. */
export const HELLO_PROBLEMS = 5;

/** Where doctor runs, so that its advice can name the command that works there. */
export interface Place {
  readonly inContainer: boolean;
  /** How the operator calls this program here, such as `docker compose run --rm watchdog`. */
  readonly command: string;
  /** Started by docker-compose.hardened.yml: Compose is told of it by `-f`, and does not read docker-compose.override.yml by itself then. */
  readonly hardened: boolean;
}
