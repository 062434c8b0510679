import * as http from "node:http";
import * as https from "node:https";
import { type Answer, exchange, isRefusal, type Limits } from "./exchange.ts";

/** Where to GET from: a URL, or a path on a unix socket or TCP host. */
export type GetTarget =
  | { readonly url: URL }
  | { readonly socketPath: string; readonly path: string; readonly agent: http.Agent }
  | { readonly host: string; readonly port: number; readonly path: string; readonly agent: http.Agent };

/**
 * The observer's only way to ask: the method is fixed here. node:http rather than fetch, which costs about 9 MB of resident memory.
 * What a kept-alive connection does when it is used again says little about the peer: it may have been closed meanwhile, or an old
 * answer may still stand in it. So a GET that failed there is asked once more, on a connection of its own, in what is left of the time.
 */
export async function get(target: GetTarget, limits: Limits): Promise<Answer> {
  const startedAt = performance.now();
  const again = (): Promise<Answer> =>
    exchange(open(target, true), {
      ...limits,
      deadlineMs: Math.max(0, limits.deadlineMs - (performance.now() - startedAt)),
    });
  const request = open(target, false);
  try {
    const answer = await exchange(request, limits);
    // 408 means that the server had given the idle connection up (RFC 9110, 15.5.9): it was no answer to this request.
    return answer.status === 408 && request.reusedSocket ? await again() : answer;
  } catch (error) {
    if (request.reusedSocket && !isRefusal(error)) return again();
    throw error;
  }
}

/** `agent: false` is a connection for this request alone. */
function open(target: GetTarget, alone: boolean): http.ClientRequest {
  const common = {
    method: "GET",
    headers: { accept: "application/json, */*;q=0.5", "user-agent": "watchdog" },
  } as const;
  if ("url" in target) {
    // A connection of its own each time: whether one can be made is part of the question.
    const module = target.url.protocol === "https:" ? https : http;
    return module.request(target.url, { ...common, agent: false });
  }
  const agent = alone ? false : target.agent;
  if ("socketPath" in target)
    return http.request({
      ...common,
      socketPath: target.socketPath,
      path: target.path,
      agent,
      headers: { ...common.headers, host: "docker" },
    });
  return http.request({ ...common, host: target.host, port: target.port, path: target.path, agent });
}
