import * as http from "node:http";
import * as https from "node:https";
import { exchange, type Answer, type Limits } from "./exchange.ts";

/** Where to GET from: a URL, or a path on a unix socket or TCP host. */
export type GetTarget =
  | { readonly url: URL }
  | { readonly socketPath: string; readonly path: string; readonly agent: http.Agent }
  | { readonly host: string; readonly port: number; readonly path: string; readonly agent: http.Agent };

/** The observer's only way to ask: the method is fixed here. node:http rather than fetch, which costs about 9 MB of resident memory. */
export async function get(target: GetTarget, limits: Limits): Promise<Answer> {
  const request = open(target);
  try {
    return await exchange(request, limits);
  } catch (error) {
    // A kept-alive connection that the peer closed just as we used it; nothing was answered, so a GET may be asked anew.
    const code = (error as NodeJS.ErrnoException).code;
    if (request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE")) return exchange(open(target), limits);
    throw error;
  }
}

function open(target: GetTarget): http.ClientRequest {
  const common = { method: "GET", headers: { accept: "application/json, */*;q=0.5", "user-agent": "watchdog" } } as const;
  if ("url" in target) {
    // A connection of its own each time: whether one can be made is part of the question.
    const module = target.url.protocol === "https:" ? https : http;
    return module.request(target.url, { ...common, agent: false });
  }
  if ("socketPath" in target) return http.request({ ...common, socketPath: target.socketPath, path: target.path, agent: target.agent, headers: { ...common.headers, host: "docker" } });
  return http.request({ ...common, host: target.host, port: target.port, path: target.path, agent: target.agent });
}
