import type { Log } from "../log.ts";
import type { Sender } from "./sender.ts";

/** The channel while no bot is configured: each message is one line of the log. */
export function consoleSender(log: Log): Sender {
  return {
    channel: "console",
    send: (text) => {
      log.message(text.plain);
      return Promise.resolve({ kind: "delivered" });
    },
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
}
