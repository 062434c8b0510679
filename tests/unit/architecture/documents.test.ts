import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ROOT, readSources } from "./sources.ts";

const records = readdirSync(join(ROOT, "docs/adr")).sort();
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("decision records are numbered without gaps, and each says its number and what it weighed", () => {
  assert.ok(records.length >= 10);
  for (const [index, name] of records.entries()) {
    assert.equal(name.slice(0, 5), `${String(index + 1).padStart(4, "0")}-`, name);
    const record = text(`docs/adr/${name}`);
    assert.ok(record.startsWith(`# ${index + 1}. `), name);
    for (const heading of ["Context", "Decision", "Alternatives", "Consequences"])
      assert.ok(record.includes(`\n## ${heading}\n`), `${name}: ${heading}`);
  }
});

test("whatever speaks of a decision record names one that exists", () => {
  const documents = [
    "README.md",
    "LITE_SETUP.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ...records.map((name) => `docs/adr/${name}`),
  ];
  const named = [...documents.map(text), ...readSources().map(({ path }) => text(`watchdog/${path}`))].flatMap((all) =>
    [...all.matchAll(/\bADR (\d+)|docs\/adr\/(\d{4})/g)].map((found) => Number(found[1] ?? found[2])),
  );
  assert.ok(named.length > 0, "some are named");
  assert.deepEqual(
    named.filter((number) => number < 1 || number > records.length),
    [],
  );
});

test("every path of the sources that a document names exists", () => {
  const paths = new Set(readSources().map(({ path }) => path));
  const documents = ["README.md", "CONTRIBUTING.md", ...records.map((name) => `docs/adr/${name}`)];
  const missing = documents.flatMap((document) =>
    [...text(document).matchAll(/`(?:watchdog\/)?([a-z-]+(?:\/[a-z-]+)*\.ts)`/g)].flatMap(([, path = ""]) =>
      paths.has(path) || [...paths].some((known) => known.endsWith(`/${path}`)) ? [] : [`${document}: ${path}`],
    ),
  );
  assert.deepEqual(missing, []);
});
