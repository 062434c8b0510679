import type { PrunerConfig } from "../config/pruner.ts";
import { clearableBytes, LISTING_MS } from "../engine/build-cache.ts";
import { reasonOf } from "../safe.ts";
import { pruneEngine } from "./engine.ts";
import { type PrunePlan, pruneCommand, pruneRequest } from "./plan.ts";
import type { Runner } from "./runner.ts";
import { sizeOf } from "./size.ts";
import { sshCommandLine } from "./ssh.ts";
import { prunedHost } from "./target.ts";

export interface OnceResult {
  readonly exitCode: 0 | 1;
  readonly text: string;
}

const NO_LISTING = "not known: this engine cannot list its build cache alone (API before 1.42)";

/** One prune now, whatever the period; tells the terminal, not the channel. */
export async function pruneOnce(config: PrunerConfig, runner: Runner, systemHostname: string): Promise<OnceResult> {
  if (!config.pruneEnabled) return { exitCode: 0, text: "switched off by WATCHDOG_PRUNE_ENABLED: nothing was pruned" };
  const { error, freedBytes, cacheBeforeBytes, cacheAfterBytes, diskBeforePct, diskAfterPct } = await runner.run(
    planOf(config),
    new AbortController().signal,
  );
  const host = ["host", prunedHost(config, runner.view().info?.hostname, systemHostname)] as const;
  if (error !== undefined) return { exitCode: 1, text: `failed: ${error}\n${lines([host])}` };
  return {
    exitCode: 0,
    text: lines([
      ["freed", freedBytes === undefined ? "not known: docker did not say" : sizeOf(freedBytes)],
      [
        "build cache",
        cacheBeforeBytes === undefined || cacheAfterBytes === undefined
          ? undefined
          : `${sizeOf(cacheBeforeBytes)} before, ${sizeOf(cacheAfterBytes)} after`,
      ],
      [
        "disk",
        diskBeforePct === undefined || diskAfterPct === undefined
          ? undefined
          : `${diskBeforePct}% used before, ${diskAfterPct}% after`,
      ],
      host,
    ]),
  };
}

/** What a prune would be, to the letter, and what it would free; changes nothing, also with the kill switch off. */
export async function dryRun(config: PrunerConfig, runner: Runner, systemHostname: string): Promise<OnceResult> {
  const target = runner.target();
  const host = (engines?: string): readonly [string, string] => ["host", prunedHost(config, engines, systemHostname)];
  const plan = planOf(config);
  const what = [
    ["age", plan.until ? `not used for ${plan.until.text}` : "any"],
    ["all", String(plan.all)],
  ] as const;
  const off = [
    "note",
    config.pruneEnabled ? undefined : "switched off by WATCHDOG_PRUNE_ENABLED, so the daemon does none of this",
  ] as const;
  if (target.kind === "none")
    return { exitCode: 1, text: lines([["target", `none: ${target.reason}`], host(), ...what, off]) };
  if (target.kind === "ssh") {
    const rows = [
      ["target", target.shown],
      host(),
      ...what,
      ["command", sshCommandLine(target.at, plan)],
      ["on the host", pruneCommand(plan)],
      ["would free", "not known over ssh before it is done"],
      off,
    ] as const;
    return { exitCode: 0, text: lines(rows) };
  }
  const pruneMs = config.pruneTimeoutS * 1000;
  const engine = pruneEngine(target.at, Math.min(LISTING_MS, pruneMs), pruneMs);
  const { signal } = new AbortController();
  try {
    const { apiVersion, hostname } = await engine.info(signal);
    const { method, path } = pruneRequest(apiVersion, plan);
    const cache = await engine.buildCache(signal);
    const freed = cache && clearableBytes(cache, { ageS: plan.until?.seconds, all: plan.all }, Date.now());
    return {
      exitCode: 0,
      text: lines([
        ["target", target.shown],
        host(hostname),
        ...what,
        ["request", `${method} ${path}`],
        ["build cache", cache ? sizeOf(cache.totalBytes) : NO_LISTING],
        ["would free", freed === undefined ? NO_LISTING : sizeOf(freed)],
        off,
      ]),
    };
  } catch (error) {
    return { exitCode: 1, text: lines([["target", target.shown], host(), ...what, ["failed", reasonOf(error)], off]) };
  }
}

function planOf({ pruneUntil, pruneAll }: PrunerConfig): PrunePlan {
  return { until: pruneUntil, all: pruneAll };
}

function lines(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${`${name}:`.padEnd(13)}${value}`])).join("\n");
}
