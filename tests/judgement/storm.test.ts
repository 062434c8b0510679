import assert from "node:assert/strict";
import { it } from "node:test";
import { told } from "../helpers/told.ts";
import { until } from "../helpers/wait.ts";
import { DATA, makeWorld, type World } from "../helpers/world.ts";

const COUNT = 100;
const names = (length: number): string[] => Array.from({ length: COUNT }, (_, index) => `svc-${String(index).padStart(3, "0")}${"-of-the-shop".repeat(length)}`);

async function stormOf(world: World, all: readonly string[], state: "running" | "exited"): Promise<void> {
  // In one tick: the list is changed between two requests for it.
  for (const name of all) world.docker.set(name, state === "exited" ? { state, exitCode: 137 } : { state });
}

/** Names that the messages hold, in their order; the advice takes one of them for its example. */
const namesIn = ({ telegram }: World, from: number): string[] => telegram.messages.slice(from).flatMap(({ text }) => text.replace(/^What to do: .+$/gm, "").match(/svc-[\w-]+/g) ?? []);

it("a hundred containers that go down in one tick are one card with number, cause and names, and so is their recovery", async (t) => {
  const all = names(0);
  const world = await makeWorld(t);
  for (const name of all) world.docker.set(name, {});
  const daemon = await world.start();
  world.host.disk(DATA, { usedPct: 99 });
  await world.telegram.waitForMessages(1);
  await stormOf(world, all, "exited");
  await world.telegram.waitForMessages(2);
  await daemon.statusWhere("all told", ({ signals }) => signals.filter(({ alerting }) => alerting).length === COUNT + 1);
  await daemon.ticks(3);
  assert.equal(world.telegram.messages.length, 2, "one message for a hundred");
  const [card] = told(world.telegram.messages[1]?.text ?? "");
  assert.deepEqual([card?.mark, card?.title], ["🔴", "Containers: 100"]);
  assert.match(card?.detail ?? "", /^Probable cause: disk data is 99% full\.$/m);
  assert.match(card?.detail ?? "", /State: stopped \(exited\)/);
  assert.deepEqual(namesIn(world, 1).sort(), all);

  await stormOf(world, all, "running");
  await daemon.statusWhere("all well", ({ signals, delivery }) => delivery.pending === 0 && signals.every(({ key, alerting }) => key === "disk:data" || !alerting));
  await daemon.ticks(3);
  assert.equal(world.telegram.messages.length, 3);
  const [recovery] = told(world.telegram.messages[2]?.text ?? "");
  assert.deepEqual([recovery?.mark, recovery?.title], ["🟢", "Containers: 100"]);
  assert.match(recovery?.detail ?? "", /recovered/);
  assert.deepEqual(namesIn(world, 2).sort(), all);
});

it("names that do not fit stand in a second message, and none is lost", async (t) => {
  const all = names(4);
  const world = await makeWorld(t);
  for (const name of all) world.docker.set(name, {});
  const daemon = await world.start();
  await stormOf(world, all, "exited");
  await daemon.statusWhere("all told", ({ signals }) => signals.filter(({ alerting }) => alerting).length === COUNT);
  await daemon.ticks(3);
  assert.deepEqual(world.telegram.messages.flatMap(({ text }) => told(text)).map(({ title }) => title), ["Containers: 100 (1/2)", "Containers: 100 (2/2)"]);
  assert.deepEqual(namesIn(world, 0).sort(), all);
  await stormOf(world, all, "running");
  await daemon.statusWhere("all well", ({ signals, delivery }) => delivery.pending === 0 && signals.every(({ alerting }) => !alerting));
  await until("the recovery", () => world.telegram.messages.length === 4);
  assert.deepEqual(namesIn(world, 2).sort(), all);
});

it("a storm that comes while Telegram is away, and ends there, is still one message a kind", async (t) => {
  const all = names(0);
  const world = await makeWorld(t);
  for (const name of all) world.docker.set(name, {});
  const daemon = await world.start();
  await world.telegram.refuse();
  await stormOf(world, all, "exited");
  await daemon.statusWhere("all pending", ({ delivery }) => delivery.pending === COUNT);
  await stormOf(world, all, "running");
  await daemon.statusWhere("all well again", ({ signals }) => signals.every(({ active }) => !active));
  await world.telegram.accept();
  await daemon.statusWhere("all told", ({ delivery }) => delivery.pending === 0);
  // What was under way when it ended may have been composed as alerts.
  assert.ok(world.telegram.messages.length <= 2, world.telegram.messages.map(({ text }) => text.slice(0, 300)).join("\n----\n"));
  assert.match(world.telegram.messages.at(-1)?.text ?? "", /^🟢 host-1 · Containers: 100\n• svc-000, .+: Was down .+, recovered\. The reason was: State: stopped/);
  assert.deepEqual([...new Set(namesIn(world, 0))].sort(), all);
});
