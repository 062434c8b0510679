import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FoundContainer } from "../../../watchdog/collectors/containers.ts";
import { failed, ok } from "../../../watchdog/collectors/reading.ts";
import type { Mount } from "../../../watchdog/engine/list.ts";
import type { Fault } from "../../../watchdog/net/fault.ts";
import { FAILED, rigOf } from "../../helpers/drivers/signal-rig.ts";
import { container, diskAt, disks, docker, envelope, memoryAt } from "../../helpers/fakes/samples.ts";

const LIMIT = { timeout: 5000 };
const ENGINE_DISK = { ...diskAt("root", 98), holdsEngineData: true };
const OTHER_DISK = { ...diskAt("data", 98), holdsEngineData: false };
const UNKNOWN_DISK = diskAt("data", 98);

/** The cause that is named of a container in this state, beside these disks. */
function causeOf(
  changes: Partial<FoundContainer> | "missing",
  ...full: Parameters<typeof disks>[0][number][]
): string | undefined {
  const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_METRICS_URL: "" });
  rig.tick({ docker: docker(container("web", changes, true)), disk: disks(full) });
  return rig.signal("container:web").cause;
}

describe("a cause is named with a proven link alone", () => {
  it("a crash, beside the disk that holds the engine's data", LIMIT, () => {
    for (const exitCode of [1, 134, 139])
      assert.equal(causeOf({ state: "exited", exitCode }, ENGINE_DISK), "disk root is 98% full", `${exitCode}`);
    assert.equal(causeOf({ health: "unhealthy" }, ENGINE_DISK), "disk root is 98% full");
  });

  it("not beside another disk, nor one that is not known to be it, nor one that is not full", LIMIT, () => {
    for (const disk of [OTHER_DISK, UNKNOWN_DISK, { ...ENGINE_DISK, ...diskAt("root", 90) }])
      assert.equal(causeOf({ state: "exited", exitCode: 1 }, disk), undefined);
  });

  describe("the disk that a mount of that container lies on", () => {
    const FOLDERS = { nas: "/srv/nas", cache: "/srv/nas/cache", file: "/mnt/logs/.keep", root: "/etc/hostname" };
    const own = Object.entries(FOLDERS).map(([label, source]) => ({ source, target: `/host/${label}` }));
    const full = (label: string): Parameters<typeof disks>[0][number] => ({
      ...diskAt(label, 98),
      holdsEngineData: false,
      ...(label === "file" || label === "root" ? { isFile: true } : {}),
    });
    const causeOver = (
      source: string | undefined,
      ownMounts = own,
      samples = Object.keys(FOLDERS).map(full),
    ): string | undefined => {
      const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_METRICS_URL: "" });
      const web = container(
        "web",
        { state: "exited", exitCode: 1, ...(source === undefined ? {} : { mounts: [{ source, target: "/data" }] }) },
        true,
      );
      rig.tick({ docker: ok({ containers: [web], ownMounts }), disk: disks(samples) });
      return rig.signal("container:web").cause;
    };
    const named = (label: string): string => `disk ${label} is 98% full`;
    const ROWS: readonly (readonly [source: string | undefined, label: string | undefined])[] = [
      ["/srv/nas", "nas"],
      ["/srv/nas/app", "nas"],
      ["/srv/nas/cache", "cache"],
      ["/srv/nas/cache/x", "cache"],
      ["/srv/nas/cachet", "nas"],
      ["/mnt/logs/app", "file"],
      ["/mnt/logs2", undefined],
      ["/srv", undefined],
      ["/srv/nasty", undefined],
      ["/", undefined],
      ["/etc/app", "root"],
      ["/etc", "root"],
      [undefined, undefined],
    ];
    for (const [source, label] of ROWS) {
      it(`${source ?? "no mount"}: ${label ?? "none"}`, LIMIT, () =>
        assert.equal(causeOver(source), label === undefined ? undefined : named(label)),
      );
    }

    it("beside a container our paths are the host's, and `/` proves nothing", LIMIT, () => {
      const beside = [
        { ...full("nas"), path: "/srv/nas", hostPath: "/srv/nas" },
        { ...full("root"), path: "/", hostPath: "/", isFile: false },
      ];
      assert.equal(causeOver("/srv/nas/app", [], beside), named("nas"));
      for (const source of ["/opt/app", "/"]) assert.equal(causeOver(source, [], beside), undefined, source);
    });

    it("not where that container can only read it, whatever else it can write to", LIMIT, () => {
      const causeWith = (...mounts: Mount[]): string | undefined => {
        const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_METRICS_URL: "" });
        const web = container("web", { state: "exited", exitCode: 1, mounts }, true);
        rig.tick({ docker: ok({ containers: [web], ownMounts: own }), disk: disks([full("nas")]) });
        return rig.signal("container:web").cause;
      };
      const [config, data] = ["/srv/nas/config", "/srv/nas/data"].map((source) => ({ source, target: source }));
      assert.ok(config && data);
      assert.equal(causeWith({ ...config, isReadOnly: true }, { source: "/opt/app", target: "/app" }), undefined);
      assert.equal(causeWith({ ...config, isReadOnly: true }, data), named("nas"));
    });

    it("not where the watchdog's own mounts are not known", LIMIT, () =>
      assert.equal(causeOver("/srv/nas/app", []), undefined),
    );
  });

  const KNOWN: Readonly<Record<string, Partial<FoundContainer> | "missing">> = {
    "killed by OOM": { state: "exited", exitCode: 137, oomKilled: true },
    "a child of it was": { state: "exited", exitCode: 1, oomKilled: true },
    "docker stop": { state: "exited", exitCode: 143 },
    "docker kill": { state: "exited", exitCode: 137 },
    "did its work": { state: "exited", exitCode: 0 },
    interrupted: { state: "exited", exitCode: 130 },
    paused: { state: "paused" },
    "never started": { state: "created", exitCode: 127 },
    "not there": "missing",
    "the engine says why": { state: "exited", exitCode: 127, error: "no such file" },
    "the health check says why": { health: "unhealthy", healthOutput: "refused" },
  };
  for (const [what, changes] of Object.entries(KNOWN)) {
    it(`never beside a reason that is known: ${what}`, LIMIT, () =>
      assert.equal(causeOf(changes, ENGINE_DISK), undefined),
    );
  }

  it("memory only of a death while it was short, not of one before", LIMIT, () => {
    const rig = rigOf({ WATCHDOG_CONTAINER_DOWN_TICKS: "1", WATCHDOG_METRICS_URL: "" });
    const crashed = { state: "exited", exitCode: 1 } as const;
    rig.tick({ docker: docker(container("early", crashed), container("late")), mem: memoryAt(40) });
    rig.tick({ docker: docker(container("early", crashed), container("late")), mem: memoryAt(97) }, 120_000);
    rig.tick({ docker: docker(container("early", crashed), container("late", crashed)), mem: memoryAt(97) });
    assert.deepEqual(
      [rig.signal("container:early").cause, rig.signal("container:late").cause],
      [undefined, "host memory is 97% used"],
    );
  });

  it("of the orchestrator the same, and its container's own reason stands alone where it is known", LIMIT, () => {
    const cause = (changes: Partial<FoundContainer>, disk = ENGINE_DISK): string | undefined => {
      const rig = rigOf({
        WATCHDOG_METRICS_URL: "http://o/metrics",
        WATCHDOG_ORCH_DOWN_TICKS: "1",
        WATCHDOG_ORCH_CONTAINER: "orch",
      });
      rig.tick({ metrics: FAILED, docker: docker(container("orch", changes, true)), disk: disks([disk]) });
      return rig.signal("orchestrator_down").cause;
    };
    assert.equal(
      cause({ state: "exited", exitCode: 1 }),
      "disk root is 98% full; container orch stopped (exited), exit code 1",
    );
    assert.equal(
      cause({ state: "exited", exitCode: 1 }, OTHER_DISK as typeof ENGINE_DISK),
      "container orch stopped (exited), exit code 1",
    );
    assert.doesNotMatch(cause({ state: "exited", exitCode: 143 }) ?? "", /disk/);
  });

  const ENGINE: readonly (readonly [what: string, fault: Fault, named: boolean])[] = [
    ["nobody listens", { kind: "refused", reason: "connect ECONNREFUSED" }, true],
    ["no answer", { kind: "timeout", reason: "no complete answer within 5 s" }, true],
    ["no socket", { kind: "other", code: "ENOENT", reason: "connect ENOENT /var/run/docker.sock" }, true],
    ["its proxy cannot reach it", { kind: "other", status: 503, reason: "engine answered 503" }, true],
    ["the socket is not ours", { kind: "other", code: "EACCES", reason: "connect EACCES /var/run/docker.sock" }, false],
    ["it refuses us", { kind: "other", status: 403, reason: "engine answered 403" }, false],
    [
      "it speaks of what is gone",
      { kind: "other", status: 500, reason: "engine answered 500: open /x: ENOENT" },
      false,
    ],
    ["it answers too much", { kind: "other", code: "TOO_LARGE", reason: "the answer is larger than 8 MB" }, false],
    ["no proxy of that name", { kind: "dns", reason: "getaddrinfo ENOTFOUND docker-proxy" }, false],
  ];
  for (const [what, fault, named] of ENGINE) {
    it(
      `of the orchestrator the engine only where it is gone, and the orchestrator its container: ${what}`,
      LIMIT,
      () => {
        const cause = (env: Readonly<Record<string, string>>): string | undefined => {
          const rig = rigOf({ WATCHDOG_METRICS_URL: "http://o/metrics", WATCHDOG_ORCH_DOWN_TICKS: "1", ...env });
          rig.tick({ metrics: FAILED, docker: failed(fault) });
          return rig.signal("orchestrator_down").cause;
        };
        assert.equal(
          cause({ WATCHDOG_ORCH_CONTAINER: "orch" })?.startsWith("Docker does not answer: ") ?? false,
          named,
        );
        assert.equal(cause({}), undefined);
      },
    );
  }

  it("a dependency and a failed job have none: nothing here is proven to be it", LIMIT, () => {
    const rig = rigOf({ WATCHDOG_DEP_DOWN_TICKS: "1" });
    const down = ok([
      {
        name: "db",
        shownUrl: "tcp://db:1",
        latencyMs: 1,
        outcome: { up: false as const, kind: "refused" as const, reason: "refused" },
      },
    ]);
    rig.tick({
      deps: down,
      docker: FAILED,
      disk: disks([ENGINE_DISK]),
      mem: memoryAt(97),
      metrics: envelope({ counts: { failed: 1 } }),
    });
    rig.tick({
      deps: down,
      docker: FAILED,
      disk: disks([ENGINE_DISK]),
      mem: memoryAt(97),
      metrics: envelope({ counts: { failed: 2 } }),
    });
    assert.deepEqual([rig.signal("dep:db").cause, rig.signal("job_failed").cause], [undefined, undefined]);
  });
});

describe("the advice for a disk", () => {
  const detail = (disk: Parameters<typeof disks>[0][number], key = `disk:${disk.label}`): string => {
    const rig = rigOf();
    rig.tick({ disk: disks([disk]) });
    return rig.signal(key).detail;
  };

  it("speaks of Docker only where Docker's data is", LIMIT, () => {
    assert.match(detail(ENGINE_DISK), /pipeline of every project stops\.\nWhat to do: .*docker builder prune/);
    for (const disk of [OTHER_DISK, UNKNOWN_DISK]) {
      assert.match(
        detail(disk),
        /whatever writes to it fails\.\nWhat to do: see what takes the space: du -xh --max-depth=2 MOUNT \| sort -h \| tail -20 \(MOUNT: where data is mounted on the host\)$/,
      );
      assert.doesNotMatch(detail(disk), /docker|every project/);
    }
    assert.match(detail({ ...OTHER_DISK, hostPath: "/srv" }), /du -xh --max-depth=2 \/srv \| sort -h \| tail -20$/);
    assert.match(
      detail({ ...diskAt("root", 40, 95), hostPath: "/" }, "inodes:root"),
      /du --inodes -x --max-depth=2 \/ \| sort -n \| tail -20$/,
    );
  });

  it("tells sizes in a unit that fits them", LIMIT, () => {
    const MB = 2 ** 20;
    assert.match(
      detail({ label: "boot", path: "/boot", totalBytes: 310 * MB, usedBytes: 300 * MB, availableBytes: 10 * MB }),
      / 10 MB of 310 MB free /,
    );
    assert.match(
      detail({
        label: "big",
        path: "/big",
        totalBytes: 10 * MB * MB,
        usedBytes: 9 * MB * MB,
        availableBytes: 1.5 * MB * MB,
      }),
      / 1\.5 TB of 10\.5 TB free /,
    );
  });
});
