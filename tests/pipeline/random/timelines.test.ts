import { test } from "node:test";
import { each, edgesAddUp, noRecoveryWithoutAlert, nothingLost, toldIsTrue } from "./checks.ts";

test("nothing is lost, invented or told out of order while the channel comes and goes", async () => {
  await each("plain", { flapping: false, restarts: "none", lostAnswers: false }, (history) => {
    nothingLost(history);
    toldIsTrue(history);
    noRecoveryWithoutAlert(history);
    edgesAddUp(history);
  });
});

test("an answer that is lost repeats a message and loses none", async () => {
  await each("lost answers", { flapping: false, restarts: "none", lostAnswers: true }, (history) => {
    nothingLost(history);
    toldIsTrue(history);
    noRecoveryWithoutAlert(history);
  });
});
