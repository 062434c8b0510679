import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Source {
  /** Relative to watchdog/, such as net/get.ts */
  readonly path: string;
  /** The first folder, or the file's name without .ts: what the layers are made of. */
  readonly layer: string;
  /** Without comments, so that words about a thing are not taken for the thing. */
  readonly code: string;
  /** Of other files of watchdog/, relative to it. */
  readonly imports: readonly string[];
  /** Of Node's modules, such as node:fs. */
  readonly builtins: readonly string[];
}

/** Every source of watchdog/. */
export function readSources(): Source[] {
  const folder = join(ROOT, "watchdog");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(folder, path), "utf8");
      const targets = [...text.matchAll(/\bfrom\s+["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g)].map(
        (match) => match[1] ?? match[2] ?? "",
      );
      return {
        path,
        layer: layerOf(path),
        code: withoutComments(text),
        imports: targets
          .filter((target) => target.startsWith("."))
          .map((target) => normalize(join(dirname(path), target))),
        builtins: targets.filter((target) => !target.startsWith(".")),
      };
    });
}

export function layerOf(path: string): string {
  // What a channel can be told stands in its folder, and is parsed before anything that it configures exists.
  if (/^notify\/channels\/(?:\w+\/)?settings\.ts$/.test(path)) return "config";
  return (path.split("/")[0] ?? path).replace(/\.ts$/, "");
}

/** Block comments, and line comments that stand at the beginning of a line or after a blank; a `//` of a URL stays. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}
