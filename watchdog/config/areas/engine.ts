import { optional, type Parsed } from "../table.ts";
import { dockerTarget } from "../value.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

/** Where the Docker engine is. */
export const ENGINE_VARIABLES = {
  dockerTarget: {
    ...optional(
      "WATCHDOG_DOCKER_SOCK",
      dockerTarget,
      "socket of the Docker engine, or tcp://host:port of a socket proxy; empty = off",
    ),
    fallback: () => ({ socketPath: DEFAULT_SOCKET }),
    shown: DEFAULT_SOCKET,
    emptyMeans: { value: undefined },
  },
};

export type EngineSettings = Parsed<typeof ENGINE_VARIABLES>;
