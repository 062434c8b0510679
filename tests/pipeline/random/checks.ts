// What has to be true of every random history.
import assert from "node:assert/strict";
import { randomOf, seeds } from "../../helpers/drivers/random.ts";
import { episodeKey, type History, play } from "./history.ts";

/** Thousands of histories: signals toggle, sources fail, the channel fails, clocks step, the program restarts. SEED=n plays one again. */
const PER_KIND = Number(process.env["TIMELINES"] ?? 400);

export async function each(
  kind: string,
  options: Omit<Parameters<typeof play>[0], "random" | "ticks">,
  check: (history: History) => void,
): Promise<void> {
  for (const seed of seeds(PER_KIND)) {
    const random = randomOf(seed);
    try {
      const history = await play({ random, ticks: random.whole(20, 80), ...options });
      assert.deepEqual(history.violations, []);
      assert.equal(history.pendingAtEnd, 0, "something is still pending after everything healed");
      check(history);
    } catch (error) {
      throw new Error(`${kind}: SEED=${seed} reproduces it: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** What the operator knows after reading everything: every episode told, by its beginning, and how many without one. */
function episodesTold({ received }: History): { told: Set<string>; uncounted: number } {
  const told = new Set<string>();
  let uncounted = 0;
  for (const { notice } of received) {
    if (notice.kind === "edge" || notice.kind === "info") continue;
    for (const { since } of [notice.span, ...notice.earlier]) told.add(episodeKey(notice.id, since.wallMs));
    uncounted += notice.skipped;
  }
  return { told, uncounted };
}

export function nothingLost(history: History): void {
  const { told, uncounted } = episodesTold(history);
  const untold = [...history.observed].filter((episode) => !told.has(episode));
  assert.equal(
    untold.length <= uncounted,
    true,
    `never told: ${untold.join(", ")}; counted without a time: ${uncounted}`,
  );
  const invented = [...told].filter((episode) => !history.observed.has(episode));
  assert.deepEqual(invented, [], "told, but never observed");
}

/** The last that was said of each entity is how it is. */
export function toldIsTrue({ received, finallyActive, toldActive }: History): void {
  const said = new Map<string, boolean>();
  for (const { notice } of received)
    if (notice.kind !== "edge" && notice.kind !== "info") said.set(notice.id, notice.open);
  const saidActive = [...said]
    .filter(([, open]) => open)
    .map(([id]) => id)
    .sort();
  assert.deepEqual(saidActive, [...finallyActive].sort(), "what was said last is not how it is");
  assert.deepEqual([...toldActive].sort(), [...finallyActive].sort(), "the ledger does not say what was said");
}

export function noRecoveryWithoutAlert({ received }: History): void {
  const alerted = new Set<string>();
  for (const { notice, message } of received) {
    // Told again because its answer was lost, perhaps with what happened meanwhile: then the message tells the whole story itself.
    const again = received.some(
      (other) =>
        other.message < message &&
        other.notice.id === notice.id &&
        other.notice.kind === "recovery" &&
        other.notice.throughSeq >= notice.throughSeq - notice.earlier.length,
    );
    if (notice.kind === "recovery" && !alerted.has(notice.id) && !again)
      assert.fail(`message ${message}: recovery of ${notice.id} without an alert`);
    if (notice.open) alerted.add(notice.id);
    else alerted.delete(notice.id);
  }
}

export function edgesAddUp({ received, failedJobs }: History): void {
  const sum = received
    .filter(({ notice }) => notice.kind === "edge")
    .reduce((total, { notice }) => total + notice.count, 0);
  assert.equal(sum, failedJobs, "failures told do not add up");
}
