import type { Clock } from "../clock.ts";
import type { DiskSample } from "../collectors/disk.ts";
import type { ParsedConfig } from "../config/config.ts";
import type { Notice } from "../decide/notice.ts";
import { type BuildCache, clearableBytes, LISTING_MS } from "../engine/build-cache.ts";
import { type DockerClient, dockerClient } from "../engine/client.ts";
import { KINDS } from "../kinds.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../safe.ts";

export interface BuildCacheHintOptions {
  readonly client: Pick<DockerClient, "buildCache">;
  readonly prune: ParsedConfig["prune"];
  /** The disks of the last tick. */
  readonly disks: () => readonly DiskSample[];
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly offer: (notices: readonly Notice[]) => void;
}

/** Stands between judging and the outbox: a disk's alert learns there what the engine's build cache has to do with it. */
export interface BuildCacheHint {
  offer(notices: readonly Notice[]): void;
  /** Lets go at once of what waits for the engine's answer. */
  release(): void;
}

/** Listing the cache costs the engine work (moby #31719). */
const ASK_EVERY_MS = 10 * 60_000;
/** The alert waits this long for the answer, then it goes without; the answer itself may take longer and serves the next one. */
const HOLD_MS = 5000;
/** Older than this, it says nothing about now. */
const STALE_MS = 30 * 60_000;

interface Answer {
  readonly cache: BuildCache;
  readonly atMs: number;
}

/**
 * While a disk's alert is to be told, asks for the size of the build cache: beside the ticks, never within one. Only that alert
 * waits, and only briefly. An engine that does not answer, or that cannot list its cache alone, costs the alert nothing but the line.
 */
export function buildCacheHint(options: BuildCacheHintOptions): BuildCacheHint {
  const { client, prune, lang, clock, log, stop } = options;
  const filter = { ageS: prune.pruneUntil?.seconds, all: prune.pruneAll && prune.pruneUntil !== undefined };
  const command = `docker builder prune${filter.all ? " -a" : ""}${prune.pruneUntil ? ` --filter until=${prune.pruneUntil.text}` : ""}`;
  let latest: readonly Notice[] = [];
  let answer: Answer | undefined;
  let askedAtMs = -Infinity;
  let holding = false;

  const ask = async (): Promise<void> => {
    try {
      const cache = await client.buildCache(stop);
      if (cache) answer = { cache, atMs: clock.monoMs() };
    } catch (error) {
      log.debug("the build cache cannot be listed", { reason: reasonOf(error) });
    }
  };

  /** Of a disk that cannot be told apart it is not said that it is another one. */
  const isElsewhere = (notice: Notice): boolean =>
    options.disks().find(({ label }) => label === notice.topic.subject)?.holdsEngineData === false;

  const tell = (): void => {
    const about = answer && clock.monoMs() - answer.atMs < STALE_MS ? answer : undefined;
    options.offer(
      latest.flatMap((notice) => {
        if (!isDiskAlert(notice)) return [notice];
        if (holding) return [];
        return [
          about && !isElsewhere(notice) ? { ...notice, detail: { ...notice.detail, remark: line(about) } } : notice,
        ];
      }),
    );
  };

  const line = ({ cache }: Answer): string =>
    lang.details.buildCache({
      totalBytes: cache.totalBytes,
      clearableBytes: clearableBytes(cache, filter, clock.wallMs()),
      ageS: filter.ageS,
      command,
    });

  const release = (): void => {
    if (!holding) return;
    holding = false;
    tell();
  };

  return {
    offer: (notices) => {
      latest = notices;
      if (notices.some(isDiskAlert) && clock.monoMs() - askedAtMs >= ASK_EVERY_MS && !stop.aborted) {
        askedAtMs = clock.monoMs();
        holding = true;
        const over = new AbortController();
        void Promise.race([ask(), clock.sleep(HOLD_MS, over.signal)]).then(() => {
          over.abort();
          release();
        });
      }
      tell();
    },
    release,
  };
}

function isDiskAlert({ topic, kind }: Notice): boolean {
  return KINDS[topic.kind].fillsDisk === true && (kind === "alert" || kind === "realert");
}

/** The hint of this configuration; undefined: no engine is watched, and alerts go as they are. */
export function hintOf(
  { config: { dockerTarget, containers }, prune }: ParsedConfig,
  about: Pick<BuildCacheHintOptions, "lang" | "clock" | "log" | "stop">,
): ((offer: BuildCacheHintOptions["offer"], disks: BuildCacheHintOptions["disks"]) => BuildCacheHint) | undefined {
  if (!dockerTarget || containers.length === 0) return undefined;
  const client = dockerClient(dockerTarget, LISTING_MS);
  return (offer, disks) => buildCacheHint({ ...about, prune, client, offer, disks });
}
