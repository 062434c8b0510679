import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { renderOne, renderSummary } from "../../../watchdog/messages/render.ts";
import { decodeState, encodeState } from "../../../watchdog/state/codec.ts";
import { ledgerRig, signalOf } from "../../helpers/drivers/ledger-rig.ts";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { momentAt } from "../../helpers/drivers/signal-rig.ts";
import { brief, told } from "../../helpers/drivers/told.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";
import { ok } from "../../helpers/fakes/telegram.ts";
import { WALL_START_MS } from "../../helpers/fakes/virtual-clock.ts";
import { container } from "../golden/scene.ts";

process.env["TZ"] = "UTC";
const LIMIT = { timeout: 20_000 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEPS = [
  ["back by 2 hours", -2 * HOUR],
  ["forward by 2 hours", 2 * HOUR],
  ["back by 400 days", -400 * DAY],
  ["forward by 400 days", 400 * DAY],
] as const;

const textOf = ({ telegram }: Pipeline, notice: string): string =>
  telegram.messages.flatMap(({ text }) => told(text)).findLast((one) => brief(one) === notice)?.detail ??
  assert.fail(`no ${notice}`);
/** As the wall clock shows it after the step. */
const shown = (stepMs: number, seconds: number): string =>
  new Date(WALL_START_MS + stepMs + seconds * 1000).toISOString().slice(11, 19);
const set = (line: Pipeline, state: "running" | "exited", count = 1): void => {
  for (let index = 0; index < count; index += 1)
    line.scene.containers.set(`c${index}`, container(state === "exited" ? { state, exitCode: 1 } : {}));
};

for (const [name, stepMs] of STEPS) {
  describe(`the wall clock is set ${name}, and every time is told by the clock as it is then`, () => {
    it("earlier episodes too, one of which the step fell into", LIMIT, async () => {
      const line = pipeline();
      await line.pass(60);
      line.telegram.behave("ECONNREFUSED");
      line.scene.memoryPct = 95;
      await line.pass(120);
      line.scene.memoryPct = 40;
      await line.pass(120);
      line.scene.memoryPct = 95;
      await line.pass(60);
      line.clock.stepWall(stepMs);
      await line.pass(60);
      line.scene.memoryPct = 40;
      await line.pass(120);
      line.scene.memoryPct = 95;
      await line.pass(120);
      line.telegram.behave(ok);
      await line.pass(300);
      const text = textOf(line, "🔴 Host memory");
      const at = (seconds: number): string => `${shown(stepMs, seconds)} UTC`;
      assert.match(text, new RegExp(`^Since ${at(540)}\\.$`, "m"));
      assert.match(text, new RegExp(`^Before that: ${at(60)} – ${at(180)}; ${at(300)} – ${at(420)}\\.$`, "m"));
    });

    it("a card's beginning", LIMIT, async () => {
      const line = pipeline();
      set(line, "running", 7);
      await line.pass(60);
      line.telegram.behave("ECONNREFUSED");
      set(line, "exited", 7);
      await line.pass(60);
      line.clock.stepWall(stepMs);
      line.telegram.behave(ok);
      await line.pass(300);
      assert.match(textOf(line, "🔴 Containers: 7"), new RegExp(`^Since ${shown(stepMs, 60)} UTC\\.$`, "m"));
    });

    it("since when the fallback stood in, and for how long", LIMIT, async () => {
      const line = pipeline({
        WATCHDOG_FALLBACK_WEBHOOK_URL: "https://hooks.example/x",
        WATCHDOG_FALLBACK_AFTER_S: "60",
      });
      await line.pass(60);
      line.telegram.behave("ECONNREFUSED");
      line.scene.memoryPct = 95;
      await line.pass(240);
      assert.equal(line.webhook.bodies.length, 1);
      line.clock.stepWall(stepMs);
      await line.pass(60);
      line.telegram.behave(ok);
      await line.pass(600);
      const text = textOf(line, "ℹ️ Telegram is back");
      assert.match(text, new RegExp(`^It had not answered since ${shown(stepMs, 60)} UTC \\((\\d) minutes`), text);
    });
  });
}

it("a state file whose clock was set back within an incident shows no end before the beginning", LIMIT, () => {
  const rig = ledgerRig();
  rig.tick(0, signalOf(true));
  const saved = JSON.parse(
    encodeState({ ledger: rig.ledger(), damping: new Map(), counted: { agents: [], restarts: [] }, telegram: {} }),
  ) as { ledger: { active: boolean; episodes: { since: number; until?: number }[] }[] };
  const [entry] = saved.ledger;
  assert.ok(entry?.episodes[0]);
  const now = momentAt(10 * 60_000);
  // Written by a run whose clock was two hours ahead when it began.
  entry.episodes[0].until = now.wallMs - 60_000;
  for (const aheadMs of [2 * HOUR, 8 * 60_000]) {
    entry.episodes[0].since = now.wallMs - 60_000 + aheadMs;
    for (const laterMs of [0, 3 * HOUR]) {
      const at = { wallMs: now.wallMs + laterMs, monoMs: now.monoMs + laterMs };
      const { ledger } = decodeState(JSON.stringify(saved), at);
      const span = [...ledger.values()][0]?.episodes[0];
      assert.ok(span?.until);
      for (const kind of ["missed", "realert"] as const) {
        const block = renderOne(
          noticeOf({
            kind,
            open: kind !== "missed",
            span: kind === "missed" ? span : { since: at },
            earlier: kind === "missed" ? [] : [span],
            judged: at,
            due: at,
          }),
          { host: "box", lang: LANGS.en, ...at },
        );
        assert.match(block.body, /(03:13:05 UTC) – \1/, block.body);
      }
    }
  }
});

it("the summary of the fallback is written as 0.1.0 writes it, and read again", LIMIT, () => {
  const [at, since] = [momentAt(10 * 60_000), momentAt(60_000)];
  const text = encodeState({
    ledger: new Map(),
    damping: new Map(),
    counted: { agents: [], restarts: [] },
    telegram: {},
    summary: { since, count: 2, lines: ["a", "b"] },
  });
  assert.deepEqual((JSON.parse(text) as { summary: unknown }).summary, {
    sinceMs: since.wallMs,
    count: 2,
    lines: ["a", "b"],
  });
  assert.deepEqual(decodeState(text, at).summary, { since, count: 2, lines: ["a", "b"] });
  // Written by a clock that was ahead: it did not begin in the time to come.
  const early = { wallMs: since.wallMs - HOUR, monoMs: at.monoMs };
  const { body } = renderSummary(decodeState(text, early).summary ?? assert.fail(), {
    host: "box",
    lang: LANGS.en,
    ...early,
  });
  assert.match(body, /^It had not answered since 02:05:05 UTC \(0 seconds\);/);
});
