import assert from "node:assert/strict";
import test from "node:test";
import { diskUse, inodeUse, memoryUse } from "../../../watchdog/usage.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { diskAt, disks, memoryAt, pathFailure } from "../../helpers/fakes/samples.ts";

test("memory use is what is not available, of all", () => {
  assert.equal(memoryUse({ totalBytes: 1000, availableBytes: 250 }), 75);
});

test("disk use is counted as df does: root's reserve is neither used nor free", () => {
  assert.equal(diskUse({ usedBytes: 760, availableBytes: 190 }), 80);
  assert.equal(diskUse({ usedBytes: 950, availableBytes: 0 }), 100);
  assert.equal(diskUse({ usedBytes: 0, availableBytes: 0 }), 100);
  assert.equal(inodeUse({ total: 200, free: 50 }), 75);
});

test("memory alerts at 90.0 of 90 percent, not at 89.9, and recovers strictly below 88 after two readings", () => {
  const rig = rigOf();
  const active = (usedPct: number): boolean => {
    rig.tick({ mem: memoryAt(usedPct) });
    return rig.signal("host_mem").active;
  };
  assert.deepEqual([89.9, 90, 88, 88, 87.9, 88, 87.9, 87.9].map(active), [
    false,
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

test("a disk alerts at 85.0 of 85 percent, not at 84.9", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 84.9), diskAt("data", 85)]) });
  assert.equal(rig.signal("disk:root").active, false);
  assert.equal(rig.signal("disk:data").active, true);
});

test("the text says used, threshold, free GB and percent, and what it means", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 91.5)]) });
  const { title, detail } = rig.signal("disk:root");
  assert.equal(title, "Disk root");
  assert.match(
    detail,
    /^91\.5% used \(threshold 85%\), 8\.3 TB of 97\.7 TB free \(8\.5%\)\.\nWhen the disk is full, whatever writes to it fails/,
  );
});

test("a good disk's text gives no advice", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 50)]) });
  assert.doesNotMatch(rig.signal("disk:root").detail, /\n/);
});

test("inodes alert by their own threshold; 0 switches them off; a filesystem without inodes has none", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 10, 90), diskAt("data", 10, 89.9), diskAt("btrfs", 10)]) });
  assert.deepEqual(
    [rig.signal("inodes:root").active, rig.signal("inodes:data").active, rig.find("inodes:btrfs")],
    [true, false, undefined],
  );
  const off = rigOf({ WATCHDOG_DISK_INODE_PCT: "0" });
  off.tick({ disk: disks([diskAt("root", 10, 100)]) });
  assert.equal(off.find("inodes:root"), undefined);
});

test("the critical level is off by default, and works with the ordinary disk alert off", () => {
  const usual = rigOf();
  usual.tick({ disk: disks([diskAt("root", 99)]) });
  assert.equal(usual.find("disk_crit:root"), undefined);
  const rig = rigOf({ WATCHDOG_DISK_ENABLED: "false", WATCHDOG_DISK_CRIT_ENABLED: "true" });
  rig.tick({ disk: disks([diskAt("root", 97, 99), diskAt("data", 96.9)]) });
  assert.deepEqual(
    [
      rig.signal("disk_crit:root").active,
      rig.signal("disk_crit:data").active,
      rig.find("disk:root"),
      rig.find("inodes:root"),
    ],
    [true, false, undefined, undefined],
  );
});

test("a source that failed as a whole freezes its signals and raises none", () => {
  const rig = rigOf();
  rig.tick({ mem: memoryAt(95), disk: disks([diskAt("root", 95)]) });
  rig.tick({ mem: FAILED, disk: FAILED });
  for (const key of ["host_mem", "disk:root"])
    assert.deepEqual([rig.signal(key).active, rig.signal(key).frozen], [true, true], key);
  rig.tick({ mem: memoryAt(10), disk: disks([diskAt("root", 10)]) });
  rig.tick({ mem: memoryAt(10), disk: disks([diskAt("root", 10)]) });
  for (const key of ["host_mem", "disk:root"])
    assert.deepEqual([rig.signal(key).active, rig.signal(key).frozen], [false, undefined], key);
});

test("a path that failed freezes its disk in all three levels, the other disks go on", () => {
  const rig = rigOf({ WATCHDOG_DISK_CRIT_ENABLED: "true" });
  rig.tick({ disk: disks([diskAt("root", 98, 95), diskAt("data", 10)]) });
  rig.tick({ disk: disks([diskAt("data", 90)], [pathFailure("root")]) });
  for (const level of ["disk", "disk_crit", "inodes"])
    assert.deepEqual([rig.signal(`${level}:root`).active, rig.signal(`${level}:root`).frozen], [true, true], level);
  assert.equal(rig.signal("disk:data").active, true);
});

test("a path that failed does not freeze a disk that another path measured", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 98)]) });
  for (let tick = 0; tick < 2; tick += 1) rig.tick({ disk: disks([diskAt("root", 10)], [pathFailure("root")]) });
  assert.deepEqual([rig.signal("disk:root").active, rig.signal("disk:root").frozen], [false, undefined]);
});

test("a disk that is no longer one of its own recovers at once", () => {
  const rig = rigOf();
  rig.tick({ disk: disks([diskAt("root", 10), diskAt("data", 95)]) });
  rig.tick({ disk: disks([diskAt("root", 10)]) });
  assert.deepEqual(
    [rig.signal("disk:data").active, rig.signal("disk:data").detail],
    [false, "This path is no longer a disk of its own."],
  );
});
