import { optional } from "../table.ts";
import { dailyTime } from "../value.ts";

/** The daily digest. */
export const DIGEST_VARIABLES = {
  digestAt: optional(
    "WATCHDOG_DIGEST_AT",
    dailyTime,
    "daily digest at this time, such as 09:00 Europe/Moscow; unset: none",
  ),
};
