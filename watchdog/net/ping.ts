import * as http from "node:http";
import * as https from "node:https";
import { createConnection } from "node:net";
import { MAX_TIMER_MS } from "../clock.ts";
import { codedError, DEADLINE_CODE } from "./exchange.ts";

/** Asks with GET and resolves with the status as soon as the headers are there; the body is not read. Rejects with Node's error or code DEADLINE. */
export function pingHttp(url: URL, deadlineMs: number, signal: AbortSignal): Promise<number> {
  return withDeadline(deadlineMs, signal, (done, fail) => {
    const module = url.protocol === "https:" ? https : http;
    const request = module.request(url, { method: "GET", agent: false, headers: { accept: "*/*", "user-agent": "watchdog" } });
    request.on("error", fail);
    request.on("response", (response) => done(response.statusCode ?? 0));
    request.end();
    return () => request.destroy();
  });
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

function withDeadline<T>(deadlineMs: number, signal: AbortSignal, begin: (done: (value: T) => void, fail: (error: Error) => void) => () => void): Promise<T> {
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
    const timer = setTimeout(() => fail(codedError(DEADLINE_CODE, `no answer within ${deadlineMs / 1000} s`)), Math.min(deadlineMs, MAX_TIMER_MS));
    signal.addEventListener("abort", onAbort, { once: true });
    const close = begin((value) => settle(() => resolve(value)), fail);
  });
}
