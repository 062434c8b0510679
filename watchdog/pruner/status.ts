import { iso } from "../clock.ts";
import type { ParsedPrunerConfig } from "../config/pruner.ts";
import type { Problem } from "../config/table.ts";
import type { DeliveryView } from "../notify/outbox.ts";
import { dueInS } from "./plan.ts";
import type { Runner } from "./runner.ts";
import { sizeOf } from "./size.ts";

export interface PrunerStatusOptions {
  readonly parsed: ParsedPrunerConfig;
  readonly runner: Runner;
  readonly delivery: () => DeliveryView;
  readonly problems: readonly Problem[];
  readonly host: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly monoMs: number;
  readonly wallMs: number;
}

/** The document of GET /status: what was done, what came of it, when it is next. Every time ISO 8601 UTC or null. */
export function prunerStatus({
  parsed: { config, ...parsed },
  runner,
  delivery,
  problems,
  host,
  version,
  startedAtMs,
  monoMs,
  wallMs,
}: PrunerStatusOptions): object {
  const { lastRunAt, last, lastReclaimedBytes, lastError, cacheBytes, disk, pressed } = runner.view();
  const { channel, pending, lastOkAtMs, lastError: deliveryError } = delivery();
  const target = runner.target();
  const nextInS = dueInS(lastRunAt && lastRunAt.monoMs / 1000, monoMs / 1000, config.pruneIntervalS, pressed);
  return {
    program: "pruner",
    enabled: config.pruneEnabled,
    host,
    version,
    startedAt: iso(startedAtMs),
    target: target.kind === "none" ? null : target.shown,
    intervalS: config.pruneIntervalS,
    until: config.pruneUntil?.text ?? null,
    all: config.pruneAll,
    lastRunAt: iso(lastRunAt?.wallMs),
    nextRunAt: config.pruneEnabled ? iso(wallMs + nextInS * 1000) : null,
    lastUntil: last?.plan.until?.text ?? null,
    lastReclaimedBytes,
    // A run that ended well without a figure freed something, or nothing: nobody knows.
    lastReclaimed:
      lastReclaimedBytes !== null ? sizeOf(lastReclaimedBytes) : last && last.error === undefined ? "unknown" : null,
    // Also before the first run: an operator who looks wants to know now.
    lastError: lastError ?? (target.kind === "none" && config.pruneEnabled ? target.reason : null),
    cacheBytes,
    disk: {
      thresholdPct: config.pruneDiskPct,
      pressed,
      usedPct: disk && "usedPct" in disk ? disk.usedPct : (last?.diskAfterPct ?? null),
      ...(disk && "reason" in disk ? { error: disk.reason } : {}),
    },
    ...(parsed.refused === undefined ? {} : { refused: parsed.refused }),
    delivery: { channel, pending, lastOkAt: iso(lastOkAtMs), lastError: deliveryError },
    problems: problems.map(({ text }) => text),
  };
}
