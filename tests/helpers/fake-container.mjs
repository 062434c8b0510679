// Preloaded into a command (NODE_OPTIONS) so that a test decides whether it runs in a container, wherever the test runs.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const real = fs.existsSync;
fs.existsSync = (path) => (path === "/.dockerenv" ? process.env.FAKE_CONTAINER === "1" : real(path));
syncBuiltinESMExports();
