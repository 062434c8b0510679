import { hook } from "../../../config/secret.ts";
import { one, optional, type Parsed } from "../../../config/table.ts";
import { httpUrl, periodOrOff } from "../../../config/value.ts";

/** The webhook that stands in, and when. */
export const WEBHOOK_VARIABLES = {
  fallbackWebhookUrl: optional(
    "WATCHDOG_FALLBACK_WEBHOOK_URL",
    httpUrl,
    "gets the notices as JSON while Telegram fails",
    { secret: hook },
  ),
  fallbackAfterS: one(
    "WATCHDOG_FALLBACK_AFTER_S",
    periodOrOff,
    300,
    "seconds Telegram must have failed before the webhook is used",
  ),
};

export type WebhookSettings = Parsed<typeof WEBHOOK_VARIABLES>;
