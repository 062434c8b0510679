import assert from "node:assert/strict";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkOf, doctorWorld, type FakeSelf, failsAlone } from "../../helpers/fakes/doctor-world.ts";
import { DATA } from "../../helpers/fakes/world.ts";

describe("doctor and the host", { concurrency: 4 }, () => {
  const CONFINEMENT: readonly (readonly [what: string, self: FakeSelf, id: string, detail: RegExp, advice: RegExp])[] =
    [
      [
        "a root that can be written",
        { rootOptions: "rw,relatime" },
        "root_readonly",
        /can be written/,
        /read_only: true/,
      ],
      [
        "capabilities",
        { caps: "00000000a80425fb" },
        "capabilities",
        /CapEff=00000000a80425fb CapPrm=00000000a80425fb/,
        /cap_drop: \[ALL\]/,
      ],
      ["new privileges", { noNewPrivs: "0" }, "no_new_privs", /off/, /security_opt: \["no-new-privileges:true"\]/],
    ];
  for (const [what, self, id, detail, advice] of CONFINEMENT) {
    it(`${what} in a container is a fault, outside of one none`, async (t) => {
      const world = await doctorWorld(t);
      world.self(self);
      failsAlone(await world.report(), id, detail, advice);
      const outside = await world.report({ FAKE_CONTAINER: "0" });
      assert.ok(outside.ok);
      assert.deepEqual([checkOf(outside, id).state, checkOf(outside, id).detail], ["off", "not in a container"]);
    });
  }

  it("a container that cannot look at itself is not called confined", async (t) => {
    const world = await doctorWorld(t);
    rmSync(join(world.host.procRoot, "self"), { recursive: true });
    const report = await world.report();
    for (const id of ["root_readonly", "capabilities", "no_new_privs"])
      assert.equal(checkOf(report, id).state, "failed", id);
  });

  it("a pid namespace of its own is a fault while left-over processes are looked for", async (t) => {
    const world = await doctorWorld(t);
    world.self({ pidNamespace: "4026532999" });
    world.host.exit(1);
    world.host.start({ pid: 1, command: "node /opt/watchdog/watchdog.mjs run", ageS: 10 });
    failsAlone(
      await world.report(),
      "pid_namespace",
      /only the processes of this container .*pid 1 is node/,
      /pid: host/,
    );
    const off = await world.report({ WATCHDOG_PROC_ENABLED: "false" });
    assert.ok(off.ok);
    assert.equal(checkOf(off, "pid_namespace").state, "off");
  });

  it("an engine in a container, and a procfs of an outer namespace, count as shared", async (t) => {
    const world = await doctorWorld(t);
    world.self({ pidNamespace: "4026532999" });
    assert.match(checkOf(await world.report(), "pid_namespace").detail, /pid 1 is init/);
    world.self({ pidNamespace: "4026532999", nspid: "4242\t7" });
    world.host.exit(1);
    world.host.start({ pid: 1, command: "node /opt/watchdog/watchdog.mjs run", ageS: 10 });
    assert.equal(checkOf(await world.report(), "pid_namespace").state, "ok");
  });

  it("processes that hidepid hides are told with the mount option and how to show them", {
    skip: process.getuid?.() === 0 ? false : "needs root",
  }, async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_STATE_FILE: "" });
    chmodSync(world.dir, 0o755);
    world.self({ procOptions: "rw,nosuid,hidepid=2" });
    chmodSync(join(world.host.procRoot, "1/cmdline"), 0o400);
    failsAlone(
      await world.report({}, [], { uid: 65_534 }),
      "processes",
      /hidden: hidepid 2/,
      /mount -o remount,hidepid=0 \/proc/,
    );
    assert.match(
      checkOf(await world.report(), "processes").detail,
      /hidepid 2; matching pytest: 0/,
      "who may read them all the same is well",
    );
  });

  it("a procfs that is not there is a matter of WATCHDOG_PROC_ROOT", async (t) => {
    const world = await doctorWorld(t);
    world.host.hideProc();
    const report = await world.report();
    for (const id of ["memory", "processes"])
      assert.match(checkOf(report, id).advice ?? "", /WATCHDOG_PROC_ROOT=\/proc \(now .*\)/, id);
  });

  it("each disk tells its use, df's, its device and the command to compare", async (t) => {
    const world = await doctorWorld(t);
    world.host.disk(DATA, { usedPct: 40.0001 });
    const { detail } = checkOf(await world.report(), "disk:data");
    assert.equal(
      detail,
      `40% used, df shows 41%; /dev/sda1 ext4, device 3:232\ncompare: docker compose exec watchdog df ${DATA}`,
    );
    assert.match(
      checkOf(await world.report({ FAKE_CONTAINER: "0" }), "disk:data").detail,
      new RegExp(`compare: df ${DATA}$`),
    );
  });

  it("two paths on one device are told to be one disk", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_DISK_PATHS: `data=${DATA},twin=/made-up/twin,other=/made-up/other` });
    world.host.disk("/made-up/twin", { usedPct: 40 });
    world.host.disk("/made-up/other", { usedPct: 50, device: 2 });
    const report = await world.report();
    assert.match(checkOf(report, "disk:twin").detail, /the same disk as data/);
    assert.doesNotMatch(checkOf(report, "disk:other").detail, /the same disk/);
  });

  it("a path that is not mounted, and one that hangs, each with its own advice, hide no other disk", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_DISK_PATHS: `gone=/host/gone,dead=/made-up/dead,data=${DATA}` });
    world.host.disk("/made-up/dead", { hangs: true });
    const report = await world.report();
    assert.match(checkOf(report, "disk:gone").advice ?? "", /volumes: \["\/file\/on\/the\/disk:\/host\/gone:ro"\]/);
    assert.match(
      checkOf(report, "disk:dead").advice ?? "",
      /take \/made-up\/dead out of WATCHDOG_DISK_PATHS; or on the host: findmnt, then umount -l/,
    );
    assert.equal(checkOf(report, "disk:data").state, "ok");
    assert.match(
      checkOf(await world.report({ FAKE_CONTAINER: "0" }), "disk:gone").advice ?? "",
      /correct \/host\/gone in WATCHDOG_DISK_PATHS/,
    );
  });

  it("disks that only a forecast watches are measured, and said to be", { timeout: 60_000 }, async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_DISK_ENABLED: "false", WATCHDOG_DISK_FORECAST_H: "24" });
    const check = checkOf(await world.report(), "disk:data");
    assert.equal(check.state, "ok");
    assert.match(
      check.detail,
      /% used, df shows .*; alerts by forecast alone \(WATCHDOG_DISK_FORECAST_H\), no level is checked; /,
    );
  });

  it("what is switched off is told as that", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_DISK_ENABLED: "false", WATCHDOG_MEM_ENABLED: "false" });
    const report = await world.report();
    assert.deepEqual(
      [checkOf(report, "disks").state, checkOf(report, "memory").state, report.ok],
      ["off", "off", true],
    );
  });
});
