import * as http from "node:http";
import * as https from "node:https";
import { exchange, type Answer, type Limits } from "../net/exchange.ts";

export type PostJson = (url: URL, body: unknown, limits: Limits) => Promise<Answer>;

/** The only place of the observer that sends anything anywhere. One kept-alive connection. */
export function jsonPoster(): PostJson {
  const agents = { "http:": new http.Agent({ keepAlive: true, maxSockets: 1 }), "https:": new https.Agent({ keepAlive: true, maxSockets: 1 }) };
  return (url, body, limits) => {
    const payload = JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(payload), "user-agent": "watchdog" };
    const request = url.protocol === "https:"
      ? https.request(url, { method: "POST", headers, agent: agents["https:"] })
      : http.request(url, { method: "POST", headers, agent: agents["http:"] });
    return exchange(request, limits, payload);
  };
}
