import assert from "node:assert/strict";
import test from "node:test";
import { LANG_CODES } from "../../../watchdog/lang/index.ts";
import { readSources } from "./sources.ts";

const codes = LANG_CODES.join("|");
/** A code in quotes or as a property, and an import out of a language's folder. */
const KNOWS = new RegExp(`["'\`](?:${codes})["'\`]|(?<!\\.)\\.(?:${codes})\\b|lang/(?:${codes})/`);

test("no source outside its folder and the list of languages knows a language", () => {
  const lists = ["lang/index.ts", "lang/locale.ts"];
  const guilty = readSources()
    .filter(({ path }) => !lists.includes(path) && !LANG_CODES.some((code) => path.startsWith(`lang/${code}/`)))
    .flatMap(({ path, code }) => {
      const [found] = KNOWS.exec(code) ?? [];
      return found === undefined ? [] : [`${path}: ${found}`];
    });
  assert.deepEqual(guilty, [], "it takes a record of texts, or asks LANG_CODES");
  for (const text of ['x === "ru"', "LANGS.en.titles", 'from "../../lang/ru/words.ts"']) assert.match(text, KNOWS);
});

test("a folder of a language imports nothing of another one", () => {
  for (const { path, imports } of readSources()) {
    const [, own] = /^lang\/(\w+)\//.exec(path) ?? [];
    if (own !== undefined)
      assert.deepEqual(
        imports.filter((target) => /^lang\/\w+\//.test(target) && !target.startsWith(`lang/${own}/`)),
        [],
        path,
      );
  }
});
