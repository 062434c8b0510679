/** As much of YAML as the compose files of this project use; what it does not know it refuses. */
export type Yaml = string | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Block maps and lists, lists and maps on one line, quotes, comments, anchors and aliases. Scalars stay texts. Throws on anything else. */
export function parseYaml(text: string): Yaml {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trimEnd())
    .filter((line) => line.trim() !== "")
    .flatMap((line): Line[] => {
      const indent = line.length - line.trimStart().length;
      return splitItem({ indent, text: line.trim() });
    });
  const anchors = new Map<string, Yaml>();

  const block = (indent: number): Yaml => {
    const first = lines[0];
    if (!first || first.indent < indent) return null;
    const list: Yaml[] = [];
    const map: Record<string, Yaml> = {};
    const isList = first.text === "-";
    for (let line = lines[0]; line && line.indent === first.indent; line = lines[0]) {
      lines.shift();
      if (isList !== (line.text === "-")) throw new Error(`a list and a map at once: ${line.text}`);
      if (isList) {
        list.push(item(line.indent + 1));
        continue;
      }
      const [, key, rest = ""] = /^([\w.-]+):(?:\s+(.*))?$/.exec(line.text) ?? [];
      if (key === undefined) throw new Error(`not understood: ${line.text}`);
      if (key in map) throw new Error(`twice: ${key}`);
      map[key] = named(rest, line.indent + 1);
    }
    if (lines[0] && lines[0].indent > first.indent) throw new Error(`indented too far: ${lines[0].text}`);
    return isList ? list : map;
  };
  /** What follows a dash: a scalar on its own line, or a block. */
  const item = (indent: number): Yaml => {
    const next = lines[0];
    if (next && next.indent >= indent && next.text !== "-" && !/^[\w.-]+:(\s|$)/.test(next.text)) {
      lines.shift();
      return scalar(next.text);
    }
    return block(indent);
  };
  const named = (rest: string, indent: number): Yaml => {
    const [, anchor, value = ""] = /^(?:&(\w+)\s*)?(.*)$/.exec(rest) ?? [];
    if (value.startsWith("*")) return anchors.get(value.slice(1)) ?? fail(`no anchor ${value}`);
    const result = value === "" ? block(indent) : scalar(value);
    if (anchor !== undefined) anchors.set(anchor, result);
    return result;
  };
  const result = block(0);
  if (lines.length > 0) fail(`not understood: ${lines[0]?.text}`);
  return result;
}

/** `- x` as a dash and, two further in, its x. */
function splitItem({ indent, text }: Line): Line[] {
  const [, rest] = /^-\s+(.*)$/.exec(text) ?? [];
  return rest === undefined
    ? [{ indent, text }]
    : [{ indent, text: "-" }, ...splitItem({ indent: indent + 2, text: rest })];
}

function scalar(text: string): Yaml {
  if (text === "{}") return {};
  const [, inner] = /^\[(.*)\]$/.exec(text) ?? [];
  if (inner !== undefined) return inner.trim() === "" ? [] : inner.split(",").map((part) => scalar(part.trim()));
  if (/^[{|>!&*]/.test(text)) fail(`not understood: ${text}`);
  return /^"(.*)"$/.exec(text)?.[1] ?? text;
}

function fail(message: string): never {
  throw new Error(message);
}
