import type { Clock } from "../clock.ts";
import { clearableBytes, parseBuildCache, type BuildCache } from "../collectors/docker/build-cache.ts";
import type { BuildCacheClient, DockerClient } from "../collectors/docker/client.ts";
import { deviceOfPath, type DiskSample } from "../collectors/disk.ts";
import type { ParsedConfig } from "../config/config.ts";
import type { Notice } from "../decide/ledger.ts";
import type { Lang } from "../lang/index.ts";
import type { Log } from "../log.ts";
import { isRecord } from "../net/exchange.ts";
import { reasonOf } from "../safe.ts";

export interface BuildCacheHintOptions {
  readonly client: BuildCacheClient & Pick<DockerClient, "info">;
  readonly prune: ParsedConfig["prune"];
  readonly inContainer: boolean;
  /** The disks of the last tick. */
  readonly disks: () => readonly DiskSample[];
  readonly lang: Lang;
  readonly clock: Clock;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly offer: (notices: readonly Notice[]) => void;
  /** The device a path is on; handed in for tests. */
  readonly deviceOf?: (path: string) => Promise<string>;
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
  /** The labels of the disks that are known not to hold the engine's data. */
  readonly elsewhere: ReadonlySet<string>;
}

/**
 * While a disk's alert is to be told, asks for the size of the build cache: beside the ticks, never within one. Only that alert
 * waits, and only briefly. An engine that does not answer, or that cannot list its cache alone, costs the alert nothing but the line.
 */
export function buildCacheHint(options: BuildCacheHintOptions): BuildCacheHint {
  const { client, prune, lang, clock, log, stop, deviceOf = deviceOfPath } = options;
  const filter = { ageS: prune.pruneUntil?.seconds, all: prune.pruneAll && prune.pruneUntil !== undefined };
  const command = `docker builder prune${filter.all ? " -a" : ""}${prune.pruneUntil ? ` --filter until=${prune.pruneUntil.text}` : ""}`;
  let latest: readonly Notice[] = [];
  let answer: Answer | undefined;
  let askedAtMs = -Infinity;
  let holding = false;

  const ask = async (): Promise<void> => {
    try {
      const json = await client.buildCache(stop);
      if (json === undefined) return;
      const cache = parseBuildCache(json);
      answer = { cache, atMs: clock.monoMs(), elsewhere: await otherDisks() };
    } catch (error) {
      log.debug("the build cache cannot be listed", { reason: reasonOf(error) });
    }
  };

  /** In a container /etc/hostname is a file that the engine binds from its data directory. A disk that cannot be told apart is not left out. */
  const otherDisks = async (): Promise<Set<string>> => {
    const device = (path: string): Promise<string | undefined> => deviceOf(path).catch(() => undefined);
    const info = options.inContainer ? undefined : await client.info(stop).catch(() => undefined);
    const root = isRecord(info) && typeof info["DockerRootDir"] === "string" ? info["DockerRootDir"] : "/var/lib/docker";
    const engines = await device(options.inContainer ? "/etc/hostname" : root);
    const elsewhere = new Set<string>();
    for (const { label, path } of options.disks()) {
      const own = engines === undefined ? undefined : await device(path);
      if (own !== undefined && own !== engines) elsewhere.add(label);
    }
    return elsewhere;
  };

  const tell = (): void => {
    const about = answer && clock.monoMs() - answer.atMs < STALE_MS ? answer : undefined;
    options.offer(latest.flatMap((notice) => {
      if (!isDiskAlert(notice)) return [notice];
      if (holding) return [];
      return [about && !about.elsewhere.has(labelOf(notice)) ? { ...notice, detail: `${notice.detail}\n${line(about)}` } : notice];
    }));
  };

  const line = ({ cache }: Answer): string =>
    lang.details.buildCache({ totalBytes: cache.totalBytes, clearableBytes: clearableBytes(cache, filter, clock.wallMs()), ageS: filter.ageS, command });

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

function isDiskAlert({ key, kind }: Notice): boolean {
  return /^disk(_crit)?:/.test(key) && (kind === "alert" || kind === "realert");
}

function labelOf({ key }: Notice): string {
  return key.slice(key.indexOf(":") + 1);
}
