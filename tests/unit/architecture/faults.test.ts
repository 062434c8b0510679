import assert from "node:assert/strict";
import test from "node:test";
import { readSources, type Source } from "./sources.ts";

/** What is written for people: whoever wants to know what happened asks for a kind, a code, a status or a variable. */
const WORDS = String.raw`(?:\w+\??\.)*(?:\w*[rR]eason|\w*[pP]roblem|problem\w*\.text|detail|lastError|(?:error|fault)\w*\.message|[rR]easonOf\([\w.]*\))`;
const PARSED: readonly RegExp[] = [
  new RegExp(String.raw`\.(?:test|exec)\(\s*${WORDS}\s*(?:\?\?[^)]*)?\)`),
  new RegExp(
    String.raw`(?<![\w.])${WORDS}\??\.(?:match|matchAll|search|startsWith|endsWith|includes|indexOf|split|replace|replaceAll|slice)\(`,
  ),
  new RegExp(String.raw`(?<![\w.])${WORDS} [!=]== ["'\`]`),
];

function parsedIn({ path, code }: Pick<Source, "path" | "code">): string[] {
  return code
    .split("\n")
    .flatMap((line) => (PARSED.some((pattern) => pattern.test(line)) ? [`${path}: ${line.trim()}`] : []));
}

/** Where foreign words come in, and where texts go out. */
const EDGES: Readonly<Record<string, string>> = {
  "net/fault.ts": "OpenSSL's errors say in their words what they are",
};

test("nobody reads our own sentences to find out what happened", () => {
  const found = readSources()
    .filter(({ path }) => !(path in EDGES))
    .flatMap(parsedIn);
  assert.deepEqual(found, [], "a fault has a kind, a code and a status; a problem has a variable and a code");
});

test("each way of reading them is seen", () => {
  for (const code of [
    "if (/too old/.test(reason)) return;",
    "/ENOENT/.exec(reading.reason)?.[1]",
    '/x/.test(outcome.reason ?? "")',
    "/x/.test(reasonOf(error))",
    'problem.startsWith("WATCHDOG_")',
    'problem.text.includes("is unset")',
    'fault.reason.includes("hang")',
    'detail.split("\\n")',
    'error.message.startsWith("EACCES")',
    'writeProblem === "EROFS"',
  ])
    assert.equal(parsedIn({ path: "x.ts", code }).length, 1, code);
  for (const code of [
    'problems.some(({ variable }) => variable === "X")',
    'fault.code === "ENOENT"',
    "/x/.test(description)",
    "reasons.slice(0, 5)",
    "const reason = readable(reasonOf(inner));",
  ])
    assert.deepEqual(parsedIn({ path: "x.ts", code }), [], code);
});
