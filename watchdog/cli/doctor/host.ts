import type { Readings } from "../../collectors/index.ts";
import { HIDDEN_CODE } from "../../collectors/proc/command-lines.ts";
import type { MemorySettings } from "../../config/areas/memory.ts";
import type { ProcSettings } from "../../config/areas/proc.ts";
import { BYTES_PER_GB, round1 } from "../../lang/format.ts";
import type { Fault } from "../../net/fault.ts";
import { fragment } from "../../safe.ts";
import { memoryUse } from "../../usage.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";
import { mountOf, parseMounts, type SelfFacts } from "./self.ts";

/** Memory, and what the orphan scan needs: the host's processes, and that they can be read. Pure. */
export function judgeHost(
  { mem, proc }: Pick<Readings, "mem" | "proc">,
  self: SelfFacts,
  ctx: Ctx<MemorySettings & ProcSettings>,
): Check[] {
  return [
    memory(mem, ctx),
    ...(ctx.config.procEnabled
      ? [pidNamespace(self, ctx), processes(proc, self, ctx)]
      : [off("pid_namespace", ctx.t.titles.pidNamespace, ctx.t.host.procOff)]),
  ];
}

function memory(reading: Readings["mem"], { config, t, place }: Ctx<MemorySettings & ProcSettings>): Check {
  const [id, title] = ["memory", t.titles.memory];
  switch (reading.state) {
    case "off":
      return off(id, title, t.host.memoryOff);
    case "failed":
      return failed(id, title, reading.reason, t.host.procRoot(config.procRoot, place));
    case "ok":
      return ok(
        id,
        title,
        t.host.memory(round1(memoryUse(reading.value)), round1(reading.value.totalBytes / BYTES_PER_GB), config.memPct),
      );
    default:
      return reading satisfies never;
  }
}

/** PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h: the pid namespace that the machine booted with. */
const INITIAL = "pid:[4026531836]";

/**
 * Whether the processes in procfs are the host's. The initial namespace is the host's; so is a procfs of an outer namespace, in which
 * we have another pid than at home (NSpid); and a pid 1 that is not the watchdog is that of an engine which runs in a container itself.
 */
export function sharesPids({ pidNamespace: namespace, status, initCommand }: SelfFacts): boolean {
  if (namespace === INITIAL) return true;
  const pids =
    /^NSpid:\s*(.+)$/m
      .exec(status ?? "")?.[1]
      ?.trim()
      .split(/\s+/) ?? [];
  return pids.length > 1 || (initCommand !== undefined && initCommand !== "" && !initCommand.includes("watchdog.mjs"));
}

function pidNamespace(self: SelfFacts, { t, place }: Ctx): Check {
  const [id, title] = ["pid_namespace", t.titles.pidNamespace];
  const name = fragment((self.initCommand ?? "").split(" ")[0]?.split("/").at(-1) ?? "", 40);
  const init = name === "" ? t.host.unknown : name;
  if (!place.inContainer) return ok(id, title, t.host.noContainer(init));
  return sharesPids(self)
    ? ok(id, title, t.host.shared(init))
    : failed(id, title, t.host.ownNamespace(init), t.host.sharePids(place));
}

function processes(reading: Readings["proc"], self: SelfFacts, { config, t, place }: Ctx<ProcSettings>): Check {
  const [id, title] = ["processes", t.titles.processes];
  const mount = mountOf(parseMounts(self.mountinfo ?? ""), config.procRoot);
  const option = mount?.options.find((one) => one.startsWith("hidepid="))?.slice("hidepid=".length) ?? "off";
  if (reading.state === "ok")
    return ok(id, title, t.host.readable(reading.value.candidates.length, config.procPatterns.join(", "), option));
  const { code, reason = "" }: Partial<Fault> = reading.state === "failed" ? reading : {};
  return code === HIDDEN_CODE
    ? failed(id, title, t.host.hidden(option), t.host.unhide)
    : failed(id, title, reason, t.host.procRoot(config.procRoot, place));
}
