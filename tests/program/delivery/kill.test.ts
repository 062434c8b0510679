import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { randomOf, seeds } from "../../helpers/drivers/random.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { slow } from "../../helpers/fakes/telegram.ts";
import { makeWorld } from "../../helpers/fakes/world.ts";

const KILLS = 20;

/** One message about failed jobs: it tells of those from `after` + 1 to `upTo`. */
interface Piece {
  readonly after: number;
  readonly upTo: number;
}

function pieceOf(text: string): Piece {
  const match =
    /^🔴 host-1 · Job failed\n(\d+) new failures?\. The failed counter is now (\d+)\./.exec(text) ??
    assert.fail(`unexpected message: ${text}`);
  const [count, upTo] = [Number(match[1]), Number(match[2])];
  return { after: upTo - count, upTo };
}

it(`killed ${KILLS} times at random instants: the file is always whole, nothing is lost, and a kill repeats one message at most`, async (t) => {
  const [seed = 0] = seeds(1);
  t.diagnostic(`SEED=${seed}`);
  const random = randomOf(seed);
  const world = await makeWorld(t);
  const file = join(world.dir, "state.json");
  const { counts } = world.metrics.orchestrator;
  const baseline = counts.failed;
  // Something happens all the time, so that there is always something to write and to send.
  const happening = setInterval(() => (counts.failed += 1), 15);
  t.after(() => clearInterval(happening));
  world.telegram.behave(slow(10));
  const env = {
    WATCHDOG_STATE_FILE: file,
    WATCHDOG_INTERVAL_S: "0.01",
    WATCHDOG_TG_PER_MIN: "100000",
    WATCHDOG_STATUS_ADDR: "",
  };

  const first = await world.start(env, { ready: false });
  await until("the first file", () => existsSync(file) && readFileSync(file, "utf8").includes(`"failedJobs"`));
  await first.kill();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const daemon = await world.start(env, { ready: false });
    const before = world.telegram.messages.length;
    // Now and then before it has told anything.
    if (random.chance(0.8))
      await until("a message", () => world.telegram.messages.length > before + random.whole(0, 4));
    await sleep(random.whole(0, 25));
    await daemon.kill();
    assert.doesNotMatch(daemon.output(), /set aside|cannot be written/);
    JSON.parse(readFileSync(file, "utf8"));
  }
  clearInterval(happening);
  const last = await world.start(env, { ready: false });
  await until("everything told", () =>
    world.telegram.messages.some(({ text }) => pieceOf(text).upTo === counts.failed),
  ).catch((error: unknown) => assert.fail(`${String(error)}\n${last.output()}`));
  await last.stop();

  const pieces = world.telegram.messages.map(({ text }) => pieceOf(text));
  let upTo = Math.min(...pieces.map(({ after }) => after));
  assert.ok(upTo >= baseline);
  const repeats = pieces.filter(({ after, upTo: end }) => {
    assert.ok(after <= upTo, `failures ${upTo + 1} to ${after} were never told`);
    const again = after < upTo;
    upTo = Math.max(upTo, end);
    return again;
  });
  assert.equal(upTo, counts.failed);
  assert.ok(repeats.length <= KILLS, `${repeats.length} repeated messages after ${KILLS} kills`);
});
