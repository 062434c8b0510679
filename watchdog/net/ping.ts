import * as http from "node:http";
import * as https from "node:https";
import { createConnection, type Socket } from "node:net";
import { MAX_TIMER_MS } from "../clock.ts";
import { codedError, DEADLINE_CODE } from "./exchange.ts";

export interface Pong {
  readonly status: number;
  /** When the server's certificate ends, in wall time; over https only. */
  readonly certificateEndsMs?: number;
}

/** Asks with GET and resolves as soon as the headers are there; the body is not read. Rejects with Node's error or code DEADLINE. */
export function pingHttp(url: URL, deadlineMs: number, signal: AbortSignal): Promise<Pong> {
  return withDeadline(deadlineMs, signal, (done, fail) => {
    const module = url.protocol === "https:" ? https : http;
    const request = module.request(url, {
      method: "GET",
      agent: false,
      headers: { accept: "*/*", "user-agent": "watchdog" },
    });
    request.on("error", fail);
    request.on("response", ({ statusCode, socket }) => done({ status: statusCode ?? 0, ...certificateEnd(socket) }));
    request.end();
    return () => request.destroy();
  });
}

/** A TLS socket knows its peer's certificate; told by its method, so that node:tls itself is not needed. */
function certificateEnd(socket: Socket & { readonly getPeerCertificate?: () => { readonly valid_to?: string } }): {
  certificateEndsMs?: number;
} {
  const endsMs = Date.parse(socket.getPeerCertificate?.().valid_to ?? "");
  return Number.isNaN(endsMs) ? {} : { certificateEndsMs: endsMs };
}

/** Resolves once a TCP connection stands, and closes it. */
export function pingTcp(host: string, port: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
  return withDeadline(deadlineMs, signal, (done, fail) => {
    const socket = createConnection({ host, port });
    socket.on("error", fail);
    socket.on("connect", () => done(undefined));
    return () => socket.destroy();
  });
}

function withDeadline<T>(
  deadlineMs: number,
  signal: AbortSignal,
  begin: (done: (value: T) => void, fail: (error: Error) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      act();
      // Deferred, because a failure may be reported before `begin` has returned.
      queueMicrotask(() => close());
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(codedError("ABORTED", "stopped"));
    const timer = setTimeout(
      () => fail(codedError(DEADLINE_CODE, `no answer within ${deadlineMs / 1000} s`)),
      Math.min(deadlineMs, MAX_TIMER_MS),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    const close = begin((value) => settle(() => resolve(value)), fail);
  });
}
