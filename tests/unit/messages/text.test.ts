import assert from "node:assert/strict";
import test from "node:test";
import {
  type Block,
  escapeHtml,
  fitting,
  MAX_LENGTH,
  splitBlock,
  splitText,
  textOf,
} from "../../../watchdog/messages/text.ts";

/** Telegram's view: what is left once the entities are parsed. Fails on anything that is no entity or character of ours. */
function parsed(html: string): string {
  assert.doesNotMatch(html, /[<>]|&(?!amp;|lt;|gt;)/);
  return html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const flat = (text: string): string => text.replaceAll("\n", "");

test("only what HTML mode needs is escaped", () => {
  assert.equal(escapeHtml(`<b>&"'</b> &amp;`), `&lt;b&gt;&amp;"'&lt;/b&gt; &amp;amp;`);
});

test("a message in its two forms says the same", () => {
  const { html, plain } = textOf([
    { head: "🔴 box · <x>", body: "a & b" },
    { head: "🟢 box · y", body: "" },
  ]);
  assert.equal(plain, "🔴 box · <x>\na & b\n\n🟢 box · y");
  assert.equal(parsed(html), plain);
});

test("as many whole notices go into a message as fit, to the character", () => {
  const block = (length: number): Block => ({ head: "h", body: "x".repeat(length - 2) });
  assert.equal(fitting([block(MAX_LENGTH)]), 1);
  assert.equal(fitting([block(MAX_LENGTH + 1)]), 0);
  assert.equal(fitting([block(2000), block(2094)]), 2);
  assert.equal(fitting([block(2000), block(2095)]), 1);
  assert.equal(fitting([]), 0);
});

test("what fits is counted with its markup", () => {
  assert.equal(fitting([{ head: "h", body: "&".repeat(818) }]), 1);
  assert.equal(fitting([{ head: "h", body: "&".repeat(819) }]), 0);
});

const LONG: Readonly<Record<string, Block>> = {
  "plain text": { head: "🔴 box · Disk root", body: "word ".repeat(5000) },
  "one endless word": { head: "h", body: "x".repeat(20_000) },
  "nothing but entities": { head: "<&>".repeat(50), body: "&<>".repeat(5000) },
  "surrogate pairs": { head: "🔴", body: "🔴".repeat(9000) },
  "pairs after one odd character": { head: "h", body: `x${"🔴".repeat(9000)}` },
  lines: {
    head: "h",
    body: Array.from({ length: 900 }, (_, line) => `line ${line} <${"y".repeat(line % 90)}>`).join("\n"),
  },
  "a head that is too long": { head: "🔴 & ".repeat(3000), body: "short" },
  "a head alone": { head: "<".repeat(9000), body: "" },
};

for (const [name, block] of Object.entries(LONG)) {
  test(`${name}: too long for a message, it is split and nothing of it is dropped`, () => {
    assert.equal(fitting([block]), 0);
    const parts = splitBlock(block);
    assert.ok(parts.length > 1);
    let shown = "";
    let all = "";
    for (const [index, part] of parts.entries()) {
      const { html, plain } = textOf([part]);
      assert.ok(html.length <= MAX_LENGTH, `part ${index + 1} has ${html.length}`);
      assert.equal(parsed(html), plain);
      assert.ok(plain.isWellFormed(), "a character was torn");
      const number = ` (${index + 1}/${parts.length})`;
      assert.ok(part.head.endsWith(number), part.head.slice(-20));
      shown = part.head.slice(0, -number.length);
      assert.ok(block.head.startsWith(shown));
      all += part.body;
    }
    assert.equal(flat(shown + all), flat(block.head + block.body));
  });
}

test("text is cut at a line's end where there is one in the last half", () => {
  assert.deepEqual(splitText("aaaaaaa\nbbbbbb\ncccc", 16), ["aaaaaaa\nbbbbbb", "cccc"]);
  assert.deepEqual(splitText("a\nbbbbbbbbbbbbbbbb", 10), ["a\nbbbbbbbb", "bbbbbbbb"]);
});

test("text is never cut inside an entity or a pair", () => {
  assert.deepEqual(splitText("aa&bb", 6), ["aa", "&b", "b"]);
  assert.deepEqual(splitText("a🔴b", 2), ["a", "🔴", "b"]);
});

test("text that fits stays whole; no text has no parts", () => {
  assert.deepEqual(splitText("abc\n", 10), ["abc"]);
  assert.deepEqual(splitText("", 10), []);
});
