// Preloaded into a program (NODE_OPTIONS): one thread of its pool hangs for good, as with a file of a dead mount. Opening a FIFO
// that nobody writes does not return (fifo(7)).
import { open } from "node:fs";

if (process.env.HANG_ON !== undefined) open(process.env.HANG_ON, "r", () => {});
