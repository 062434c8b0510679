import { Agent } from "node:http";
import type { Config } from "../config/variables.ts";
import { get } from "../net/get.ts";
import { reasonOf } from "../safe.ts";

export interface HealthResult {
  readonly exitCode: 0 | 1;
  readonly text: string;
}

const DEADLINE_MS = 4000;

/** For the image's HEALTHCHECK: asks the daemon's own /healthz. */
export async function healthcheck({ enabled, statusAddr }: Config): Promise<HealthResult> {
  if (!enabled) return { exitCode: 0, text: "switched off by WATCHDOG_ENABLED" };
  if (!statusAddr) return { exitCode: 0, text: "the status server is off (WATCHDOG_STATUS_ADDR is empty), so nothing can be checked" };
  // A server that listens on all addresses is asked on loopback.
  const host = statusAddr.host === "0.0.0.0" ? "127.0.0.1" : statusAddr.host === "::" ? "::1" : statusAddr.host;
  try {
    const answer = await get({ host, port: statusAddr.port, path: "/healthz", agent: new Agent() }, { deadlineMs: DEADLINE_MS, maxBytes: 64 * 1024 });
    return { exitCode: answer.status === 200 ? 0 : 1, text: answer.body.toString("utf8").trim() };
  } catch (error) {
    return { exitCode: 1, text: `no answer from ${host}:${statusAddr.port}: ${reasonOf(error)}` };
  }
}
