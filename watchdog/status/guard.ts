import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** Who may ask. Pure. */

/** The host part of a Host header, in lower case, without port and brackets; undefined: there is none, or it is not one. */
export function hostOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(header ?? "");
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, "");
}

/**
 * Whether a request really means us. A name that somebody else's DNS lets point here (DNS rebinding) would let a web page read
 * the answers in its own origin; an address, a name of loopback and the name we listen on cannot be forged that way.
 */
export function isOurHost(header: string | undefined, boundHost: string): boolean {
  const host = hostOf(header);
  if (host === undefined) return false;
  return host === "localhost" || host.endsWith(".localhost") || isIP(host) !== 0 || host === boundHost.toLowerCase();
}

/** Whether the request carries the token, as `Authorization: Bearer …` or `?token=…`. Compared in constant time. */
export function hasToken(authorization: string | undefined, query: string, token: string): boolean {
  const bearer = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const decoded = new URLSearchParams(query).get("token") ?? "";
  // As it stands too: a token with + or % is typed into the address bar as it is.
  const typed = /(?:^|[?&])token=([^&]*)/.exec(query)?.[1] ?? "";
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const matches = (given: string): boolean => timingSafeEqual(digest(given), digest(token)) && given !== "";
  return (bearer === undefined ? [decoded, typed] : [bearer]).some(matches);
}
