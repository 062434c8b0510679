import { LOG_FORMATS, LOG_LEVELS } from "../../log.ts";
import { one } from "../table.ts";
import { oneOf } from "../value.ts";

/** The log. */
export const LOG_VARIABLES = {
  logLevel: one("WATCHDOG_LOG_LEVEL", oneOf(...LOG_LEVELS), "info", "debug, info, warn or error"),
  logFormat: one("WATCHDOG_LOG_FORMAT", oneOf(...LOG_FORMATS), "text", "text or json, one line an event"),
};
