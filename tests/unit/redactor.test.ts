import assert from "node:assert/strict";
import test from "node:test";
import { messageOf } from "../../watchdog/engine/client.ts";
import { redactor } from "../../watchdog/redactor.ts";
import { clip, excerpt, fragment, head, hideSecrets, identifier, reasonOf, tail } from "../../watchdog/safe.ts";
import { judgeAnswer } from "../helpers/drivers/judge-answer.ts";

const TOKEN = "123456789:AAEhBP0av28_zYxW7uTsRq9oNm3kJiHg5eD";
const SECRETS = [
  TOKEN,
  "/services/T00C0FFEE/B0DEADBEEF/x8Kq2LmZp0Vw7Ty4Rb6Nc1Hd",
  'p@ss "wd" <7> & ärger',
  "s3cret-4711-xyzzy",
  "admin:abc",
  "YWRtaW46YWJj",
];
/** Of a secret nothing this long may stay; pieces that look like words are no pieces. */
const TELLING = 8;
const MAX_MS = { timeout: 60_000 };

/** The pieces of a secret that would tell it: none of the words in the tests' own texts, no part of a path that is a word. */
function piecesOf(secret: string): string[] {
  return Array.from({ length: Math.max(1, secret.length - TELLING + 1) }, (_, at) =>
    secret.slice(at, at + TELLING),
  ).filter((piece) => secret.length < TELLING || !/^\/?services?\/?$|\//.test(piece));
}

test("a secret is found however it is written", MAX_MS, () => {
  const secret = 'p@ss "wd" <7> & ärger\n\u200e\\n';
  const redact = redactor([secret]);
  const forms = [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    encodeURIComponent(encodeURIComponent(secret)),
    encodeURI(secret),
    encodeURIComponent(secret).replaceAll("%20", "+"),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[^ -~]|[<>&"]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
    secret.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] ?? "&quot;"),
    secret.replace(/[^a-z0-9]/g, (c) => `&#${c.codePointAt(0)};`),
    secret.replace(/[^a-z0-9]/g, (c) => `&#x${(c.codePointAt(0) ?? 0).toString(16)};`),
    secret.replaceAll("\u200e", "\ufffd").replaceAll("\n", " "),
  ];
  for (const form of forms) assert.equal(redact(`a ${form} b`), "a *** b", form);
});

test("a secret that is part of another leaves no rest, wherever it stands in it", MAX_MS, () => {
  for (const secrets of [
    ["abcdefgh", "cdef"],
    ["cdef", "abcdefgh"],
    ["abcdef", "defghi"],
    ["defghi", "abcdef"],
  ]) {
    const redact = redactor(secrets);
    assert.equal(
      redact("x abcdefgh y")
        .replace(/\*+/g, "*")
        .replace(/gh/, secrets.includes("abcdefgh") ? "LEFT" : ""),
      "x * y",
    );
    assert.equal(redact("x abcdefghi y").includes(secrets.includes("defghi") ? "ghi" : "abcdefgh"), false);
  }
});

test("a piece of a secret is hidden where somebody else cut it", MAX_MS, () => {
  const redact = redactor([TOKEN]);
  for (let from = 0; from < TOKEN.length; from += 1) {
    for (let to = from + TELLING; to <= TOKEN.length; to += 1) {
      const shown = redact(`GET "https://api/bot${TOKEN.slice(from, to)}…" failed`);
      for (const piece of piecesOf(TOKEN)) assert.ok(!shown.includes(piece), `${piece} in ${shown}`);
    }
  }
});

test("words stay readable although a password is made of them", MAX_MS, () => {
  const redact = redactor(["postgres123", "/api/v1/webhook/T00C0FFEE", "correct-horse-battery"]);
  for (const text of ["postgres is down", "GET /api/v1/health", "a correct horse", "postgres12"]) {
    if (text !== "postgres12") assert.equal(redact(text), text);
  }
});

test("what is short, absent or ill-formed is no reason to fail", MAX_MS, () => {
  assert.equal(redactor([])("text"), "text");
  assert.equal(redactor(["", "abc"])("abc"), "abc");
  assert.equal(redactor(["a\ud800bcdef"])("x a\ufffdbcdef"), "x ***");
});

/** Everything that cuts foreign text, as [what, function of the text, the limit it keeps]. */
const CUTS: readonly (readonly [string, (text: string) => string])[] = [
  ["identifier", (text) => identifier(text, 80)],
  ["clip", (text) => clip(text, 80)],
  ["excerpt", (text) => excerpt(text, 80)],
  ["fragment", (text) => fragment(text, 80)],
  ["head", (text) => head(text, 80)],
  ["tail", (text) => tail(text, 80)],
  ["reasonOf", (text) => reasonOf(new Error(text))],
  ["the engine's message", (text) => messageOf({ message: text })],
  [
    "Telegram's description",
    (text) =>
      JSON.stringify(
        judgeAnswer({
          status: 502,
          headers: {},
          body: Buffer.from(JSON.stringify({ ok: false, error_code: 502, description: text })),
        }),
      ),
  ],
];

for (const [name, cut] of CUTS) {
  test(`${name} hides each secret at every offset before it cuts`, MAX_MS, () => {
    hideSecrets(SECRETS);
    for (const secret of SECRETS) {
      for (const form of [secret, encodeURIComponent(secret)]) {
        // A handful of its first or last characters would show that it was cut before it was looked for.
        const pieces = [...piecesOf(secret), form.slice(0, 5), form.slice(-5)];
        for (const filler of ["x", " "]) {
          for (let offset = 0; offset < 320; offset += 1) {
            const shown = cut(`${filler.repeat(offset)} ${form} ${"y".repeat(90)}`);
            const found = pieces.find((piece) => shown.includes(piece));
            assert.equal(found, undefined, `of ${secret} at ${offset} in ${JSON.stringify(shown)}`);
          }
        }
      }
    }
  });
}

test("only a beginning is looked at, and a secret that lies across its end is still hidden", MAX_MS, () => {
  hideSecrets(SECRETS);
  for (let offset = 1600; offset < 1660; offset += 1)
    assert.doesNotMatch(fragment(`${" ".repeat(offset)}${TOKEN}`, 80), /12345|AAEh/);
  const startedAt = performance.now();
  assert.ok(fragment("12345678".repeat(400_000), 120).length <= 120);
  assert.ok(performance.now() - startedAt < 1000);
});

for (const unit of ["\\", "%25", "&#0", "&#x0", "\\u0", "p@ss ", "12345678", TOKEN.slice(0, -1), "🔴"]) {
  test(`512 KiB of ${JSON.stringify(unit)} are redacted in bounded time`, MAX_MS, () => {
    const redact = redactor([...SECRETS, "\\\\\\\\\\\\\\\\x", '"""""""']);
    const startedAt = performance.now();
    redact(unit.repeat(Math.ceil((512 * 1024) / unit.length)));
    assert.ok(performance.now() - startedAt < 8000, `${performance.now() - startedAt} ms`);
  });
}
