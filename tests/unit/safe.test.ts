import assert from "node:assert/strict";
import test from "node:test";
import { clip, displayUrl, fragment, identifier, printable, reasonOf } from "../../watchdog/safe.ts";

test("what cannot be printed is replaced; line ends and separators of arguments become spaces", () => {
  assert.equal(printable("a\nb\tc\0d"), "a b c d");
  assert.equal(printable("a\u001bb\u009bc\u0085d\u2028e"), "a\ufffdb\ufffdc\ufffdd\ufffde");
});

test("bidirectional overrides and lone surrogates cannot pass", () => {
  assert.equal(printable("a\u202eb\u2066c\ufeffd"), "a\ufffdb\ufffdc\ufffdd");
  assert.equal(printable("a\ud83db"), "a\ufffdb");
  assert.equal(printable("🔴 ж"), "🔴 ж");
});

test("a cut text has at most that many characters and shows that it was cut", () => {
  assert.equal(clip("abcdef", 6), "abcdef");
  assert.equal(clip("abcdefg", 6), "abcde…");
});

test("a cut never tears a character", () => {
  assert.equal(clip("ab🔴cd", 4), "ab…");
  assert.equal(clip("abc🔴d", 5), "abc…");
});

test("a fragment is one bounded, printable line", () => {
  assert.equal(fragment("  a \n\n b\0c\t ", 120), "a b c");
  assert.equal(fragment("x".repeat(200), 120).length, 120);
});

test("a shown URL has no credentials, no query and no fragment", () => {
  assert.equal(displayUrl(new URL("https://user:hunter2@host:8443/path?token=abc#frag")), "https://host:8443/path");
  assert.equal(displayUrl(new URL("http://host/?a=1")), "http://host");
  assert.equal(displayUrl(new URL("tcp://user:pw@db:5432")), "tcp://db:5432");
});

test("a reason is one bounded line, whatever was thrown", () => {
  assert.equal(reasonOf(new Error("a\nb")), "a b");
  assert.equal(reasonOf(new TypeError("")), "TypeError");
  assert.equal(reasonOf("text"), "text");
  assert.equal(reasonOf(undefined), "undefined");
  assert.equal(reasonOf(new Error("x".repeat(5000))).length, 300);
});

test("two names stay two, however long or unprintable they are, and an ordinary one stays itself", {
  timeout: 5000,
}, () => {
  const long = "a".repeat(200);
  const names = [
    "plain",
    long,
    `${long}1`,
    `${long}2`,
    "a\u0001b",
    "a\u0002b",
    "a\ud800b",
    "a\ud801b",
    "a\ufffdb",
    "a b",
    "a\nb",
  ];
  const made = names.map((name) => identifier(name, 128));
  assert.equal(new Set(made).size, names.length);
  assert.deepEqual([made[0], made[8], made[9]], ["plain", "a\ufffdb", "a b"]);
  assert.deepEqual(
    names.map((name) => identifier(name, 128)),
    made,
    "for good",
  );
  for (const name of made) assert.ok(name.length <= 128 && !/[\u0000-\u001f]/.test(name), name);
});
