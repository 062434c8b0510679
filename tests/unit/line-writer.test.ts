import assert from "node:assert/strict";
import test from "node:test";
import { type Device, lineWriter } from "../../watchdog/line-writer.ts";
import { createLog, type LogFormat, lineOf } from "../../watchdog/log.ts";

const LIMIT = { timeout: 10_000 };
const count = (lines: number): string => `[${lines} lost]\n`;
const errorOf = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`${code}: write`), { code });

/** A device that answers each write with the next of these, and then takes all; a number is how many bytes it takes. */
function scripted(...answers: (number | string | "hang")[]): {
  readonly device: Device;
  text(): string;
  release(): void;
} {
  let text = "";
  let held: (() => void) | undefined;
  const device: Device = (bytes, done) => {
    const answer = answers.shift() ?? bytes.length;
    const act = (): void => {
      if (typeof answer === "string" && answer !== "hang") return done(errorOf(answer), 0);
      const taken = typeof answer === "number" ? Math.min(answer, bytes.length) : bytes.length;
      text += bytes.toString("utf8", 0, taken);
      done(null, taken);
    };
    if (answer === "hang") held = act;
    else setImmediate(act);
  };
  return { device, text: () => text, release: () => held?.() };
}

/** The outcome of each line. */
function outcomes(): { readonly all: (string | undefined)[]; readonly done: () => (error?: Error) => void } {
  const all: (string | undefined)[] = [];
  return {
    all,
    done: () => {
      const at = all.push("pending") - 1;
      return (error) => (all[at] = error?.message.split(":")[0]);
    },
  };
}

test("10,000 lines of one tick are written in order", LIMIT, async () => {
  const { device, text } = scripted();
  const writer = lineWriter(device, count);
  const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index} ${"x".repeat(60)}\n`);
  for (const line of lines) writer.write(line);
  await writer.written();
  assert.equal(text(), lines.join(""));
});

test("a short write goes on where it ended, in the middle of a character too", LIMIT, async () => {
  const { device } = scripted();
  const chunks: Buffer[] = [];
  const writer = lineWriter((bytes, done) => {
    chunks.push(bytes.subarray(0, 1));
    device(bytes.subarray(0, 1), done);
  }, count);
  writer.write("жука\n");
  writer.write("🔴 b\n");
  await writer.written();
  assert.equal(Buffer.concat(chunks).toString(), "жука\n🔴 b\n");
});

test("EAGAIN is no fault: the same bytes are offered again", LIMIT, async () => {
  const { device, text } = scripted(2, "EAGAIN", "EAGAIN", 0);
  const writer = lineWriter(device, count);
  const { all, done } = outcomes();
  writer.write("line\n", done());
  await writer.written();
  assert.deepEqual([text(), all], ["line\n", [undefined]]);
});

for (const code of ["ENOSPC", "EIO", "EPIPE"]) {
  test(`after ${code} the count is the first line that is written again`, LIMIT, async () => {
    const { device, text } = scripted(code, code, code);
    const writer = lineWriter(device, count);
    const { all, done } = outcomes();
    for (const line of ["a\n", "b\n", "c\n", "d\n", "e\n"]) writer.write(line, done());
    await writer.written();
    assert.deepEqual([text(), all], ["[3 lost]\nd\ne\n", [code, code, code, undefined, undefined]]);
  });
}

test("what follows half a line begins on a line of its own", LIMIT, async () => {
  const { device, text } = scripted(3, "ENOSPC");
  const writer = lineWriter(device, count);
  writer.write("abcdef\n");
  writer.write("ghi\n");
  writer.write("jkl\n");
  await writer.written();
  assert.equal(text(), "abc\n[1 lost]\nghi\njkl\n");
});

test(
  "of what waits for a device that takes nothing the newest are kept within the bound, and the rest is counted",
  LIMIT,
  async () => {
    const { device, text, release } = scripted("hang");
    const writer = lineWriter(device, count, 30);
    const { all, done } = outcomes();
    for (let line = 0; line < 100; line += 1) writer.write(`line ${String(line).padStart(4, "0")}\n`, done());
    assert.equal(all.filter((outcome) => outcome === "pending").length, 4, "one is under way, three wait");
    release();
    await writer.written();
    assert.equal(text(), "line 0000\n[96 lost]\nline 0097\nline 0098\nline 0099\n");
  },
);

test("a line that is longer than the bound is written when nothing else waits", LIMIT, async () => {
  const { device, text } = scripted();
  const writer = lineWriter(device, count, 1000);
  writer.write("first\n");
  writer.write(`${"x".repeat(1024 * 1024)}\n`);
  await writer.written();
  assert.equal(text().length, 6 + 1024 * 1024 + 1);
});

test(
  "a line that waits can be taken back and is not counted as lost; one that is being written cannot",
  LIMIT,
  async () => {
    const { device, text, release } = scripted("hang");
    const writer = lineWriter(device, count);
    const { all, done } = outcomes();
    const [first, second] = [new AbortController(), new AbortController()];
    writer.write("a\n", done(), first.signal);
    writer.write("b\n", done(), second.signal);
    first.abort();
    second.abort();
    assert.deepEqual(all, ["pending", "the output takes nothing"]);
    writer.write("c\n", done());
    release();
    await writer.written();
    assert.deepEqual([text(), all], ["a\nc\n", [undefined, "the output takes nothing", undefined]]);
  },
);

for (const format of ["text", "json"] as LogFormat[]) {
  test(`in ${format} the count is a line like any other`, LIMIT, async () => {
    const { device, text } = scripted("ENOSPC", "ENOSPC");
    const settings = { level: "info", format, redact: (line: string) => line, wallMs: () => 0 } as const;
    const writer = lineWriter(device, (lines) => lineOf(settings, "warn", "lost", { lines }));
    const log = createLog({ ...settings, write: writer.write });
    for (const event of ["a", "b", "c"]) log.info(event);
    await writer.written();
    const [first, second] = text().split("\n");
    if (format === "json")
      assert.deepEqual(JSON.parse(first ?? ""), {
        time: "1970-01-01T00:00:00.000Z",
        level: "warn",
        event: "lost",
        lines: 2,
      });
    else assert.equal(first, "1970-01-01T00:00:00.000Z warn  lost lines=2");
    assert.match(second ?? "", /c/);
  });
}
