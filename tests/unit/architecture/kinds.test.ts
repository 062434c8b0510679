import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { KIND_NAMES, KINDS, keyOf, topicOf } from "../../../watchdog/kinds.ts";
import { ROOT, readSources } from "./sources.ts";

const sources = readSources();
const names = KIND_NAMES.join("|");

test("what is true of a kind stands in the table alone: no other source looks into a key", () => {
  const looks: readonly RegExp[] = [
    // The beginning of a key as a text or a template, and the name of a kind in a regular expression.
    new RegExp(`["'\`](?:${names}):`),
    new RegExp(
      `/[^/\\n]*\\b(?:${KIND_NAMES.filter((name) => name.includes("_")).join("|")})\\b[^/\\n]*/[a-z]*\\.test\\(`,
    ),
    new RegExp(`/\\^\\(?(?:${names})\\b`),
    /\bkey\.(?:startsWith|endsWith|includes|indexOf|split|slice|match|replace)\(/,
    /\.test\((?:\w+\.)*key\)/,
  ];
  const found = sources
    // Points of doctor have ids of their own, such as disk:root.
    .filter(({ path }) => path !== "kinds.ts" && !path.startsWith("cli/doctor/"))
    .flatMap(({ path, code }) =>
      code.split("\n").flatMap((line) => (looks.some((look) => look.test(line)) ? [`${path}: ${line.trim()}`] : [])),
    );
  assert.deepEqual(found, []);
});

test("a key becomes a topic at the edge alone: in the state file", () => {
  const readers = sources.filter(({ code }) => /\btopicOf\b/.test(code)).map(({ path }) => path);
  assert.deepEqual(readers, ["kinds.ts", "state/codec.ts"]);
});

test("a topic and its key are one, whatever the subject is; what does not fit its kind is none", () => {
  for (const kind of KIND_NAMES) {
    const keys = KINDS[kind].subject
      ? ["root", "a:b", "", "disk:x", "é 日 ##"].map((subject) => `${kind}:${subject}`)
      : [kind];
    for (const key of keys) {
      const topic = topicOf(key) ?? assert.fail(key);
      assert.deepEqual([topic.kind, keyOf(topic)], [kind, key]);
    }
    assert.equal(topicOf(KINDS[kind].subject ? kind : `${kind}:x`), undefined);
  }
  for (const key of ["", "nothing", "toString", "disks:root", ":root"]) assert.equal(topicOf(key), undefined, key);
});

/** The keys of a table's first column, each as it stands there. */
function keysIn(file: string, heading: RegExp): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const rows = text.slice(text.search(heading)).split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, key = ""]) => key));
}

test("README's table names every kind that alerts, and says which have a subject", () => {
  const kinds = KIND_NAMES.filter((kind) => KINDS[kind].by === "watchdog" && !KINDS[kind].info);
  const shown = keysIn("README.md", /^\| [^\n|]*\|[^\n]*\n\| --- [^\n]*\n\| `disk:/m);
  assert.deepEqual(shown.map((key) => key.replace(/:<\w+>$/, ":")).sort(), kinds.map(withColon).sort());
});

test("the guide's table says of every kind that the watchdog tells what to do", () => {
  const kinds = KIND_NAMES.filter((kind) => KINDS[kind].by === "watchdog");
  assert.deepEqual(keysIn("LITE_SETUP.md", /^\| key \| about \| what to do \|/m).sort(), kinds.map(withColon).sort());
});

function withColon(kind: (typeof KIND_NAMES)[number]): string {
  return KINDS[kind].subject ? `${kind}:` : kind;
}
