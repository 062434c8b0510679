import { decimalSizeText } from "../lang/format.ts";

/** Sizes as the docker client prints them: decimal units (go-units HumanSize: 1.183GB, 24.68kB) or binary ones (BytesSize: 1.1GiB). Pure. */

/** For the terminal and the status. */
export const sizeOf = (bytes: number): string => decimalSizeText(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);

const UNITS = ["B", "K", "M", "G", "T", "P", "E"];

/** Bytes, or undefined for what is no size. `1 GB` is 10^9, `1 GiB` 2^30. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?(?:e\+?\d{1,2})?)\s*(?:([KMGTPE])(i)?)?B$/i.exec(text.trim());
  if (!match) return undefined;
  const power = UNITS.indexOf((match[2] ?? "B").toUpperCase());
  const bytes = Math.round(Number(match[1]) * (match[3] === undefined ? 1000 : 1024) ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** What `docker builder prune` says it freed: `Total reclaimed space: 1.2GB`, or buildx's `Total:  1.2GB`. The last such line counts. */
export function parseReclaimed(output: string): number | undefined {
  const lines = [...output.matchAll(/^\s*Total(?: reclaimed space)?:\s*(\S+(?: ?[KMGTPE]?i?B)?)\s*$/gim)];
  return parseSize(lines.at(-1)?.[1] ?? "");
}
