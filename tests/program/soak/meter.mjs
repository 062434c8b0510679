// Preloaded into the daemon (NODE_OPTIONS): on SIGUSR2 it collects garbage and writes what memory is left to the file SOAK_METER.
import fs from "node:fs";
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc");

process.on("SIGUSR2", () => {
  for (let round = 0; round < 3; round += 1) gc();
  const { heapUsed, rss, external } = process.memoryUsage();
  fs.writeFileSync(`${process.env.SOAK_METER}.half`, JSON.stringify({ heapUsed: heapUsed + external, rss }));
  fs.renameSync(`${process.env.SOAK_METER}.half`, process.env.SOAK_METER);
});
