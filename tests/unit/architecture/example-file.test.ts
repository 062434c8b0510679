import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { PRUNE_VARIABLES } from "../../../watchdog/config/areas/prune.ts";
import type { Variable } from "../../../watchdog/config/table.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { parsedOf } from "../../helpers/fakes/config.ts";
import { ROOT } from "./sources.ts";

const FILE = ".env.watchdog.example";
const lines = readFileSync(join(ROOT, FILE), "utf8").split("\n");
/** One file for both programs. */
const table = Object.values({ ...VARIABLES, ...PRUNE_VARIABLES }) as Variable<unknown>[];

/** `#NAME=default`, and the comment line above it. */
const entries = lines.flatMap((line, index) => {
  const match = /^#?(WATCHDOG_\w+)=(.*)$/.exec(line);
  return match
    ? [{ line, name: match[1] ?? "", shown: match[2] ?? "", meaning: (lines[index - 1] ?? "").replace(/^# /, "") }]
    : [];
});

test("the example file and the two tables of variables have the same names, each once", () => {
  assert.deepEqual(entries.map(({ name }) => name).sort(), table.map(({ name }) => name).sort());
});

test("each variable stands there with its default and its meaning, as --help says them", () => {
  for (const { name, shown, meaning } of table) {
    const entry = entries.find((other) => other.name === name);
    assert.deepEqual([entry?.shown, entry?.meaning], [shown, meaning], name);
  }
});

test("every line is commented out: a copy of the file changes nothing", () => {
  assert.deepEqual(
    lines.filter((line) => line !== "" && !line.startsWith("#")),
    [],
  );
});

test("with every line put in force there is no problem and nothing but the defaults", () => {
  const settings = entries.filter(({ shown }) => shown !== "");
  const { config, problems } = parsedOf(Object.fromEntries(settings.map(({ name, shown }) => [name, shown])));
  assert.deepEqual(problems, []);
  assert.deepEqual(config, parsedOf().config);
});
