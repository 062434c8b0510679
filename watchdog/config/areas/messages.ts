import { DEFAULT_LANG, LANG_CODES } from "../../lang/index.ts";
import { one, optional, type Parsed } from "../table.ts";
import { oneOf, text } from "../value.ts";

/** How messages are worded. */
export const MESSAGES_VARIABLES = {
  lang: one(
    "WATCHDOG_LANG",
    oneOf(...LANG_CODES),
    DEFAULT_LANG,
    `language of the messages: ${LANG_CODES.join(" or ")}`,
  ),
  hostLabel: optional(
    "WATCHDOG_HOST_LABEL",
    text("1 to 64 printable characters", /^[^\p{C}]{1,64}$/u),
    "how messages name this host; unset: the engine's host name, else the system's",
  ),
};

export type MessageSettings = Parsed<typeof MESSAGES_VARIABLES>;
