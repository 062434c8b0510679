import assert from "node:assert/strict";
import { it } from "node:test";
import { type Pipeline, pipeline } from "../../helpers/drivers/pipeline.ts";
import { told } from "../../helpers/drivers/told.ts";
import { ok } from "../../helpers/fakes/telegram.ts";
import { container } from "../golden/scene.ts";

const COUNT = 100;
const names = (length: number): string[] =>
  Array.from({ length: COUNT }, (_, index) => `svc-${String(index).padStart(3, "0")}${"-of-the-shop".repeat(length)}`);

/** A hundred containers that run, and two minutes of peace. */
async function shop(all: readonly string[]): Promise<Pipeline> {
  const line = pipeline();
  line.scene.containers.clear();
  stormOf(line, all, "running");
  await line.pass(120);
  assert.deepEqual(line.telegram.messages, []);
  return line;
}

function stormOf({ scene }: Pipeline, all: readonly string[], state: "running" | "exited"): void {
  for (const name of all) scene.containers.set(name, container(state === "exited" ? { state, exitCode: 1 } : {}));
}

/** Names that the messages hold, in their order; the advice takes one of them for its example. */
const namesIn = ({ telegram }: Pipeline, from: number): string[] =>
  telegram.messages
    .slice(from)
    .flatMap(({ text }) => text.replace(/^What to do[:,] .+$/gm, "").match(/svc-[\w-]+/g) ?? []);

it("a hundred containers that go down in one tick are one card with number, cause and names, and so is their recovery", {
  timeout: 60_000,
}, async () => {
  const all = names(0);
  const line = await shop(all);
  line.scene.dataIsDockers = true;
  line.scene.dataPct = 99;
  await line.pass(60);
  assert.equal(line.telegram.messages.length, 1);
  stormOf(line, all, "exited");
  await line.pass(180);
  assert.equal(line.outbox().view().pending, 0);
  assert.equal(line.telegram.messages.length, 2, "one message for a hundred");
  const [card] = told(line.telegram.messages[1]?.text ?? "");
  assert.deepEqual([card?.mark, card?.title], ["🔴", "Containers: 100"]);
  assert.match(card?.detail ?? "", /^Probable cause: disk data is 99% full\.$/m);
  assert.match(card?.detail ?? "", /State: stopped \(exited\)/);
  assert.deepEqual(namesIn(line, 1).sort(), all);

  stormOf(line, all, "running");
  await line.pass(180);
  assert.equal(line.outbox().view().pending, 0);
  assert.equal(line.telegram.messages.length, 3);
  const [recovery] = told(line.telegram.messages[2]?.text ?? "");
  assert.deepEqual([recovery?.mark, recovery?.title], ["🟢", "Containers: 100"]);
  assert.match(recovery?.detail ?? "", /recovered/);
  assert.deepEqual(namesIn(line, 2).sort(), all);
  assert.deepEqual(line.telegram.violations, []);
});

it("names that do not fit stand in a second message, and none is lost", { timeout: 60_000 }, async () => {
  const all = names(4);
  const line = await shop(all);
  stormOf(line, all, "exited");
  await line.pass(180);
  assert.deepEqual(
    line.telegram.messages.flatMap(({ text }) => told(text)).map(({ title }) => title),
    ["Containers: 100 (1/2)", "Containers: 100 (2/2)"],
  );
  assert.deepEqual(namesIn(line, 0).sort(), all);
  stormOf(line, all, "running");
  await line.pass(180);
  assert.equal(line.telegram.messages.length, 4);
  assert.equal(line.outbox().view().pending, 0);
  assert.deepEqual(namesIn(line, 2).sort(), all);
  assert.deepEqual(line.telegram.violations, []);
});

it("a storm that comes while Telegram is away, and ends there, is still one message a kind", {
  timeout: 60_000,
}, async () => {
  const all = names(0);
  const line = await shop(all);
  line.telegram.behave("ECONNREFUSED");
  stormOf(line, all, "exited");
  await line.pass(180);
  assert.equal(line.outbox().view().pending, COUNT);
  stormOf(line, all, "running");
  await line.pass(180);
  line.telegram.behave(ok);
  await line.pass(600);
  assert.equal(line.outbox().view().pending, 0);
  assert.equal(
    line.telegram.messages.length,
    1,
    line.telegram.messages.map(({ text }) => text.slice(0, 300)).join("\n----\n"),
  );
  assert.match(
    line.telegram.messages.at(-1)?.text ?? "",
    /^🟢 host-1 · Containers: 100\n• svc-000, .+: Was down .+, recovered\. The reason was: State: stopped/,
  );
  assert.deepEqual([...new Set(namesIn(line, 0))].sort(), all);
});
