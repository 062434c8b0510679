import type { Log } from "./log.ts";
import { clip, reasonOf } from "./safe.ts";

/** A fault nobody expected is logged; the loop lives on. */
export function contain(log: Log): void {
  process.on("uncaughtException", (error) =>
    log.error("unexpected fault", { reason: reasonOf(error), stack: error.stack && clip(error.stack, 2000) }),
  );
  process.on("unhandledRejection", (error) => log.error("unexpected fault", { reason: reasonOf(error) }));
}
