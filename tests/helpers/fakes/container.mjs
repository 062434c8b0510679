// Preloaded into a command (NODE_OPTIONS) so that a test decides whether it runs in a container, and in which, wherever the test runs.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";

const real = fs.existsSync;
fs.existsSync = (path) => (path === "/.dockerenv" ? process.env.FAKE_CONTAINER === "1" : real(path));
if (process.env.FAKE_HOSTNAME) os.hostname = () => process.env.FAKE_HOSTNAME;
syncBuiltinESMExports();
