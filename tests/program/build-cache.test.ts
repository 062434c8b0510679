import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hanging } from "../helpers/fakes/docker.ts";
import { DATA, makeWorld, type World } from "../helpers/fakes/world.ts";

const GB = 2 ** 30;
const asked = ({ docker }: World): number => docker.requests.filter(({ path }) => path.includes("/system/df")).length;

function fillCache({ docker, host }: World): void {
  const record = (ID: string, Size: number, hours: number): object => ({
    ID,
    Size,
    Type: "regular",
    InUse: false,
    Shared: false,
    LastUsedAt: new Date(Date.now() - hours * 3_600_000).toISOString(),
  });
  docker.buildCache([record("old", 9.8 * GB, 80), record("young", 1.4 * GB, 1)]);
  // The engine's data is on the disk that fills, in a container as well as beside one.
  for (const path of ["/etc/hostname", "/var/lib/docker"]) host.disk(path, { usedPct: 40 });
}

describe("a full disk and the build cache", { concurrency: true }, () => {
  it("are told together, with the cure", async (t) => {
    const world = await makeWorld(t);
    fillCache(world);
    const daemon = await world.start();
    assert.equal(asked(world), 0, "nobody asks while the disk is well");
    world.host.disk(DATA, { usedPct: 91 });
    await world.telegram.waitForMessages(1);
    assert.match(
      world.telegram.told()[0]?.detail ?? "",
      /\nBuild cache 11\.2 GB, of it 9\.8 GB older than 72 h can be cleared: docker builder prune --filter until=72h\n/,
    );
    await daemon.ticks(5);
    assert.equal(asked(world), 1);
  });

  it("take the age from the pruner's settings, which share the file", async (t) => {
    const world = await makeWorld(t, { WATCHDOG_PRUNE_UNTIL: "1h", WATCHDOG_LANG: "ru" });
    fillCache(world);
    await world.start();
    world.host.disk(DATA, { usedPct: 91 });
    await world.telegram.waitForMessages(1);
    assert.match(
      world.telegram.told()[0]?.detail ?? "",
      /Кэш сборки 11\.2 ГБ, из них 11\.2 ГБ старше 1 ч можно очистить: docker builder prune --filter until=1h/,
    );
  });

  it("are told apart on an engine too old to list its cache alone, which is not asked", async (t) => {
    const world = await makeWorld(t);
    world.docker.offer("1.41", "1.12");
    await world.start();
    world.host.disk(DATA, { usedPct: 91 });
    await world.telegram.waitForMessages(1);
    assert.doesNotMatch(world.telegram.told()[0]?.detail ?? "", /Build cache/);
    assert.equal(asked(world), 0);
  });

  it("hold up no tick and no other message when the engine takes its time", async (t) => {
    const world = await makeWorld(t);
    world.docker.fail(hanging, /system/);
    const daemon = await world.start();
    world.host.disk(DATA, { usedPct: 91 });
    world.host.memory(95);
    await world.telegram.waitForMessages(1);
    assert.deepEqual(
      world.telegram.told().map(({ title }) => title),
      ["Host memory"],
    );
    const { lastTickMs } = await daemon.ticks(5);
    assert.ok((lastTickMs ?? Infinity) < 1000, `a tick took ${lastTickMs} ms`);
    await world.telegram.waitForMessages(2);
    assert.equal(world.telegram.told()[1]?.title, "Disk data");
    assert.doesNotMatch(world.telegram.told()[1]?.detail ?? "", /Build cache/);
  });
});
