import { canBeBlind, type Readings, SOURCE_NAMES } from "../collectors/index.ts";
import type { DepSettings } from "../config/areas/deps.ts";
import type { ProcSettings } from "../config/areas/proc.ts";
import type { Problem } from "../config/table.ts";
import type { Lang } from "../lang/index.ts";
import { blindReason } from "../signals/blind.ts";
import type { Occurrence } from "../signals/signal.ts";

/** What the first message after a start tells besides what the readings show. */
export interface Hello {
  readonly version: string;
  readonly problems: readonly Problem[];
}

/** `WATCHDOG_HELLO`: version, what is watched, what cannot be read, what is wrong with the settings. Pure. */
export function helloOccurrence(
  { version, problems }: Hello,
  host: string,
  readings: Readings,
  config: DepSettings & ProcSettings,
  lang: Lang,
): Occurrence {
  const { watched } = lang.hello;
  const { metrics, mem, disk, docker, deps, proc } = readings;
  const parts = [
    ...(mem.state === "off" ? [] : [watched.mem]),
    ...(disk.state === "ok" && disk.value.disks.length > 0
      ? [watched.disks(disk.value.disks.map(({ label }) => label))]
      : []),
    ...(docker.state === "ok" ? [watched.containers(docker.value.containers.length)] : []),
    ...(deps.state === "off" ? [] : [watched.deps(config.deps.map(({ name }) => name))]),
    ...(metrics.state === "off" ? [] : [watched.metrics]),
    ...(proc.state === "off" ? [] : [watched.processes(config.procPatterns)]),
  ];
  const blind = SOURCE_NAMES.filter(canBeBlind).flatMap((source) => {
    const reason = blindReason(source, readings);
    return reason === undefined ? [] : [`${source} (${reason})`];
  });
  return {
    topic: { kind: "hello" },
    count: 1,
    title: lang.hello.title,
    detail: lang.hello.detail({ version, host, parts, blind, problems: problems.map(({ text }) => text) }),
  };
}
