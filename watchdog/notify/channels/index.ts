import type { MessageSettings } from "../../config/areas/messages.ts";
import type { RequestSettings } from "../../config/areas/requests.ts";
import type { Channel, ChannelNeeds, Channels } from "../channel.ts";
import { openConsole } from "./console/console.ts";
import type { ChannelSettings } from "./settings.ts";
import { openTelegram } from "./telegram/telegram.ts";
import { openWebhook } from "./webhook/webhook.ts";

/** What both programs are configured with. */
type Settings = ChannelSettings & MessageSettings & RequestSettings;

/** The channel of this configuration; undefined: it has none of this kind. */
type Open = (config: Settings, needs: ChannelNeeds) => Channel | undefined;

/** The kinds of channels: the first that is configured has the messages, and the first of the others takes over while that one fails. */
const FIRST: readonly Open[] = [openTelegram];
const SECOND: readonly Open[] = [openWebhook];

/** The operator's channels; where none is configured, the log. */
export function openChannels(config: Settings, needs: ChannelNeeds): Channels {
  const [first = openConsole(config, needs)] = opened(FIRST, config, needs);
  const [second] = opened(SECOND, config, needs);
  return { first, ...(second ? { second } : {}) };
}

function opened(kinds: readonly Open[], config: Settings, needs: ChannelNeeds): Channel[] {
  return kinds.flatMap((open) => open(config, needs) ?? []);
}
