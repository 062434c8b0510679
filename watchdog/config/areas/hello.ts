import { one } from "../table.ts";
import { flag } from "../value.ts";

/** The first message after a start. */
export const HELLO_VARIABLES = {
  hello: one("WATCHDOG_HELLO", flag, false, "say one message on start: version, what is watched, problems"),
};
