import { detailOf } from "../detail.ts";
import { HELLO_PROBLEMS } from "../facts.ts";
import type { Lang } from "../locale.ts";
import { plural } from "./words.ts";

export const hello: Lang["hello"] = {
  title: "Watchdog started",
  detail: ({ version, host, parts, blind, problems }) =>
    detailOf(
      [
        `Version ${version}, host ${host}.`,
        `Watched: ${parts.length > 0 ? parts.join("; ") : "nothing"}.`,
        ...(blind.length > 0 ? [`Cannot be read: ${blind.join("; ")}.`] : []),
        problems.length > 0 ? `Problems in the settings: ${problems.length}.` : "No problems in the settings.",
        ...problems.slice(0, HELLO_PROBLEMS).map((problem) => `– ${problem}`),
      ],
      problems.length > 0 && "the command doctor.",
    ),
  watched: {
    mem: "memory",
    disks: (labels) => `disks ${labels.join(", ")}`,
    containers: (count) => plural(count, { one: "container", other: "containers" }),
    deps: (names) => `dependencies ${names.join(", ")}`,
    metrics: "the orchestrator",
    processes: (patterns) => `left-over processes (${patterns.join(", ")})`,
  },
};
