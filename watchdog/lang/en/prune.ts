import { detailOf } from "../detail.ts";
import type { PruneFacts } from "../facts.ts";
import { decimalSizeText } from "../format.ts";
import type { PruneTexts } from "../locale.ts";
import { age } from "./words.ts";

/** The pruner's texts in English. */

const size = (bytes: number): string => decimalSizeText(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);
const freed = (bytes: number | undefined): string =>
  bytes === undefined ? "docker did not say how much was freed" : `${size(bytes)} freed`;

function measures(f: PruneFacts): string[] {
  const cache =
    f.cacheBeforeBytes !== undefined && f.cacheAfterBytes !== undefined
      ? [`Build cache: ${size(f.cacheBeforeBytes)} before, ${size(f.cacheAfterBytes)} after.`]
      : [];
  const disk =
    f.diskBeforePct !== undefined && f.diskAfterPct !== undefined
      ? [`Docker's disk: ${f.diskBeforePct}% used before, ${f.diskAfterPct}% after.`]
      : [];
  const early =
    f.earlyAtPct === undefined ? [] : [`Cleared before its time, because the disk was ${f.earlyAtPct}% full or more.`];
  return [...cache, ...disk, ...early];
}
const older = (ageS: number | undefined): string => (ageS === undefined ? "" : ` older than ${age(ageS)}`);

export const prune: PruneTexts = {
  titles: {
    pruned: "Build cache cleared",
    failed: "Build cache is not being cleared",
    useless: "Clearing the build cache frees nothing",
  },
  details: {
    pruned: (f) =>
      detailOf([
        f.freedBytes === undefined
          ? `Docker's build cache${older(f.ageS)} was cleared: ${freed(undefined)}.`
          : `Freed ${size(f.freedBytes)} of Docker's build cache${older(f.ageS)}.`,
        ...measures(f),
      ]),
    failed: (reason, overSsh) =>
      detailOf(
        [`The prune failed: ${reason}.`, "Unless this is mended, the cache will fill the disk."],
        `docker compose --profile ${overSsh ? "prune-ssh logs --tail 50 watchdog-pruner-ssh" : "prune logs --tail 50 watchdog-pruner"}, then the WATCHDOG_PRUNE_* settings.`,
      ),
    works: (f) => detailOf(`Clearing works again: ${freed(f.freedBytes)}.`),
    useless: (f) =>
      detailOf(
        [
          `The prune ended without an error and freed nothing, although it should have cleared ${size(f.clearableBytes ?? 0)} of cache${older(f.ageS)}.`,
          ...measures(f),
        ],
        "compare docker system df -v with the engine's log (journalctl -u docker); the cache can be cleared by hand as well: docker builder prune (takes recent cache too; images and data stay).",
      ),
    useful: (f) => detailOf(`No old cache is left over any more: ${freed(f.freedBytes)}.`),
  },
};
