import { CHANNELS_VARIABLES } from "../notify/channels/settings.ts";
import { ALERTS_VARIABLES } from "./areas/alerts.ts";
import { BLIND_VARIABLES } from "./areas/blind.ts";
import { CONTAINERS_VARIABLES } from "./areas/containers.ts";
import { DEPS_VARIABLES } from "./areas/deps.ts";
import { DIGEST_VARIABLES } from "./areas/digest.ts";
import { DISK_VARIABLES } from "./areas/disk.ts";
import { ENGINE_VARIABLES } from "./areas/engine.ts";
import { HEARTBEAT_VARIABLES } from "./areas/heartbeat.ts";
import { HELLO_VARIABLES } from "./areas/hello.ts";
import { LEVELS_VARIABLES } from "./areas/levels.ts";
import { LOG_VARIABLES } from "./areas/log.ts";
import { LOOP_VARIABLES } from "./areas/loop.ts";
import { MEMORY_VARIABLES } from "./areas/memory.ts";
import { MESSAGES_VARIABLES } from "./areas/messages.ts";
import { METRICS_VARIABLES } from "./areas/metrics.ts";
import { PROC_VARIABLES } from "./areas/proc.ts";
import { REQUESTS_VARIABLES } from "./areas/requests.ts";
import { SILENCE_VARIABLES } from "./areas/silence.ts";
import { STATE_VARIABLES } from "./areas/state.ts";
import { STATUS_VARIABLES } from "./areas/status.ts";
import type { Parsed, Variables } from "./table.ts";

/** The one list of the watchdog's areas, in the order in which --help shows their variables. */
export const VARIABLES = {
  ...LOOP_VARIABLES,
  ...REQUESTS_VARIABLES,
  ...MESSAGES_VARIABLES,
  ...HELLO_VARIABLES,
  ...LOG_VARIABLES,
  ...CHANNELS_VARIABLES,
  ...HEARTBEAT_VARIABLES,
  ...STATE_VARIABLES,
  ...SILENCE_VARIABLES,
  ...ALERTS_VARIABLES,
  ...METRICS_VARIABLES,
  ...MEMORY_VARIABLES,
  ...DISK_VARIABLES,
  ...LEVELS_VARIABLES,
  ...ENGINE_VARIABLES,
  ...CONTAINERS_VARIABLES,
  ...DEPS_VARIABLES,
  ...DIGEST_VARIABLES,
  ...BLIND_VARIABLES,
  ...PROC_VARIABLES,
  ...STATUS_VARIABLES,
} satisfies Variables;

/** Every setting, parsed and in range. Durations keep the unit of their variable, which the name ends with. */
export type Config = Parsed<typeof VARIABLES>;
