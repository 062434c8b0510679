/** Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Pure. */

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Of a histogram: _bucket, _sum, _count. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Families without a sample are left out: what is not known has no value. */
export function exposition(families: readonly Family[]): string {
  return (
    families
      .filter(({ samples }) => samples.length > 0)
      .map(({ name, help, type, samples }) =>
        [
          `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
          `# TYPE ${name} ${type}`,
          ...samples.map(
            ({ suffix = "", labels = {}, value }) => `${name}${suffix}${labelsOf(labels)} ${numberOf(value)}`,
          ),
        ].join("\n"),
      )
      .join("\n") + "\n"
  );
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

export function escapeLabel(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberOf(value: number): string {
  return value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
}

/** Counts of how long things took, in seconds, by upper bounds. */
export interface Histogram {
  observe(seconds: number): void;
  samples(): Sample[];
}

export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe: (seconds) => {
      const found = bounds.findIndex((bound) => seconds <= bound);
      const bucket = found === -1 ? bounds.length : found;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += seconds;
    },
    samples: () => {
      let total = 0;
      const buckets = counts.map((count, index): Sample => {
        total += count;
        return { suffix: "_bucket", labels: { le: numberOf(bounds[index] ?? Infinity) }, value: total };
      });
      return [...buckets, { suffix: "_sum", value: sum }, { suffix: "_count", value: total }];
    },
  };
}
