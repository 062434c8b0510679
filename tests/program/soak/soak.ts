import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { randomOf } from "../../helpers/drivers/random.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { makeWorld } from "../../helpers/fakes/world.ts";
import { failuresIn, understand } from "../faults/incidents.ts";
import { turmoil } from "./turmoil.ts";

/** What the daemon holds when it is at rest. */
export interface Sample {
  readonly ticks: number;
  /** After a garbage collection, buffers outside of the heap included. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

export interface Report {
  readonly samples: readonly Sample[];
  readonly incidents: number;
  readonly failures: number;
  readonly messages: number;
  /** What the chat lacks, or has too much of, in words. */
  readonly lost: readonly string[];
  readonly seconds: number;
}

const MB = 2 ** 20;
/** Between the middle and the end; caches fill and code is compiled before. */
const HEAP_GROWTH_BYTES = 1.5 * MB;
const RSS_GROWTH_BYTES = 24 * MB;
const DESCRIPTORS_GROWTH = 4;
const WARM_UP_TICKS = 200;

/** The built bundle on real sockets for so many ticks, as fast as it can tick, with everything going wrong all the time. Linux. */
export async function soak(
  t: Pick<TestContext, "after">,
  ticks: number,
  seed: number,
  progress: (sample: Sample) => void = () => {},
): Promise<Report> {
  const startedAt = performance.now();
  const world = await makeWorld(t);
  const meter = join(world.dir, "meter.json");
  const daemon = await world.start({
    WATCHDOG_INTERVAL_S: "0.001",
    WATCHDOG_FLAP_CHANGES: "0",
    WATCHDOG_LOG_LEVEL: "error",
    WATCHDOG_TG_PER_MIN: "1000000",
    WATCHDOG_STATE_FILE: join(world.dir, "state.json"),
    SOAK_METER: meter,
    NODE_OPTIONS: `${world.env["NODE_OPTIONS"]} --import ${new URL("meter.mjs", import.meta.url).href}`,
  });
  const settle = async (key: string, active: boolean): Promise<void> => {
    await daemon.statusWhere(
      `${key} ${active ? "bad" : "good"}`,
      ({ signals }) => signals.some((signal) => signal.key === key && signal.active) === active,
    );
  };
  const trouble = turmoil(world, randomOf(seed), settle);

  const measure = async (): Promise<Sample> => {
    await trouble.calm();
    const atRest = await daemon.statusWhere(
      "everything told",
      ({ delivery, signals }) => delivery.pending === 0 && signals.every(({ alerting }) => !alerting),
      60_000,
    );
    rmSync(meter, { force: true });
    daemon.send("SIGUSR2");
    await until("the meter", () => existsSync(meter));
    const { heapUsed, rss } = JSON.parse(readFileSync(meter, "utf8")) as { heapUsed: number; rss: number };
    // Descriptors come and go with every tick; what leaks is there each time one looks.
    const counts: number[] = [];
    for (let look = 0; look < 20; look += 1) {
      counts.push(readdirSync(`/proc/${daemon.pid}/fd`).length);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const sample = { ticks: atRest.ticks, heapBytes: heapUsed, rssBytes: rss, descriptors: Math.min(...counts) };
    progress(sample);
    return sample;
  };
  const troubleUntil = async (wanted: number): Promise<void> => {
    for (let now = await daemon.status(); now.ticks < wanted; now = await daemon.status()) {
      await trouble.step();
      await daemon.ticks(5);
    }
  };

  await troubleUntil(WARM_UP_TICKS);
  const samples = [await measure()];
  for (const part of [0.5, 1]) {
    await troubleUntil(ticks * part);
    samples.push(await measure());
  }
  await daemon.stop();
  const { messages } = world.telegram;
  return {
    samples,
    incidents: trouble.happened.length,
    failures: trouble.failures(),
    messages: messages.length,
    seconds: (performance.now() - startedAt) / 1000,
    lost: [
      ...lostIncidents(understand(messages), trouble.happened),
      ...lostFailures(failuresIn(messages), trouble.failures()),
    ],
  };
}

/** By number: of what happened often while Telegram was away only the first and last are told with their times, the rest as a count. */
function lostIncidents(
  understood: readonly { title: string; ended: boolean }[],
  happened: readonly { title: string; ended: boolean }[],
): string[] {
  const titles = new Set([...understood, ...happened].map(({ title }) => title));
  return [...titles].flatMap((title) => {
    const [told, real] = [understood, happened].map(
      (list) => list.filter((one) => one.title === title && one.ended).length,
    );
    return told === real ? [] : [`${title}: ${told} incidents told, ${real} happened`];
  });
}

function lostFailures(told: number, happened: number): string[] {
  return told === happened ? [] : [`failed jobs: ${told} told, ${happened} happened`];
}

/** What is wrong with a run; empty when it may count as endless. */
export function judgeSoak({ samples, lost }: Report): string[] {
  const [start, middle, end] = samples;
  if (!start || !middle || !end) return ["it did not run to its end"];
  const mb = (bytes: number): string => `${(bytes / MB).toFixed(1)} MB`;
  return [
    ...(end.heapBytes - middle.heapBytes > HEAP_GROWTH_BYTES
      ? [`the heap grew from ${mb(middle.heapBytes)} to ${mb(end.heapBytes)} in the second half`]
      : []),
    ...(end.rssBytes - middle.rssBytes > RSS_GROWTH_BYTES
      ? [`resident memory grew from ${mb(middle.rssBytes)} to ${mb(end.rssBytes)} in the second half`]
      : []),
    ...(end.descriptors - start.descriptors > DESCRIPTORS_GROWTH
      ? [`open descriptors grew from ${start.descriptors} to ${end.descriptors}`]
      : []),
    ...lost.map((what) => `lost: ${what}`),
  ];
}
