import assert from "node:assert/strict";
import test from "node:test";
import { createLog, type LogFormat, type LogLevel } from "../../watchdog/log.ts";

function logOf(format: LogFormat, level: LogLevel = "debug", redact: (text: string) => string = (text) => text) {
  const lines: string[] = [];
  const log = createLog({
    level,
    format,
    redact,
    wallMs: () => Date.UTC(2026, 0, 2),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

/** Line ends of any kind, and what a terminal obeys. */
const HOSTILE = "a\r\nb\nc\u0085d\u2028e\u2029f\u001b[31mg\u009b31mh\u0000i\u007fj";
const BREAKING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

test("a text line is time, level, event and fields; values are quoted where they need it", () => {
  const { log, lines } = logOf("text");
  log.warn("source mem failed", {
    reason: "no such file",
    path: "/proc/meminfo",
    ms: 12,
    ok: false,
    none: null,
    left: undefined,
  });
  assert.deepEqual(lines, [
    '2026-01-02T00:00:00.000Z warn  source mem failed reason="no such file" path=/proc/meminfo ms=12 ok=false none=null\n',
  ]);
});

test("a json line is one document with the same parts", () => {
  const { log, lines } = logOf("json");
  log.info("tick", { ms: 12, reason: 'say "x"' });
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2026-01-02T00:00:00.000Z",
    level: "info",
    event: "tick",
    ms: 12,
    reason: 'say "x"',
  });
});

for (const format of ["text", "json"] as const) {
  test(`whatever stands in an event or a field, it stays one ${format} line that no terminal obeys`, () => {
    const { log, lines } = logOf(format);
    log.error(HOSTILE, { field: HOSTILE });
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith("\n"));
    assert.doesNotMatch(lines[0]?.slice(0, -1) ?? "", BREAKING);
  });
}

test("json keeps what a value was, also where it had to be escaped", () => {
  const { log, lines } = logOf("json");
  log.error("x", { field: HOSTILE });
  assert.equal((JSON.parse(lines[0] ?? "") as { field: string }).field, HOSTILE);
});

test("a level says what is worth a line: itself and everything above", () => {
  for (const [level, count] of [
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
  ] as const) {
    const { log, lines } = logOf("text", level);
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    assert.equal(lines.length, count, level);
  }
});

test("every line is redacted as a whole, fields included", () => {
  const { log, lines } = logOf("json", "debug", (text) => text.replaceAll("hunter2", "***"));
  log.info("hunter2", { reason: "password hunter2" });
  assert.doesNotMatch(lines.join(), /hunter2/);
});
