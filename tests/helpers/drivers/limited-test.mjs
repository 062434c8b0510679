// node:test, whose tests have a time limit: their own, that of the suite around them, or this one.
import * as real from "node:test";

export * from "node:test";

/** The slowest test takes 20 s on two idle cores. */
const LIMIT_MS = Number(process.env.TEST_LIMIT_MS ?? 180_000);

let suiteHasLimit = false;

/** `(name?, options?, fn?)` with a limit in the options; what encloses other tests passes its own on to them. */
function limited(declare, isSuite) {
  return (...args) => {
    const name = typeof args[0] === "string" ? args[0] : undefined;
    const options = args.find((arg) => typeof arg === "object" && arg !== null) ?? {};
    const fn = args.find((arg) => typeof arg === "function");
    const given = [...(name === undefined ? [] : [name])];
    if (!isSuite)
      return declare(
        ...given,
        suiteHasLimit || options.timeout !== undefined ? options : { ...options, timeout: LIMIT_MS },
        fn,
      );
    const run =
      fn &&
      ((...context) => {
        const outer = suiteHasLimit;
        suiteHasLimit ||= options.timeout !== undefined;
        try {
          return fn(...context);
        } finally {
          suiteHasLimit = outer;
        }
      });
    return declare(...given, options, run);
  };
}

function family(declare, isSuite) {
  return Object.assign(
    limited(declare, isSuite),
    Object.fromEntries(["skip", "todo", "only"].map((kind) => [kind, limited(declare[kind], isSuite)])),
  );
}

export const test = family(real.test, false);
export const it = family(real.it, false);
export const describe = family(real.describe, true);
export const suite = family(real.suite, true);
export default Object.assign(family(real.default, false), { ...real, test, it, describe, suite });
