import type { MetricsSettings } from "../config/areas/metrics.ts";
import { codedError, isRecord, readJson, statusError } from "../net/exchange.ts";
import { get } from "../net/get.ts";
import { clip, identifier } from "../safe.ts";
import type { Collector, Source } from "./reading.ts";

/** The orchestrator's answer, as far as it could be understood; a part that is undefined freezes what depends on it. */
export interface Envelope {
  /** Seconds since the epoch, by the orchestrator's clock. */
  readonly generatedAtS?: number;
  readonly counts: {
    readonly queued?: number;
    readonly running?: number;
    readonly done?: number;
    readonly failed?: number;
  };
  readonly agents?: readonly Agent[];
  /** False: some entry of the list was not understood, so that an agent missing from `agents` may still be there. */
  readonly agentsComplete: boolean;
}

export interface Agent {
  readonly runId: string;
  readonly pid?: number;
  /** undefined: the entry was there, its counter was not. */
  readonly cpuTicks?: number;
  readonly stage?: string;
  readonly jobId?: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_AGENTS = 500;

/** The code of the error that an answer raises which is no JSON object. */
export const NOT_JSON_CODE = "NOT_JSON";

export const METRICS = {
  open: ({ metricsUrl }, { deadlineMs }) => metricsUrl && metricsCollector(metricsUrl, deadlineMs),
  whyOff: () => "WATCHDOG_METRICS_URL is not set",
  shown: ({ counts, agents }) => {
    const queue = (["queued", "running", "done", "failed"] as const).map((count) => `${count} ${counts[count] ?? "?"}`);
    return `${queue.join(", ")}, agents ${agents?.length ?? "?"}`;
  },
} satisfies Source<Envelope, MetricsSettings>;

export function metricsCollector(url: URL, deadlineMs: number): Collector<Envelope> {
  return {
    // A little more than the request's own deadline, so that its reason is the one that is told.
    deadlineMs: deadlineMs + 1000,
    collect: async ({ signal }) => {
      const answer = await get({ url }, { deadlineMs, maxBytes: MAX_BYTES, signal });
      if (answer.status < 200 || answer.status > 299) throw statusError(answer.status, `HTTP status ${answer.status}`);
      return parseEnvelope(answer.body);
    },
  };
}

/** Throws when the body is not a JSON object; everything inside it is read leniently. */
export function parseEnvelope(body: Buffer | string): Envelope {
  const json = readJson(typeof body === "string" ? Buffer.from(body) : body, MAX_BYTES);
  if (!isRecord(json)) throw codedError(NOT_JSON_CODE, "the answer is not a JSON object");
  const queue = isRecord(json["queue"]) ? json["queue"] : {};
  const counts = isRecord(queue["counts"]) ? queue["counts"] : {};
  const agents = parseAgents(json["agents"]);
  return {
    ...defined("generatedAtS", parseTimestamp(json["generated_at"])),
    counts: {
      ...defined("queued", natural(counts["queued"])),
      ...defined("running", natural(counts["running"])),
      ...defined("done", natural(counts["done"])),
      ...defined("failed", natural(counts["failed"])),
    },
    ...defined("agents", agents?.list),
    agentsComplete: agents?.complete ?? false,
  };
}

function parseAgents(value: unknown): { list: Agent[]; complete: boolean } | undefined {
  if (!Array.isArray(value)) return undefined;
  const byRun = new Map<string, Agent>();
  let complete = value.length <= MAX_AGENTS;
  for (const entry of value.slice(0, MAX_AGENTS) as unknown[]) {
    const agent = isRecord(entry) ? parseAgent(entry) : undefined;
    if (agent) byRun.set(`${agent.runId}\0${agent.pid}`, agent);
    else complete = false;
  }
  return { list: [...byRun.values()], complete };
}

function parseAgent(entry: Readonly<Record<string, unknown>>): Agent | undefined {
  const runId = label(entry["run_id"], identifier);
  if (runId === undefined) return undefined;
  return {
    runId,
    ...defined("pid", natural(entry["pid"])),
    ...defined("cpuTicks", nonNegative(entry["cpu_ticks"])),
    ...defined("stage", label(entry["stage"])),
    ...defined("jobId", label(entry["job_id"])),
  };
}

/** Seconds since the epoch, or ISO 8601 (with a zone; without one it is read as UTC). */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value : undefined;
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value)) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`;
  const ms = Date.parse(zoned.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function natural(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function nonNegative(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A name from outside: a non-empty string or a whole number, printable and bounded by `bound`. */
function label(value: unknown, bound: (text: string, max: number) => string = clip): string | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string") return undefined;
  const text = bound(value.trim(), 80);
  return text === "" ? undefined : text;
}

/** `{ name: value }`, or nothing when there is no value (exactOptionalPropertyTypes). */
function defined<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: T };
}
