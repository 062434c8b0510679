import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import {
  assembleDisks,
  diskCollector as collectorIn,
  DiskLabels,
  type EngineData,
  engineDataOf,
  type Probe,
  type ProbeOutcome,
  type ProbePath,
  probeFilesystem,
} from "../../../watchdog/collectors/disk.ts";
import type { DiskPath } from "../../../watchdog/config/value.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { fakeEngine } from "../../helpers/fakes/engine.ts";

const diskCollector = (
  paths: readonly DiskPath[],
  deadlineMs: number,
  probePath?: ProbePath,
  engineData?: () => EngineData,
) => collectorIn(paths, deadlineMs, threadPool(4), probePath, engineData);

const probe = (device: string, changes: Partial<Probe> = {}): Probe => ({
  device,
  blockSize: 4096,
  blocks: 1000,
  freeBlocks: 300,
  availableBlocks: 250,
  files: 100,
  freeFiles: 40,
  ...changes,
});
const path = (label: string): DiskPath => ({ label, path: `/host/${label}` });
const A = path("a"),
  B = path("b"),
  C = path("c");

/** One round: each path's device, or why it failed. */
function round(labels: DiskLabels, outcomes: readonly (readonly [DiskPath, string | { reason: string }])[]) {
  const byPath = new Map(
    outcomes.map(([{ path: at }, outcome]): [string, ProbeOutcome] => [
      at,
      typeof outcome === "string" ? { probe: probe(outcome) } : { kind: "other", ...outcome },
    ]),
  );
  const { disks, failures } = assembleDisks(
    outcomes.map(([entry]) => entry),
    byPath,
    labels,
  );
  return { disks: disks.map(({ label }) => label), failures: failures.map(({ label }) => label) };
}

test("used and available are told apart, as df does; free for root alone is not available", () => {
  const { disks } = assembleDisks([A], new Map([[A.path, { probe: probe("1") }]]), new DiskLabels());
  assert.deepEqual(disks, [
    {
      label: "a",
      path: "/host/a",
      totalBytes: 4_096_000,
      usedBytes: 700 * 4096,
      availableBytes: 250 * 4096,
      inodes: { total: 100, free: 40 },
    },
  ]);
});

test("a filesystem that counts no inodes has none; more used than there is leaves nothing available", () => {
  const { disks } = assembleDisks(
    [A],
    new Map([[A.path, { probe: probe("1", { files: 0, freeFiles: 0, availableBlocks: -5 }) }]]),
    new DiskLabels(),
  );
  assert.equal(disks[0]?.inodes, undefined);
  assert.equal(disks[0]?.availableBytes, 0);
});

test("a filesystem without a size is a failure of its path", () => {
  const { disks, failures } = assembleDisks(
    [A],
    new Map([[A.path, { probe: probe("1", { blocks: 0 }) }]]),
    new DiskLabels(),
  );
  assert.deepEqual(disks, []);
  assert.match(failures[0]?.reason ?? "", /no size/);
});

test("paths on one device are one disk, with the label of the first", () => {
  assert.deepEqual(
    round(new DiskLabels(), [
      [A, "1"],
      [B, "1"],
      [C, "2"],
    ]),
    { disks: ["a", "c"], failures: [] },
  );
});

test("a disk keeps its label while its first path fails and another one measures it", () => {
  const labels = new DiskLabels();
  round(labels, [
    [A, "1"],
    [B, "1"],
  ]);
  assert.deepEqual(
    round(labels, [
      [A, { reason: "EIO" }],
      [B, "1"],
    ]),
    { disks: ["a"], failures: ["a"] },
  );
});

test("a disk keeps the label that it got first, also when its first path answers only later", () => {
  const labels = new DiskLabels();
  assert.deepEqual(
    round(labels, [
      [A, { reason: "EIO" }],
      [B, "1"],
    ]),
    { disks: ["b"], failures: ["a"] },
  );
  assert.deepEqual(
    round(labels, [
      [A, "1"],
      [B, "1"],
    ]),
    { disks: ["b"], failures: [] },
  );
});

test("a failing path is known by the label of the disk it was last seen on", () => {
  const labels = new DiskLabels();
  round(labels, [
    [A, "1"],
    [B, "1"],
  ]);
  assert.deepEqual(
    round(labels, [
      [A, { reason: "x" }],
      [B, { reason: "x" }],
    ]).failures,
    ["a", "a"],
  );
});

test("two disks never share a label when a path is mounted anew on another device", () => {
  const labels = new DiskLabels();
  round(labels, [
    [A, "1"],
    [B, "1"],
  ]);
  const { disks } = round(labels, [
    [A, "2"],
    [B, "1"],
  ]);
  assert.equal(new Set(disks).size, 2);
  assert.ok(disks.includes("a"));
});

/** A prober whose answers are given by hand. */
function manual() {
  const calls: string[] = [];
  const open = new Map<string, (probed: Probe) => void>();
  return {
    calls,
    open,
    probePath: (at: string): Promise<Probe> => {
      calls.push(at);
      return new Promise((resolve) => open.set(at, resolve));
    },
  };
}
const context = (signal = new AbortController().signal) => ({ wallMs: 0, monoMs: 0, signal });
const SHORT_MS = 15;

test("one path that fails is skipped, the others are measured", async () => {
  const collector = diskCollector([A, B, C], 1000, async (at) => {
    if (at === B.path) throw Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
    return probe(at);
  });
  const { disks, failures } = await collector.collect(context());
  assert.deepEqual(
    disks.map(({ label }) => label),
    ["a", "c"],
  );
  assert.deepEqual(failures, [
    { path: "/host/b", label: "b", kind: "other", code: "ENOENT", reason: "ENOENT: no such file" },
  ]);
});

test("never more than two probes run at once", async () => {
  let running = 0;
  let most = 0;
  const paths = Array.from({ length: 20 }, (_, index) => path(`p${index}`));
  const { disks } = await diskCollector(paths, 1000, async (at) => {
    most = Math.max(most, (running += 1));
    await Promise.resolve();
    running -= 1;
    return probe(at);
  }).collect(context());
  assert.equal(disks.length, 20);
  assert.equal(most, 2);
});

test("a path that hangs fails at the deadline, the other paths are measured in the same tick", async () => {
  const { disks, failures } = await diskCollector([A, B, C], SHORT_MS, (at) =>
    at === A.path ? new Promise(() => {}) : Promise.resolve(probe(at)),
  ).collect(context());
  assert.deepEqual(
    disks.map(({ label }) => label),
    ["b", "c"],
  );
  assert.match(failures[0]?.reason ?? "", /^does not answer within/);
});

test("a stuck probe is remembered: its path is not probed again until it answers", async () => {
  const { calls, open, probePath } = manual();
  const collector = diskCollector([A], SHORT_MS, probePath);
  await collector.collect(context());
  const { failures } = await collector.collect(context());
  assert.deepEqual(calls, [A.path]);
  assert.match(failures[0]?.reason ?? "", /earlier measurement still hangs/);
  open.get(A.path)?.(probe("1"));
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  const third = collector.collect(context());
  open.get(A.path)?.(probe("1"));
  assert.deepEqual(
    (await third).disks.map(({ label }) => label),
    ["a"],
  );
  assert.deepEqual(calls, [A.path, A.path]);
});

test("with two probes stuck, further paths fail untried, at every tick", async () => {
  const { calls, probePath } = manual();
  const collector = diskCollector([A, B, C, path("d")], SHORT_MS, probePath);
  const first = await collector.collect(context());
  assert.deepEqual(calls, [A.path, B.path]);
  assert.deepEqual(
    first.failures.map(({ label }) => label),
    ["a", "b", "c", "d"],
  );
  const second = await collector.collect(context());
  assert.deepEqual(calls, [A.path, B.path]);
  assert.match(
    second.failures.find(({ label }) => label === "c")?.reason ?? "",
    /^not tried: 2 other measurements hang/,
  );
});

test("the same path under two labels is probed once", async () => {
  const calls: string[] = [];
  const collector = diskCollector([A, { label: "again", path: A.path }], 1000, async (at) => {
    calls.push(at);
    return probe("1");
  });
  assert.deepEqual(
    (await collector.collect(context())).disks.map(({ label }) => label),
    ["a"],
  );
  assert.deepEqual(calls, [A.path]);
});

test("no paths at all end at once", async () => {
  assert.deepEqual(await diskCollector([], 1000, () => Promise.reject(new Error("not asked"))).collect(context()), {
    disks: [],
    failures: [],
  });
});

test("a real path is measured as the system says", async () => {
  const { disks } = await diskCollector([{ label: "root", path: "/" }], 5000).collect(context());
  assert.ok((disks[0]?.totalBytes ?? 0) > 0);
  assert.ok((disks[0]?.usedBytes ?? 0) <= (disks[0]?.totalBytes ?? 0));
});

test("a probe reads each number of statfs(2) from its own field: free for root too is one, available to others another", {
  timeout: 10_000,
}, async () => {
  // The fake answers for this process as it does for the daemon, on a path that it is told of.
  const folder = mkdtempSync(join(tmpdir(), "wd-statfs-"));
  process.env["FAKE_STATFS"] = join(folder, "statfs.json");
  writeFileSync(
    process.env["FAKE_STATFS"],
    JSON.stringify({ "/made-up/data": { usedPct: 40, inodePct: 10, device: 7 } }),
  );
  try {
    // A path of its own, because this module has no types and what it exports is its effect.
    await import(new URL("../../helpers/fakes/statfs.mjs", import.meta.url).href);
    const found = await probeFilesystem("/made-up/data");
    assert.deepEqual(found, {
      device: "7",
      isFile: true,
      blockSize: 1024 * 1024,
      blocks: 1_000_000,
      freeBlocks: 620_000,
      availableBlocks: 570_000,
      files: 1000,
      freeFiles: 900,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the reading says which disk holds the engine's data, and where a disk is on the host", {
  timeout: 5000,
}, async () => {
  const paths = [
    { label: "root", path: "/host/root" },
    { label: "data", path: "/host/data" },
  ];
  const read = async (engine: { path: string; inContainer: boolean }, devices: Record<string, string>) => {
    const probeAt = (at: string): Promise<Probe> =>
      devices[at] === undefined ? Promise.reject(new Error("ENOENT")) : Promise.resolve(probe(devices[at]));
    const { disks, failures } = await diskCollector(paths, 1000, probeAt, () => engine).collect(context());
    assert.deepEqual(failures, [], "the engine's path is asked for that alone");
    return disks.map(({ holdsEngineData, hostPath }) => [holdsEngineData, hostPath]);
  };
  const inside = { path: "/etc/hostname", inContainer: true };
  assert.deepEqual(await read(inside, { "/host/root": "1", "/host/data": "2", "/etc/hostname": "2" }), [
    [false, "/"],
    [true, undefined],
  ]);
  assert.deepEqual(
    await read(
      { path: "/srv/docker", inContainer: false },
      { "/host/root": "1", "/host/data": "2", "/srv/docker": "1" },
    ),
    [
      [true, "/host/root"],
      [false, "/host/data"],
    ],
  );
  assert.deepEqual(
    await read(inside, { "/host/root": "1", "/host/data": "2" }),
    [
      [undefined, "/"],
      [undefined, undefined],
    ],
    "nobody knows",
  );
});

test("beside a container the engine is asked once where its data is, and again only while it does not say", {
  timeout: 10_000,
}, async (t) => {
  let info: object | undefined;
  const { socketPath, requests } = await fakeEngine(t, (path) =>
    path === "/version"
      ? { status: 200, body: { ApiVersion: "1.52", MinAPIVersion: "1.44" } }
      : info && { status: 200, body: info },
  );
  const ask = engineDataOf({ socketPath }, 1000, false);
  const { signal } = new AbortController();
  const asked = (): number => requests.filter((request) => request.endsWith("/info")).length;
  assert.deepEqual(
    await ask(signal),
    { path: "/var/lib/docker", inContainer: false },
    "a disk does not wait for an engine",
  );
  await until("the first question", () => asked() === 1);
  info = { DockerRootDir: "/srv/docker" };
  await until("the answer", async () => (await ask(signal)).path === "/srv/docker");
  const before = asked();
  for (let tick = 0; tick < 3; tick += 1)
    assert.deepEqual(await ask(signal), { path: "/srv/docker", inContainer: false });
  assert.equal(asked(), before);
  assert.deepEqual(await engineDataOf({ socketPath }, 1000, true)(signal), {
    path: "/etc/hostname",
    inContainer: true,
  });
});
