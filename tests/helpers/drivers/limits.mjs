// Preloaded by the npm scripts: gives every test that sets no time limit one of its own, so that a test which waits for
// ever fails by its name. `--test-timeout` of Node 20 limits a whole file; that one ends what never yields.
import { register } from "node:module";

register(
  `data:text/javascript,${encodeURIComponent(`
  const LIMITED = ${JSON.stringify(new URL("limited-test.mjs", import.meta.url).href)};
  export function resolve(specifier, context, next) {
    return specifier === "node:test" && context.parentURL !== LIMITED ? { url: LIMITED, format: "module", shortCircuit: true } : next(specifier, context);
  }
`)}`,
);
