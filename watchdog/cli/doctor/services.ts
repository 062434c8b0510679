import type { DependencySample } from "../../collectors/deps.ts";
import type { Readings } from "../../collectors/index.ts";
import { type Envelope, NOT_JSON_CODE } from "../../collectors/metrics.ts";
import type { DepSettings } from "../../config/areas/deps.ts";
import type { MetricsSettings } from "../../config/areas/metrics.ts";
import type { SilenceSettings } from "../../config/areas/silence.ts";
import { isMuted } from "../../config/mute.ts";
import { hasSubjects, type KindName } from "../../kinds.ts";
import { TOO_COMPLEX_CODE, TOO_LARGE_CODE } from "../../net/exchange.ts";
import type { FaultKind } from "../../net/fault.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";

/** The orchestrator's /metrics: that it answers, and which part is missing that an enabled signal needs. Pure. */
export function judgeMetrics(reading: Readings["metrics"], ctx: Ctx<MetricsSettings & SilenceSettings>): Check[] {
  const { config, t } = ctx;
  const [id, title, url] = ["metrics", t.titles.metrics, config.metricsUrl];
  if (!url || reading.state === "off") return [off(id, title, t.metrics.off)];
  if (reading.state === "failed") {
    const { code = "", status } = reading;
    if (status !== undefined)
      return [failed(id, title, t.metrics.status(`${status}`), adviceFor("status", url, "WATCHDOG_METRICS_URL", ctx))];
    if ([NOT_JSON_CODE, TOO_LARGE_CODE, TOO_COMPLEX_CODE].includes(code))
      return [failed(id, title, reading.reason, t.metrics.notObject("WATCHDOG_METRICS_URL"))];
    return [failed(id, title, t.fault(reading), adviceFor(reading.kind, url, "WATCHDOG_METRICS_URL", ctx))];
  }
  const gaps = partsMissing(reading.value, ctx);
  return [
    ok(id, title, gaps.length > 0 ? t.metrics.answers : t.metrics.good(reading.value.agents?.length ?? 0)),
    ...gaps,
  ];
}

/** What is missing only counts while the signal that it feeds is wanted. */
function partsMissing(
  { generatedAtS, counts, agents, agentsComplete }: Envelope,
  { config, t }: Ctx<MetricsSettings & SilenceSettings>,
): Check[] {
  const isWanted = (kind: KindName): boolean =>
    !isMuted(config.mute, hasSubjects(kind) ? { kind, subject: "" } : { kind });
  const gap = (part: string, detail: string, turnOff: string): Check =>
    failed(`metrics.${part}`, t.titles.metricsPart(part), detail, t.metrics.add(part, turnOff));
  const checks: Check[] = [];
  if (generatedAtS === undefined && config.metricsStaleS > 0 && isWanted("metrics_stale"))
    checks.push(gap("generated_at", t.metrics.missing("metrics_stale"), "WATCHDOG_METRICS_STALE_S=0"));
  const missing = (["queued", "running", "done", "failed"] as const).filter((name) => counts[name] === undefined);
  const stalled = config.queueStalledMin > 0 && isWanted("queue_stalled") ? ["queue_stalled"] : [];
  const frozen = [
    ...(missing.includes("failed") && isWanted("job_failed") ? ["job_failed"] : []),
    ...(missing.length > 0 ? stalled : []),
  ];
  if (frozen.length > 0) {
    const mute = `WATCHDOG_MUTE=${[...config.mute, ...frozen].join(",")}`;
    checks.push(
      gap(
        missing.length === 4 ? "queue.counts" : `queue.counts.${missing.join("/")}`,
        t.metrics.missing(frozen.join(", ")),
        mute,
      ),
    );
  }
  if (config.agentHungMin > 0 && isWanted("agent_hung")) {
    const turnOff = "WATCHDOG_AGENT_HUNG_MIN=0";
    if (!agents) checks.push(gap("agents", t.metrics.missing("agent_hung"), turnOff));
    else if (!agentsComplete) checks.push(gap("agents[].run_id", t.metrics.partly("agent_hung"), turnOff));
    else if (agents.some(({ cpuTicks }) => cpuTicks === undefined))
      checks.push(gap("agents[].cpu_ticks", t.metrics.partly("agent_hung"), turnOff));
  }
  return checks;
}

export function judgeDeps(reading: Readings["deps"], ctx: Ctx<DepSettings>): Check[] {
  const { t } = ctx;
  if (reading.state === "off") return [off("deps", t.titles.deps, t.dep.off)];
  if (reading.state === "failed")
    return [
      failed("deps", t.titles.deps, t.fault(reading), t.network.advice(reading.kind, "", "WATCHDOG_DEPS", false)),
    ];
  return reading.value.map((sample) => depCheck(sample, ctx));
}

function depCheck({ name, shownUrl, latencyMs, outcome }: DependencySample, ctx: Ctx<DepSettings>): Check {
  const { config, t } = ctx;
  const [id, title] = [`dep:${name}`, t.titles.dep(name)];
  if (outcome.up) return ok(id, title, t.dep.up(shownUrl, latencyMs));
  const { kind, reason } = outcome;
  const why = kind === "status" ? t.dep.status(reason) : t.fault({ kind, reason });
  const url = config.deps.find((dep) => dep.name === name)?.url;
  return failed(id, title, t.dep.down(shownUrl, why), adviceFor(kind, url, "WATCHDOG_DEPS", ctx));
}

function adviceFor(kind: FaultKind | "status", url: URL | undefined, name: string, { t, place }: Ctx): string {
  const host = url?.hostname ?? "";
  const isLoopback = /^(localhost|127\.[\d.]+|\[::1\])$/.test(host);
  return t.network.advice(kind, url?.host ?? "", name, place.inContainer && isLoopback && kind === "refused");
}
