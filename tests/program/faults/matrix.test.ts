import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Daemon } from "../../helpers/drivers/daemon.ts";
import { until } from "../../helpers/drivers/wait.ts";
import { DATA, makeWorld, type World } from "../../helpers/fakes/world.ts";
import { type Happened, sameIncidents } from "./incidents.ts";
import { FAULTS, type Fault, HTTP_TIMEOUT_S } from "./rows.ts";

/**
 * The fault matrix in real time: the built bundle, every way in which Telegram fails, every moment at which that can hurt. One
 * assertion for all cells: the incidents that the chat lets one reconstruct are those that happened, in no more messages than
 * stated. Cells that real time forbids (a hold of 5 minutes, a rate limit of hours) are in matrix-virtual.test.ts.
 */

/** Only sources that are files, so that a busy machine looks like no fault. */
const QUIET = { WATCHDOG_METRICS_URL: "", WATCHDOG_DOCKER_SOCK: "", WATCHDOG_DEPS: "", WATCHDOG_PROC_ENABLED: "false" };
/** A message shows whole seconds, and a tick comes when the machine lets it. */
const TOLERANCE_MS = 6000;

const INCIDENTS = {
  "Disk data": {
    bad: ({ host }: World) => host.disk(DATA, { usedPct: 93 }),
    good: ({ host }: World) => host.disk(DATA, { usedPct: 40 }),
  },
  "Host memory": { bad: ({ host }: World) => host.memory(96), good: ({ host }: World) => host.memory(40) },
} as const;
type Title = keyof typeof INCIDENTS;

interface Cell {
  readonly world: World;
  readonly fault: Fault;
  /** Begins it and waits until it was judged. */
  bad(title: Title): Promise<void>;
  good(title: Title): Promise<void>;
  start(): Promise<Daemon>;
  daemon(): Daemon;
  /** Until something failed to be delivered, or was delivered in spite of everything. */
  tried(): Promise<void>;
  /** Until the chat tells what happened; then nothing more may come, and no more than this may have come. */
  understood(atMost: number): Promise<void>;
}

async function cellOf(t: TestContext, fault: Fault, env: Scenario["env"]): Promise<Cell> {
  const world = await makeWorld(t, { ...QUIET, WATCHDOG_HTTP_TIMEOUT_S: String(HTTP_TIMEOUT_S) });
  const happened: { -readonly [K in keyof Happened]: Happened[K] }[] = [];
  const { telegram } = world;
  let daemon: Daemon | undefined;
  const current = (): Daemon => daemon ?? assert.fail("not started");
  const same = (): void => sameIncidents(telegram.messages, happened, TOLERANCE_MS);
  const active = (key: string, wanted: boolean) =>
    current().statusWhere(`${key} ${wanted ? "bad" : "good"}`, ({ signals }) =>
      signals.some((signal) => signal.key === key && signal.active === wanted),
    );
  const keyOf = (title: Title): string => (title === "Disk data" ? "disk:data" : "host_mem");
  return {
    world,
    fault,
    daemon: current,
    start: async () => (daemon = await world.start({ ...env?.(world.dir), ...fault.env?.(world) })),
    bad: async (title) => {
      happened.push({ title, beganMs: Date.now(), ended: false });
      INCIDENTS[title].bad(world);
      await active(keyOf(title), true);
    },
    good: async (title) => {
      const open = happened.find((one) => one.title === title && !one.ended) ?? assert.fail(`${title} has not begun`);
      open.ended = true;
      INCIDENTS[title].good(world);
      await active(keyOf(title), false);
    },
    tried: async () => {
      if (fault.passes) await telegram.waitForMessages(1);
      else
        await current().statusWhere(
          "a send that failed",
          ({ delivery }) => delivery.lastError !== null && delivery.pending > 0,
        );
    },
    understood: async (atMost) => {
      let last: unknown;
      await until(
        "a chat that tells what happened",
        () => {
          try {
            same();
            return true;
          } catch (error) {
            last = error;
            return false;
          }
        },
        20_000,
      ).catch((error: unknown) => assert.fail(`${String(error)}: ${String(last)}\n${current().output()}`));
      if ((await Promise.race([current().exited, Promise.resolve(undefined)])) === undefined) await current().ticks(3);
      same();
      const texts = telegram.messages.map(({ text }) => text);
      assert.ok(
        texts.length <= atMost,
        `${texts.length} messages, at most ${atMost} are allowed:\n${texts.join("\n----\n")}`,
      );
    },
  };
}

interface Scenario {
  readonly name: string;
  readonly env?: (dir: string) => Readonly<Record<string, string>>;
  readonly play: (cell: Cell) => Promise<void>;
  /** Where a hold ends in real time. */
  readonly restarts?: true;
}

/** What came by `passes` comes as it happens; of what was lost on the way `arrives` says that it came twice. */
const messages = (
  { passes, arrives }: Fault,
  counts: { readonly asItHappens: number; readonly afterwards: number },
): number => (passes ? counts.asItHappens : counts.afterwards + (arrives ? 1 : 0));

const SCENARIOS: readonly Scenario[] = [
  {
    name: "an alert",
    play: async ({ fault, world, bad, tried, understood }) => {
      await bad("Disk data");
      await tried();
      await fault.heal(world);
      await understood(messages(fault, { asItHappens: 1, afterwards: 1 }));
    },
  },
  {
    name: "an alert and its recovery, and a second incident that goes on",
    play: async ({ fault, world, bad, good, tried, understood }) => {
      await bad("Disk data");
      await tried();
      await good("Disk data");
      await bad("Host memory");
      await fault.heal(world);
      await understood(messages(fault, { asItHappens: 3, afterwards: 2 }));
    },
  },
  {
    name: "longer than the cooldown",
    env: () => ({ WATCHDOG_COOLDOWN_S: "1.5" }),
    play: async ({ fault, world, bad, good, tried, understood, daemon }) => {
      await bad("Disk data");
      await tried();
      const began = Date.now();
      await daemon().statusWhere("the cooldown over", () => Date.now() - began > 2000);
      await fault.heal(world);
      await until("the alert", () => world.telegram.messages.length > 0);
      await good("Disk data");
      // A busy machine may let a second cooldown pass before the end is seen.
      await understood(messages(fault, { asItHappens: 4, afterwards: 3 }));
    },
  },
  {
    name: "stopped by SIGTERM right after it healed: what is pending is flushed",
    restarts: true,
    env: (dir) => ({ WATCHDOG_STATE_FILE: join(dir, "state.json") }),
    play: async ({ fault, world, bad, good, tried, understood, daemon, start }) => {
      await bad("Disk data");
      await tried();
      await good("Disk data");
      await bad("Host memory");
      await fault.heal(world);
      await daemon().stop();
      // Only a rate limit is obeyed even then; the next run tells it.
      if (fault.obeyed) {
        assert.equal(world.telegram.messages.length, 0);
        await start();
      }
      await understood(messages(fault, { asItHappens: 3, afterwards: 2 }));
    },
  },
  {
    name: "stopped by SIGTERM within it, and started again after it",
    restarts: true,
    env: (dir) => ({ WATCHDOG_STATE_FILE: join(dir, "state.json") }),
    play: async ({ fault, world, bad, good, tried, understood, daemon, start }) => {
      await bad("Disk data");
      await tried();
      await good("Disk data");
      await bad("Host memory");
      await daemon().stop();
      await fault.heal(world);
      await start();
      await good("Host memory");
      await understood(messages(fault, { asItHappens: 4, afterwards: 3 }));
    },
  },
  {
    name: "killed within it, and started again after it",
    restarts: true,
    env: (dir) => ({ WATCHDOG_STATE_FILE: join(dir, "state.json") }),
    play: async ({ fault, world, bad, good, tried, understood, daemon, start }) => {
      await bad("Disk data");
      await tried();
      await good("Disk data");
      await bad("Host memory");
      await daemon().kill();
      await fault.heal(world);
      // One at most, the message under way, may be told again.
      await start();
      await good("Host memory");
      await understood(messages(fault, { asItHappens: 5, afterwards: 3 }));
    },
  },
];

describe("whatever becomes of Telegram, the chat tells what happened", { concurrency: 10 }, () => {
  for (const fault of FAULTS) {
    for (const { name, env, play } of SCENARIOS.filter(({ restarts }) => restarts || !fault.holds)) {
      it(`${fault.name}: ${name}`, async (t) => {
        const cell = await cellOf(t, fault, env);
        await cell.start();
        await fault.begin(cell.world);
        await play(cell);
      });
    }
  }
});
