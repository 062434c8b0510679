import { test } from "node:test";
import { randomOf } from "/work/wt/integ/tests/helpers/random.ts";
import { play } from "/work/wt/integ/tests/random/history.ts";

test("x", async () => {
  for (const seed of [1207, 1194]) {
    for (const lostAnswers of [false, true]) {
      const random = randomOf(seed);
      const h = await play({
        random,
        ticks: random.whole(20, 80),
        flapping: false,
        restarts: "none",
        lostAnswers,
      } as never);
      console.log(
        seed,
        lostAnswers,
        h.pendingAtEnd,
        h.violations,
        h.received.length,
        h.received.slice(-4).map((r) => [r.notice.kind, r.notice.id, r.atMs]),
      );
    }
  }
});
