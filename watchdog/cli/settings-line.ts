import type { MessageSettings } from "../config/areas/messages.ts";
import type { SilenceSettings } from "../config/areas/silence.ts";
import type { Config } from "../config/variables.ts";
import type { Fields, Log } from "../log.ts";
import type { Channel } from "../notify/channel.ts";

/** What counts from now on, as fields of one line: periods, the limits that are on, where is looked. No URL is among them, because URLs hold secrets. */
export function settingsOf(config: Config): Fields {
  const { dockerTarget: docker, statusAddr } = config;
  const listed = (parts: readonly string[]): string | undefined =>
    parts.length === 0 ? undefined : parts.slice(0, 20).join(",") + (parts.length > 20 ? `,+${parts.length - 20}` : "");
  return {
    enabled: config.enabled,
    intervalS: config.intervalS,
    cooldownS: config.cooldownS,
    ...(config.memEnabled ? { memPct: config.memPct } : {}),
    ...(config.diskEnabled
      ? { diskPct: config.diskPct, ...(config.diskInodePct > 0 ? { inodePct: config.diskInodePct } : {}) }
      : {}),
    ...(config.diskCritEnabled ? { diskCritPct: config.diskCritPct } : {}),
    ...(config.diskForecastH > 0 ? { forecastH: config.diskForecastH } : {}),
    disks: listed(config.diskPaths.map(({ label, path }) => `${label}=${path}`)),
    docker: docker && ("socketPath" in docker ? docker.socketPath : `tcp://${docker.host}:${docker.port}`),
    containers: listed(config.containers),
    deps: listed(config.deps.map(({ name }) => name)),
    ...(config.procEnabled ? { procRoot: config.procRoot, procAgeMin: config.procAgeMin } : {}),
    stateFile: config.stateFile,
    status: statusAddr && `${statusAddr.host}:${statusAddr.port}`,
  };
}

/** Where messages go, and what is kept silent. */
export function logChannel(config: MessageSettings & SilenceSettings, { name, where }: Channel, log: Log): void {
  log.info("messages go to", {
    channel: name,
    lang: config.lang,
    ...where,
  });
  if (config.mute.length > 0) log.info("muted by WATCHDOG_MUTE", { patterns: config.mute.join(" ") });
}
