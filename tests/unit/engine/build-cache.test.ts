import assert from "node:assert/strict";
import test from "node:test";
import { isAllowedPath } from "../../../watchdog/engine/allow.ts";
import { clearableBytes, parseBuildCache } from "../../../watchdog/engine/build-cache.ts";
import { dockerClient } from "../../../watchdog/engine/client.ts";
import { buildCacheVersion } from "../../../watchdog/engine/version.ts";
import { fakeEngine } from "../../helpers/fakes/engine.ts";

const NOW = Date.UTC(2026, 0, 10);
const HOUR_S = 3600;
const entry = (ID: string, Size: number, unusedH: number, more: object = {}): object => ({
  ID,
  Size,
  Type: "regular",
  InUse: false,
  Shared: false,
  LastUsedAt: new Date(NOW - unusedH * HOUR_S * 1000).toISOString(),
  ...more,
});
const clearable = (entries: readonly object[], ageH: number | undefined, all = false): number | undefined =>
  clearableBytes(
    parseBuildCache({ BuildCache: entries }),
    { ageS: ageH === undefined ? undefined : ageH * HOUR_S, all },
    NOW,
  );

test("the size is the sum of what belongs to the cache alone", () => {
  assert.equal(
    parseBuildCache({ BuildCache: [entry("a", 100, 1), entry("b", 20, 1), entry("c", 3, 1, { Shared: true })] })
      .totalBytes,
    120,
  );
});

test("an engine with nothing in its cache says null or an empty list", () => {
  for (const json of [{ BuildCache: null }, { BuildCache: [] }])
    assert.deepEqual(parseBuildCache(json), { totalBytes: 0, records: [] });
});

test("the newer form is understood with its items and without", () => {
  assert.equal(parseBuildCache({ BuildCacheUsage: { TotalSize: 7, Items: [entry("a", 5, 1)] } }).totalBytes, 5);
  assert.deepEqual(parseBuildCache({ BuildCacheUsage: { TotalSize: 7, TotalCount: 1 } }), { totalBytes: 7 });
  assert.equal(clearableBytes({ totalBytes: 7 }, { ageS: 1, all: false }, NOW), undefined);
});

test("what is no listing is a fault", () => {
  for (const json of [null, [], "x", {}, { Images: [] }])
    assert.throws(() => parseBuildCache(json), /lists no build cache/);
});

test("what was not used for the age goes, to the second", () => {
  assert.equal(clearable([entry("old", 100, 73), entry("edge", 10, 72), entry("young", 1, 71.9)], 72), 110);
  assert.equal(clearable([entry("old", 100, 73), entry("young", 1, 0)], undefined), 101);
});

test("what nobody ever used counts as old, as BuildKit has it", () =>
  assert.equal(clearable([entry("a", 5, 0, { LastUsedAt: null })], 72), 5));

test("what is in use stays even with all", () => {
  assert.equal(clearable([entry("a", 5, 100, { InUse: true })], 72, true), 0);
});

test("shared, internal and frontend records go only with all", () => {
  const entries = [
    entry("a", 1, 100, { Shared: true }),
    entry("b", 2, 100, { Type: "internal" }),
    entry("c", 4, 100, { Type: "frontend" }),
    entry("d", 8, 100, { Type: "source.local" }),
  ];
  assert.equal(clearable(entries, 72), 8);
  assert.equal(clearable(entries, 72, true), 15);
});

test("what a staying record is built upon stays, however old", () => {
  const entries = [
    entry("base", 100, 100),
    entry("middle", 10, 100, { Parents: ["base"] }),
    entry("top", 1, 1, { Parents: ["middle"] }),
    entry("other", 5, 100, { Parents: ["gone"] }),
  ];
  assert.equal(clearable(entries, 72), 5);
  assert.equal(
    clearable(
      entries.map((one) => ({ ...one, Parents: undefined, Parent: (one as { Parents?: string[] }).Parents?.[0] })),
      72,
    ),
    5,
    "the older form with one parent",
  );
});

test("a circle of parents is no endless loop", () => {
  assert.equal(clearable([entry("a", 1, 1, { Parents: ["b"] }), entry("b", 2, 100, { Parents: ["a"] })], 72), 0);
});

test("nonsense in a record is no size and no age", () => {
  assert.equal(
    parseBuildCache({ BuildCache: [entry("a", -5, 1), entry("b", NaN, 1), { ID: 7 }, null, "x"] }).totalBytes,
    0,
  );
});

test("the cache is asked for alone, in versions that can, and by no other path", () => {
  for (const path of [
    "/v1.42/system/df?type=build-cache",
    "/v1.51/system/df?type=build-cache",
    "/v1.100/system/df?type=build-cache",
  ])
    assert.equal(isAllowedPath(path), true, path);
  const refused = [
    "/system/df?type=build-cache",
    "/v1.41/system/df?type=build-cache",
    "/v1.45/system/df",
    "/v1.45/system/df?type=build-cache&type=container",
    "/v1.45/system/df?type=volume",
    "/v1.45/system/df?type=build-cache&verbose=1",
    "/v1.45/build/prune",
    "/v1.45/system/df?type=build-cache\n",
  ];
  for (const path of refused) assert.equal(isAllowedPath(path), false, path);
});

test("the question is put in 1.51 where the engine speaks it, because later ones list no records", () => {
  assert.equal(buildCacheVersion("1.41", "1.12"), undefined);
  assert.equal(buildCacheVersion("1.42", "1.24"), "1.42");
  assert.equal(buildCacheVersion("1.52", "1.44"), "1.51");
  assert.equal(buildCacheVersion("1.60", "1.53"), "1.53");
});

test("an engine that cannot list it alone is not asked", async (t) => {
  const { socketPath, requests } = await fakeEngine(t, (path) =>
    path === "/version" ? { status: 200, body: { ApiVersion: "1.41", MinAPIVersion: "1.12" } } : undefined,
  );
  assert.equal(await dockerClient({ socketPath }, 1000).buildCache(new AbortController().signal), undefined);
  assert.deepEqual(requests, ["GET /version"]);
});

test("one that can is asked in that version, whatever the other questions are put in", async (t) => {
  const { socketPath, requests } = await fakeEngine(t, (path) => ({
    status: 200,
    body: path === "/version" ? { ApiVersion: "1.52", MinAPIVersion: "1.44" } : { BuildCache: null },
  }));
  const client = dockerClient({ socketPath }, 1000);
  assert.deepEqual(await client.buildCache(new AbortController().signal), { totalBytes: 0, records: [] });
  assert.equal(await client.agreedVersion(new AbortController().signal), "1.52");
  assert.deepEqual(requests, ["GET /version", "GET /v1.51/system/df?type=build-cache"]);
});
