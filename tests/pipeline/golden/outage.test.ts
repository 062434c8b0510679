import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { told } from "../../helpers/drivers/told.ts";
import { messagesOf } from "./told-story.ts";

describe("the complete message log of a scripted outage", () => {
  for (const code of ["ru", "en"] as const) {
    const golden = new URL(`${code}.txt`, import.meta.url);
    it(`is tests/pipeline/golden/${code}.txt, word for word`, async () => {
      const text = (await messagesOf(LANGS[code])).join("\n");
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
      assert.equal(text, readFileSync(golden, "utf8"), "if the new texts are right: npm run test:update");
    });
  }

  it("tells the same notices in both languages, and every kind of signal in each", async () => {
    const [ru, en] = [await messagesOf(LANGS.ru), await messagesOf(LANGS.en)];
    const shape = (messages: readonly string[]): string[] =>
      messages.map((message) =>
        told(message.slice(message.indexOf("\n") + 1))
          .map(({ mark }) => mark)
          .join(""),
      );
    assert.deepEqual(shape(ru), shape(en));
    const titles = new Set(
      told(en.map((message) => message.slice(message.indexOf("\n") + 1)).join("\n")).map(({ title }) =>
        title.replace(/ (data|\d+|web|db|mem|docker|proc|disk|r-17)$/, ""),
      ),
    );
    for (const title of [
      "Orchestrator down",
      "Metrics stale",
      "Job failed",
      "Agent hung:",
      "Queue stalled",
      "Host memory",
      "Disk",
      "Disk almost full",
      "Inodes",
      "Container",
      "Dependency",
      "Blocking process",
      "Source unavailable:",
    ]) {
      assert.ok(titles.has(title), `${title} is not in ${[...titles].join(", ")}`);
    }
  });
});
