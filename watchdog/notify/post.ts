import * as http from "node:http";
import * as https from "node:https";
import { type Answer, exchange, type Limits } from "../net/exchange.ts";

export type PostJson = (url: URL, body: unknown, limits: Limits) => Promise<Answer>;

/** `proxyEnv` of http.Agent and https.Agent, Node 24.5 and later; older runtimes ignore it. */
interface ProxyOption {
  readonly proxyEnv?: { readonly HTTP_PROXY: string; readonly HTTPS_PROXY: string };
}

/**
 * The only place of the observer that sends anything anywhere; through a proxy where one is given. Each request has a connection of
 * its own: one that was kept alive may be gone when it is used again, and of a POST nobody could tell then whether it was carried out.
 */
export function jsonPoster(proxy?: URL): PostJson {
  const proxied: ProxyOption = proxy ? { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } } : {};
  const plain = new http.Agent({ keepAlive: false, maxSockets: 1, ...proxied });
  const secure = new https.Agent({ keepAlive: false, maxSockets: 1, ...proxied });
  return (url, body, limits) => {
    const payload = JSON.stringify(body);
    // Nothing here unpacks an answer, so that none may be packed (RFC 9110, 12.5.3).
    const headers = {
      "accept-encoding": "identity",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(payload),
      "user-agent": "watchdog",
    };
    const request =
      url.protocol === "https:"
        ? https.request(url, { method: "POST", headers, agent: secure })
        : http.request(url, { method: "POST", headers, agent: plain });
    return exchange(request, limits, payload);
  };
}
