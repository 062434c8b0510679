import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";
import { ROOT } from "../unit/architecture/sources.ts";
import { graphOf } from "./graph.ts";
import { sitesOf } from "./mutants.ts";

const SOURCE = `
import { other } from "./other.ts";
export type Mode = "on" | "off";
export function judge(list: readonly number[], mode: Mode): boolean {
  if (list.length >= 3 && mode !== "off") return !list.some((value) => value > 100);
  other(list.filter(Boolean), /^a+$/.test(mode) ? -1 : 0x7fff);
  return list.length === 0 || false;
}
`;

const api = new API({
  fs: createVirtualFileSystem({
    "/p/tsconfig.json": `{ "compilerOptions": { "noLib": true, "noEmit": true, "allowImportingTsExtensions": true, "module": "esnext" }, "files": ["judge.ts", "other.ts"] }`,
    "/p/judge.ts": SOURCE,
    "/p/other.ts": "export function other(list: unknown, value: number): void {}",
  }),
});
after(() => api.close());

test("each place of a source and what may stand there instead; types, imports and names stay", {
  timeout: 30_000,
}, () => {
  const source = api
    .updateSnapshot({ openProjects: ["/p/tsconfig.json"] })
    .getProject("/p/tsconfig.json")
    ?.program.getSourceFile("/p/judge.ts");
  assert.ok(source);
  assert.deepEqual(
    sitesOf(source).map(({ start, end, replacements }) => [source.text.slice(start, end), ...replacements]),
    [
      ['list.length >= 3 && mode !== "off"', "true", "false"],
      [
        'list.length >= 3 && mode !== "off"',
        '((list.length >= 3) || (mode !== "off"))',
        "(list.length >= 3)",
        '(mode !== "off")',
      ],
      [">=", ">", "<"],
      ["3", "4", "2"],
      ["!==", "==="],
      ['"off"', '""'],
      ["!list.some((value) => value > 100)", "(list.some((value) => value > 100))"],
      ["some", "every"],
      [">", ">=", "<="],
      ["100", "200", "50"],
      ["other(list.filter(Boolean), /^a+$/.test(mode) ? -1 : 0x7fff);", ";"],
      ["list.filter(Boolean)", "list"],
      ["/^a+$/", "/a+$/", "/^a+/"],
      ["/^a+$/.test(mode) ? -1 : 0x7fff", "(-1)", "(0x7fff)"],
      ["-1", "(1)"],
      ["1", "2", "0"],
      ["0x7fff", "65534", "16383"],
      ["list.length === 0 || false", "((list.length === 0) && (false))", "(list.length === 0)", "(false)"],
      ["===", "!=="],
      ["0", "1"],
      ["false", "true"],
    ],
  );
});

test("the tests that reach a source: those that import it first, those that run the bundle apart", {
  timeout: 30_000,
}, () => {
  const graph = graphOf(ROOT);
  const { direct, indirect } = graph.testsOf(join("watchdog", "notify", "pacing.ts"));
  assert.ok(direct.includes("tests/unit/notify/pacing.test.ts"));
  assert.ok(indirect.includes("tests/pipeline/golden/outage.test.ts"));
  assert.ok(graph.programs.includes("tests/program/lifecycle.test.ts"));
  assert.deepEqual(
    [...direct, ...indirect].filter((test) => graph.programs.includes(test)),
    [],
  );
});
