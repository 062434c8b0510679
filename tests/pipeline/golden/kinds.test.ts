import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LANGS } from "../../../watchdog/lang/index.ts";
import { catalogue } from "./catalogue.ts";

for (const code of ["ru", "en"] as const) {
  test(`every kind of message is that of tests/pipeline/golden/kinds.${code}.txt, word for word`, () => {
    const golden = new URL(`kinds.${code}.txt`, import.meta.url);
    const text = catalogue(LANGS[code]);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, "utf8"), "if the new texts are right: npm run test:update");
  });
}

test("no Russian stands in an English message", () => assert.doesNotMatch(catalogue(LANGS.en), /[а-яё]/i));
