import { Agent } from "node:http";
import type { HostPort } from "../config/value.ts";
import { get } from "../net/get.ts";
import { reasonOf } from "../safe.ts";

export interface HealthResult {
  readonly exitCode: 0 | 1;
  readonly text: string;
}

const DEADLINE_MS = 4000;

export interface HealthSettings {
  readonly enabled: boolean;
  readonly statusAddr: HostPort | undefined;
}

/** For the image's HEALTHCHECK: asks the daemon's own /healthz. `isOurs` tells it from another program's on the same address. */
export async function healthcheck(
  { enabled, statusAddr }: HealthSettings,
  killSwitch = "WATCHDOG_ENABLED",
  isOurs: (body: string) => boolean = () => true,
): Promise<HealthResult> {
  if (!enabled) return { exitCode: 0, text: `switched off by ${killSwitch}` };
  if (!statusAddr)
    return { exitCode: 0, text: "the status server is off (WATCHDOG_STATUS_ADDR is empty), so nothing can be checked" };
  // A server that listens on all addresses is asked on loopback.
  const host = statusAddr.host === "0.0.0.0" ? "127.0.0.1" : statusAddr.host === "::" ? "::1" : statusAddr.host;
  try {
    const answer = await get(
      { host, port: statusAddr.port, path: "/healthz", agent: new Agent() },
      { deadlineMs: DEADLINE_MS, maxBytes: 64 * 1024 },
    );
    const text = answer.body.toString("utf8").trim();
    if (!isOurs(text))
      return {
        exitCode: 1,
        text: `${host}:${statusAddr.port} is answered by another program; WATCHDOG_STATUS_ADDR must be free for each of them`,
      };
    return { exitCode: answer.status === 200 ? 0 : 1, text };
  } catch (error) {
    return { exitCode: 1, text: `no answer from ${host}:${statusAddr.port}: ${reasonOf(error)}` };
  }
}
