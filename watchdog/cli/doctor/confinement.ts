import type { ProcSettings } from "../../config/areas/proc.ts";
import { type Check, type Ctx, failed, off, ok } from "./check.ts";
import { mountOf, parseMounts, type SelfFacts } from "./self.ts";

/** What must be forbidden to it in a container: writing its root, capabilities, gaining privileges. Pure. */
export function judgeConfinement({ status, mountinfo }: SelfFacts, { t, place, config }: Ctx<ProcSettings>): Check[] {
  const { titles, confinement } = t;
  const of = (id: string, title: string, judge: () => Check): Check =>
    place.inContainer ? judge() : off(id, title, confinement.noContainer);
  const unreadable = (id: string, title: string, name: string): Check =>
    failed(
      id,
      title,
      confinement.unreadable(`${config.procRoot}/self/${name}`),
      t.host.procRoot(config.procRoot, place),
    );
  return [
    of("root_readonly", titles.root, () => {
      const root =
        mountinfo === undefined
          ? undefined
          : mountOf(
              parseMounts(mountinfo).filter(({ point }) => point === "/"),
              "/",
            );
      if (!root) return unreadable("root_readonly", titles.root, "mountinfo");
      return root.options.includes("ro")
        ? ok("root_readonly", titles.root, confinement.readOnly)
        : failed("root_readonly", titles.root, confinement.writable, confinement.compose(place, "read_only: true"));
    }),
    of("capabilities", titles.caps, () => {
      const sets = ["CapEff", "CapPrm"].map((name) => [name, fieldOf(status, name)] as const);
      if (sets.some(([, value]) => value === undefined)) return unreadable("capabilities", titles.caps, "status");
      const held = sets.filter(([, value]) => !/^0+$/.test(value ?? "")).map(([name, value]) => `${name}=${value}`);
      return held.length === 0
        ? ok("capabilities", titles.caps, confinement.noCaps)
        : failed(
            "capabilities",
            titles.caps,
            confinement.caps(held.join(" ")),
            confinement.compose(place, "cap_drop: [ALL]"),
          );
    }),
    of("no_new_privs", titles.noNewPrivs, () => {
      const value = fieldOf(status, "NoNewPrivs");
      if (value === undefined) return unreadable("no_new_privs", titles.noNewPrivs, "status");
      return value === "1"
        ? ok("no_new_privs", titles.noNewPrivs, confinement.noNewPrivs)
        : failed(
            "no_new_privs",
            titles.noNewPrivs,
            confinement.newPrivs,
            confinement.compose(place, 'security_opt: ["no-new-privileges:true"]'),
          );
    }),
  ];
}

/** proc_pid_status(5): `Name:\tvalue`. */
export function fieldOf(status: string | undefined, name: string): string | undefined {
  return status === undefined ? undefined : new RegExp(`^${name}:\\s*([0-9a-f]+)\\s*$`, "m").exec(status)?.[1];
}
