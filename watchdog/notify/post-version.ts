import * as http from "node:http";
import type { HostPort } from "../config/value.ts";
import { exchange, isRecord, parseJson } from "../net/exchange.ts";

/** What a socket proxy did with a request that it has to refuse. */
export interface PostOutcome {
  readonly status: number;
  readonly refused: boolean;
}

/**
 * `POST /version`, which no engine acts upon: for doctor, to prove that a socket proxy refuses what the watchdog must not be able
 * to do. It takes a host and a port and nothing else, so that it cannot be aimed at a socket; method, path and the empty body are fixed.
 */
export async function postVersion({ host, port }: HostPort, deadlineMs: number): Promise<PostOutcome> {
  const request = http.request({
    method: "POST",
    host,
    port,
    path: "/version",
    agent: false,
    headers: { "user-agent": "watchdog", "content-length": 0 },
  });
  const { status, body } = await exchange(request, { deadlineMs, maxBytes: 64 * 1024 });
  return { status, refused: isRefusal(status, body) };
}

/** Only a plain no counts. An engine that was reached has no such route either, and says so with 404 or 405 and `{"message": …}`. */
function isRefusal(status: number, body: Buffer): boolean {
  if (status === 401 || status === 403) return true;
  const json = parseJson(body);
  return status === 405 && !(isRecord(json) && "message" in json);
}
