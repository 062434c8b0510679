import assert from "node:assert/strict";
import { test } from "node:test";
import { each, edgesAddUp, noRecoveryWithoutAlert, nothingLost, toldIsTrue } from "./checks.ts";

test("restarts with the state kept lose nothing and repeat nothing", async () => {
  await each("restarts", { flapping: false, restarts: "kept", lostAnswers: false }, (history) => {
    nothingLost(history);
    toldIsTrue(history);
    noRecoveryWithoutAlert(history);
    edgesAddUp(history);
  });
});

test("after restarts without the state the operator still ends up with the truth", async () => {
  await each("amnesia", { flapping: false, restarts: "lost", lostAnswers: false }, ({ finallyActive, toldActive }) => {
    assert.deepEqual([...toldActive].sort(), [...finallyActive].sort());
  });
});

test("a flapping key is told as such, and how it settled", async () => {
  await each("flapping", { flapping: true, restarts: "kept", lostAnswers: false }, (history) => {
    toldIsTrue(history);
    noRecoveryWithoutAlert(history);
    edgesAddUp(history);
  });
});
