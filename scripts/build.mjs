// Bundles each program into one self-contained file: dist/<name>.mjs runs on Node >= 20 with no node_modules.

import { readFileSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

await build({
  absWorkingDir: new URL("..", import.meta.url).pathname,
  entryPoints: { watchdog: "watchdog/main.ts", pruner: "watchdog/pruner/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  // Names and file markers are kept: tests read the bundle to prove what it cannot do, and stack traces stay readable.
  minify: false,
  legalComments: "none",
  define: { __VERSION__: JSON.stringify(version) },
});
