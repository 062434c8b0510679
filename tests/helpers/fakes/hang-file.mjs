// Preloaded into a program (NODE_OPTIONS): the file HANG_FILE lies on a dead mount, so whoever looks at it waits for good: the thread of the
// event loop, or one of the pool. Opening the FIFO HANG_ON, which nobody writes, does not return (fifo(7)).
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { HANG_FILE, HANG_ON } = process.env;
const { statSync } = fs;
const { open } = fs.promises;
fs.statSync = (path, ...rest) => (path === HANG_FILE ? fs.openSync(HANG_ON, "r") : statSync(path, ...rest));
fs.promises.open = (path, ...rest) => (path === HANG_FILE ? open(HANG_ON, "r") : open(path, ...rest));
syncBuiltinESMExports();
