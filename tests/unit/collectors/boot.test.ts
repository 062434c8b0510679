import assert from "node:assert/strict";
import test from "node:test";
import { readBoot } from "../../../watchdog/collectors/boot.ts";
import { threadPool } from "../../../watchdog/thread-pool.ts";
import { settled } from "../../helpers/fakes/virtual-clock.ts";

const ID = "0b7c9f3e-1d2a-4c5b-8e6f-112233445566";

test("which boot this is comes from boot_id and btime, each left out where it cannot be read", {
  timeout: 10_000,
}, async () => {
  const read = async (path: string): Promise<string> => {
    if (path.endsWith("boot_id")) return `${ID}\n`;
    throw new Error("EACCES");
  };
  assert.deepEqual(await readBoot("/p", threadPool(4), read), { id: ID });
  assert.deepEqual(await readBoot("/p", threadPool(4), async () => "cpu 1\nbtime 1780000000\n"), {
    atMs: 1_780_000_000_000,
  });
});

test("a proc root that does not answer keeps the start waiting for two seconds, not longer", {
  timeout: 10_000,
}, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const reading = readBoot("/p", threadPool(4), (path) =>
    path.endsWith("boot_id") ? Promise.resolve(ID) : new Promise(() => {}),
  );
  await settled();
  t.mock.timers.tick(2000);
  assert.deepEqual(await reading, { id: ID });
});
