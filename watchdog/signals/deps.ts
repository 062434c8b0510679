import type { Moment } from "../clock.ts";
import type { DependencySample } from "../collectors/deps.ts";
import { OFF, type Reading } from "../collectors/reading.ts";
import type { DepSettings } from "../config/areas/deps.ts";
import type { LoopSettings } from "../config/areas/loop.ts";
import { type Detail, detailOf } from "../lang/detail.ts";
import type { Lang } from "../lang/index.ts";
import { type Family, type Finding, familyOf } from "./signal.ts";

/** A failed ping is the finding; only a collector that failed as a whole freezes. */
export function depSignals(reading: Reading<DependencySample[]>, config: DepSettings, lang: Lang): Family {
  return familyOf("deps", reading, (samples) => ({
    awaited: true,
    findings: samples.map((sample) => ({
      topic: { kind: "dep", subject: sample.name },
      condition: sample.outcome.up ? "good" : "bad",
      title: lang.titles.dep(sample.name),
      detail: detailOfPing(sample, lang),
      confirmTicks: config.depDownTicks,
    })),
  }));
}

function detailOfPing({ shownUrl, latencyMs, outcome }: DependencySample, lang: Lang): Detail {
  if (outcome.up) return lang.details.depUp(shownUrl, latencyMs);
  const { kind, reason } = outcome;
  return kind === "status"
    ? lang.details.depStatus(shownUrl, reason, latencyMs)
    : lang.details.depDown(shownUrl, { kind, reason }, latencyMs);
}

const DAY_MS = 86_400_000;

/** When each https dependency's certificate was last seen to end, in wall time. */
export type CertificateMemory = ReadonlyMap<string, number>;

/**
 * cert:<name>: the certificate of an https dependency ends within CERT_DAYS, or has ended. Judged by the end last seen, because a
 * handshake that fails, as it does once the certificate is over, shows none.
 */
export function certificateSignals(
  before: CertificateMemory,
  reading: Reading<DependencySample[]>,
  config: DepSettings & LoopSettings,
  lang: Lang,
  now: Moment,
): { memory: CertificateMemory; family: Family } {
  let memory = before;
  const family = familyOf("certs", config.certDays === 0 ? OFF : reading, (samples) => {
    memory = new Map(
      samples.flatMap(({ name, certificateEndsMs = before.get(name) }): [string, number][] =>
        certificateEndsMs === undefined ? [] : [[name, certificateEndsMs]],
      ),
    );
    // After a restart a dependency may be down before its certificate was seen once.
    const https = new Set(config.deps.filter(({ url }) => url.protocol === "https:").map(({ name }) => name));
    return {
      findings: [...memory].map(([dep, endsMs]) => certificateFinding(dep, endsMs, config, lang, now)),
      gone: lang.details.certificateGone,
      keeps: ({ topic }) => https.has(topic.subject ?? ""),
    };
  });
  return { memory, family };
}

function certificateFinding(
  dep: string,
  endsMs: number,
  config: DepSettings & LoopSettings,
  lang: Lang,
  now: Moment,
): Finding {
  const leftMs = endsMs - now.wallMs;
  const condition = leftMs < config.certDays * DAY_MS ? "bad" : "good";
  return {
    topic: { kind: "cert", subject: dep },
    condition,
    title: lang.titles.cert(dep),
    detail: detailOf(lang.details.certificate(leftMs, endsMs), condition === "bad" && lang.details.certificateAdvice),
    // One look with a clock that is wrong for seconds proves little, in either direction.
    confirmTicks: config.depDownTicks,
    clearTicks: Math.max(2, config.clearTicks),
    // Nothing about it changes within hours: once a day is enough.
    cooldownS: Math.max(config.cooldownS, DAY_MS / 1000),
  };
}
