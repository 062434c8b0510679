// Which tests reach which source, by their imports.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface Graph {
  /** Tests that import it, directly or through others, without the built bundle; those that import it directly come first. */
  testsOf(path: string): { readonly direct: readonly string[]; readonly indirect: readonly string[] };
  /** Tests that run the built bundle: they see every source. */
  readonly programs: readonly string[];
}

/** The one module that starts dist/watchdog.mjs, and the tests that name a bundle themselves. */
const BUNDLE = /dist\/(?:watchdog|pruner)\.mjs|helpers\/drivers\/daemon\.ts/;
/** They need an engine, or minutes. */
const LEFT_OUT = /^tests\/(?:engine|program\/soak|mutation)\//;

export function graphOf(root: string): Graph {
  const list = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(folder, path))
      .sort();
  const files = [...list("tests"), ...list("watchdog")];
  const texts = new Map(files.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const imports = new Map(files.map((path) => [path, importsOf(path, texts.get(path) ?? "")]));
  const reached = (from: string): Map<string, number> => {
    const distance = new Map([[from, 0]]);
    // A map's keys are walked in the order of their insertion, those that are added meanwhile included.
    for (const [path, steps] of distance)
      for (const next of imports.get(path) ?? []) if (!distance.has(next)) distance.set(next, steps + 1);
    return distance;
  };
  const tests = files.filter((path) => path.endsWith(".test.ts") && !LEFT_OUT.test(path));
  const reach = new Map(tests.map((path) => [path, reached(path)]));
  const isProgram = (test: string): boolean =>
    [...(reach.get(test) ?? new Map<string, number>()).keys()].some(
      (path) => BUNDLE.test(path) || BUNDLE.test(texts.get(path) ?? ""),
    );
  const programs = tests.filter(isProgram);
  const pure = tests.filter((path) => !programs.includes(path));
  return {
    programs,
    testsOf: (path) => {
      const reaching = pure.filter((test) => reach.get(test)?.has(path));
      const isDirect = (test: string): boolean => reach.get(test)?.get(path) === 1;
      return { direct: reaching.filter(isDirect), indirect: reaching.filter((test) => !isDirect(test)) };
    },
  };
}

/** Files that it imports; what is imported as a type alone does not run. */
function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\b(?!\s+type\b)[^;]*?from\s+["'](\.[^"']+)["']/gm)].map(
    ([, target = ""]) => normalize(join(dirname(path), target)),
  );
}
