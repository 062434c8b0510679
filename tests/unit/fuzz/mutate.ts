import type { Random } from "../../helpers/drivers/random.ts";

/** Values that programs stumble over. */
const NASTY: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.1,
  1e21,
  -1e21,
  1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  8.64e15 + 1,
  "",
  " ",
  "0",
  "NaN",
  "-",
  "true",
  [],
  {},
  [[]],
  [null],
  "__proto__",
  "\0",
  "\n\n",
  "\ud800",
  "\udc00",
  "𝕏",
  "\u202e",
  "x".repeat(5000),
  "1".repeat(400),
  "<b>&amp;</b>",
  "9999-99-99T99:99:99Z",
  "0001-01-01T00:00:00Z",
  "token=hunter2",
  "http://u:p@h/",
];

const BITS: readonly string[] = [
  "",
  " ",
  "\n",
  "\r\n",
  "\0",
  "\t",
  ",",
  ":",
  "=",
  '"',
  "'",
  "\\",
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  "%",
  "*",
  "/",
  "-",
  "+",
  ".",
  "..",
  "e",
  "E9999",
  "0x10",
  "Infinity",
  "NaN",
  "null",
  "𝕏",
  "\ud800",
  "\u2028",
  "ı",
  "999999999999999999999",
  "-1",
  "kB",
  "btime ",
  "MemTotal:",
  "://",
  "@",
  "tcp://",
  "https://[::1]:80",
  "23:00-07:00",
  "x".repeat(3000),
  "(".repeat(2000),
  '"'.repeat(2000),
  "token ".repeat(1000),
];

/** A text that was one of these once: cut, spliced, repeated, sprinkled with what hurts. */
export function mutateText(random: Random, texts: readonly string[]): string {
  let text = random.pick(texts);
  for (let rounds = random.whole(1, 6); rounds > 0; rounds -= 1) {
    const at = random.whole(0, text.length);
    const to = random.whole(at, Math.min(text.length, at + 40));
    switch (random.whole(0, 6)) {
      case 0:
        text = text.slice(0, at) + random.pick(BITS) + text.slice(to);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, at);
        break;
      case 3:
        text = text.slice(0, to) + text.slice(at, to).repeat(random.whole(1, 50)) + text.slice(to);
        break;
      case 4:
        text = text.slice(0, at) + String.fromCharCode(random.whole(0, 0xffff)) + text.slice(at + 1);
        break;
      case 5:
        text = text.slice(0, at) + random.pick(texts).slice(at);
        break;
      default:
        text = text.slice(at) + text.slice(0, at);
    }
    // What is read is bounded, and so is what is tried.
    text = text.slice(0, 200_000);
  }
  return text;
}

export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes.subarray(0, random.chance(0.3) ? random.whole(0, bytes.length) : bytes.length));
  for (let rounds = random.whole(0, 8); rounds > 0 && copy.length > 0; rounds -= 1)
    copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
  return copy;
}

interface Spot {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** The same document with some of its parts replaced, dropped, doubled or put elsewhere. */
export function mutateJson(random: Random, document: unknown): unknown {
  const copy: unknown = structuredClone(document);
  const spots: Spot[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const keys = Object.keys(value);
    // Now and then one branch alone, so that a small part of a large document gets its share.
    const chosen = keys.length > 1 && random.chance(0.3) ? [random.pick(keys)] : keys;
    for (const key of chosen) {
      spots.push({ holder: value as Record<string, unknown>, key });
      collect((value as Record<string, unknown>)[key]);
    }
  };
  collect(copy);
  if (spots.length === 0 || random.chance(0.02)) return random.pick(NASTY);
  for (let rounds = random.whole(1, 4); rounds > 0; rounds -= 1) {
    const { holder, key } = random.pick(spots);
    const part = holder as Record<string, unknown>;
    switch (random.whole(0, 5)) {
      case 0:
      case 1:
        part[key] = random.pick(NASTY);
        break;
      case 2:
        if (!Array.isArray(holder)) delete part[key];
        break;
      case 3:
        if (Array.isArray(holder)) holder.push(...(structuredClone(holder) as unknown[]).slice(0, 50));
        break;
      case 4: {
        const { holder: other, key: otherKey } = random.pick(spots);
        part[key] = structuredClone((other as Record<string, unknown>)[otherKey]);
        break;
      }
      default:
        if (typeof part[key] === "number")
          part[key] = (part[key] as number) * random.pick([-1, 0, 1e3, 1e12, 0.5]) + random.whole(-1, 1);
    }
  }
  return copy;
}
