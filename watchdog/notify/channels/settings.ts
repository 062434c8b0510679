import type { Parsed } from "../../config/table.ts";
import { TELEGRAM_VARIABLES } from "./telegram/settings.ts";
import { WEBHOOK_VARIABLES } from "./webhook/settings.ts";

/** The variables of every channel that has some. */
export const CHANNELS_VARIABLES = { ...TELEGRAM_VARIABLES, ...WEBHOOK_VARIABLES };

export type ChannelSettings = Parsed<typeof CHANNELS_VARIABLES>;
