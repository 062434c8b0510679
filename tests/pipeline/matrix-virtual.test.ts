import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Pipeline, pipeline } from "../helpers/drivers/pipeline.ts";
import { told } from "../helpers/drivers/told.ts";
import { ok } from "../helpers/fakes/telegram.ts";
import { failuresIn, type Happened, sameIncidents } from "../program/faults/incidents.ts";
import { FAULTS, type Fault } from "../program/faults/rows.ts";

/**
 * The fault matrix once more, with hours in it: the real watch, outbox and Telegram sender on a virtual clock, at Telegram's own
 * pace and with the default periods. Here every cell can be waited out, also a hold of 5 minutes and a rate limit of 2.8 hours.
 */

const HOUR_S = 3600;
/** A message shows whole seconds; what is bad is seen at the next tick. */
const TOLERANCE_MS = 61_000;

interface Cell extends Pipeline {
  bad(title: "Disk data" | "Host memory"): void;
  good(title: "Disk data" | "Host memory"): void;
  jobsFail(count: number): void;
  heal(): void;
  understood(atMost: number): void;
}

function cellOf(fault: Fault): Cell {
  const line = pipeline(fault.name === "topic gone" ? { WATCHDOG_TG_THREAD_ID: "7" } : {});
  const happened: { -readonly [K in keyof Happened]: Happened[K] }[] = [];
  let failed = 0;
  const set = (title: string, bad: boolean): void => {
    if (title === "Disk data") line.scene.dataPct = bad ? 93 : 40;
    else line.scene.memoryPct = bad ? 96 : 40;
  };
  line.telegram.behave(fault.behaviour ?? (fault.name === "refused" ? "ECONNREFUSED" : "ENOTFOUND"));
  return {
    ...line,
    bad: (title) => {
      happened.push({ title, beganMs: line.clock.wallMs(), ended: false });
      set(title, true);
    },
    good: (title) => {
      const open = happened.find((one) => one.title === title && !one.ended) ?? assert.fail(`${title} has not begun`);
      open.ended = true;
      set(title, false);
    },
    jobsFail: (count) => {
      line.scene.queue.failed += count;
      failed += count;
    },
    heal: () => {
      // These two do not heal, and need not.
      if (!fault.name.startsWith("migrated") && fault.name !== "topic gone") line.telegram.behave(ok);
    },
    understood: (atMost) => {
      const { messages, violations } = line.telegram;
      sameIncidents(messages, happened, TOLERANCE_MS);
      // The one number that a repeated message makes look larger than it is.
      if (fault.arrives) assert.ok(failuresIn(messages) >= failed);
      else assert.equal(failuresIn(messages), failed, "failed jobs told");
      assert.deepEqual(violations, []);
      assert.equal(line.outbox().view().pending, 0);
      assert.ok(
        messages.length <= atMost,
        `${messages.length} messages, at most ${atMost} are allowed:\n${messages.map(({ text }) => text).join("\n----\n")}`,
      );
      for (const { mark, title, detail } of messages.flatMap(({ text }) => told(text)))
        assert.ok(mark && title && detail);
    },
  };
}

/** How long it is until everything is told: backoff is 5 min at most after it healed, and so is a hold; about a rate limit of hours it is asked an hour after the refusal. */
const settleS = ({ obeyed }: Fault): number => (obeyed ? 3630 : 330);

interface Scenario {
  readonly name: string;
  /** `as it happens`: where messages pass; `afterwards`: where they wait. Where they arrive unacknowledged, one comes twice. */
  readonly atMost: { readonly asItHappens: number; readonly afterwards: number };
  readonly play: (cell: Cell, fault: Fault) => Promise<void>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "an alert",
    atMost: { asItHappens: 1, afterwards: 1 },
    play: async ({ bad, pass, heal }, fault) => {
      bad("Disk data");
      await pass(20 * 60);
      heal();
      await pass(settleS(fault) - (fault.obeyed ? 20 * 60 : 0));
    },
  },
  {
    name: "an alert and its recovery, a second incident that goes on, and failed jobs",
    atMost: { asItHappens: 5, afterwards: 1 },
    play: async ({ bad, good, jobsFail, pass, heal }, fault) => {
      bad("Disk data");
      await pass(10 * 60);
      jobsFail(2);
      good("Disk data");
      await pass(5 * 60);
      bad("Host memory");
      jobsFail(3);
      await pass(5 * 60);
      heal();
      await pass(settleS(fault) - (fault.obeyed ? 20 * 60 : 0));
    },
  },
  {
    name: "much longer than the cooldown",
    atMost: { asItHappens: 6, afterwards: 2 },
    play: async ({ bad, good, pass, heal, outbox }, fault) => {
      bad("Disk data");
      await pass(2 * HOUR_S);
      heal();
      for (let leftS = settleS(fault); leftS > 0 && outbox().view().pending > 0; leftS -= 30) await pass(30);
      good("Disk data");
      await pass(5 * 60);
    },
  },
  {
    name: "two incidents of one thing, and SIGTERM after it healed",
    atMost: { asItHappens: 4, afterwards: 1 },
    play: async ({ bad, good, pass, heal, stop, restart }, fault) => {
      bad("Disk data");
      await pass(5 * 60);
      good("Disk data");
      await pass(5 * 60);
      bad("Disk data");
      await pass(5 * 60);
      good("Disk data");
      await pass(5 * 60);
      heal();
      await stop();
      if (!fault.obeyed) return;
      await restart();
      await pass(60);
    },
  },
  {
    name: "SIGTERM within it",
    atMost: { asItHappens: 4, afterwards: 2 },
    play: async ({ bad, good, pass, heal, stop, restart }) => {
      bad("Disk data");
      await pass(5 * 60);
      good("Disk data");
      bad("Host memory");
      await pass(5 * 60);
      await stop();
      heal();
      await restart();
      await pass(5 * 60);
      good("Host memory");
      await pass(5 * 60);
    },
  },
  {
    name: "SIGKILL within it, and recovery while nobody watched",
    atMost: { asItHappens: 5, afterwards: 2 },
    play: async ({ bad, good, jobsFail, pass, heal, kill, restart, clock }) => {
      bad("Disk data");
      await pass(5 * 60);
      good("Disk data");
      bad("Host memory");
      jobsFail(2);
      await pass(5 * 60);
      kill();
      good("Host memory");
      await clock.advance(10 * 60_000);
      heal();
      await restart();
      await pass(10 * 60);
    },
  },
];

describe("whatever becomes of Telegram, and for however long", () => {
  for (const fault of FAULTS) {
    for (const { name, atMost, play } of SCENARIOS) {
      it(`${fault.name}: ${name}`, async () => {
        const cell = cellOf(fault);
        await cell.pass(60);
        await play(cell, fault);
        cell.understood(fault.passes ? atMost.asItHappens : atMost.afterwards + (fault.arrives ? 1 : 0));
      });
    }
  }
});
