import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, randomOf } from "../../helpers/drivers/random.ts";

/** For how long each parser gets mutated input. */
const FUZZ_S = Number(process.env["FUZZ_S"] ?? 1);
/** One input; far more than any takes on a busy machine, far less than a catastrophic regular expression. */
const HANG_MS = 3000;

/**
 * Feeds a parser for FUZZ_S seconds. `body` throws when the parser breaks its contract. Each input has a seed of its own, from a
 * fixed start so that CI is repeatable; SEED=n plays one again.
 */
export function fuzz(name: string, body: (random: Random) => void): void {
  test(`${name}: no mutated input breaks it`, (t) => {
    const given = process.env["SEED"];
    const until = performance.now() + FUZZ_S * 1000;
    let seed = given === undefined ? 1 : Number(given);
    let inputs = 0;
    for (; inputs === 0 || (given === undefined && performance.now() < until); inputs += 1, seed += 1) {
      const startedAt = performance.now();
      try {
        body(randomOf(seed));
      } catch (error) {
        throw new Error(
          `SEED=${seed} reproduces it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          { cause: error },
        );
      }
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs < HANG_MS, `SEED=${seed} took ${Math.round(tookMs)} ms`);
    }
    t.diagnostic(`${inputs} inputs`);
  });
}

/** The value, or undefined when it was refused as the contract says: by an Error with a reason, never by a slip of the code. */
export function refusable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(
      error instanceof Error &&
        !(error instanceof TypeError) &&
        !(error instanceof RangeError) &&
        !(error instanceof ReferenceError),
      `a slip, not a refusal: ${error instanceof Error ? error.stack : String(error)}`,
    );
    assert.ok(error.message.length > 0 && error.message.length < 1000, "a reason of sensible length");
    return undefined;
  }
}

export function within(value: number | undefined, min: number, max: number, what: string): void {
  assert.ok(value === undefined || (value >= min && value <= max), `${what} is ${value}`);
}

/** Text from outside that may stand in a message. */
export function tame(text: string, max: number, what: string): void {
  assert.ok(text.length <= max, `${what} has ${text.length} characters`);
  assert.ok(text.isWellFormed(), `${what} holds half a character`);
  assert.doesNotMatch(
    text,
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/,
    `${what} holds control characters`,
  );
}
