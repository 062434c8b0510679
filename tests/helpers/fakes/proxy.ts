import * as http from "node:http";
import { freePort, type Listener, listen } from "../drivers/net.ts";

/** What a socket proxy does with anything but GET. */
export type ProxyManner = "forbids" | "method not allowed" | "lets through" | "podman" | "hangs";

export interface FakeProxy {
  readonly url: string;
  readonly port: number;
  /** Methods and paths other than GET. */
  readonly others: readonly string[];
  manner: ProxyManner;
  /** GET is forbidden as well. */
  forbidsReading: boolean;
  refuse(): Promise<void>;
  close(): Promise<void>;
}

/** A socket proxy in front of a fake engine: GET passes, anything else meets its manner. */
export async function fakeProxy(socketPath: string): Promise<FakeProxy> {
  const others: string[] = [];
  const state = { manner: "forbids" as ProxyManner, forbidsReading: false };
  const answer = (response: http.ServerResponse, status: number, type: string, body: string): void => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
  const notGet = (response: http.ServerResponse): void => {
    switch (state.manner) {
      case "forbids":
        return answer(response, 403, "text/html", "<html><body><h1>403 Forbidden</h1></body></html>");
      case "method not allowed":
        return answer(response, 405, "text/plain", "method not allowed");
      // The words of an engine that has no such route.
      case "lets through":
        return answer(response, 404, "application/json", '{"message":"page not found"}\n');
      case "podman":
        return answer(response, 405, "application/json", '{"cause":"","message":"Method Not Allowed","response":405}');
      case "hangs":
        return;
      default:
        state.manner satisfies never;
    }
  };
  const port = await freePort();
  let listener: Listener | undefined = await listen(
    http.createServer((request, response) => {
      const { method = "", url: path = "" } = request;
      if (method !== "GET") {
        others.push(`${method} ${path}`);
        return notGet(response);
      }
      if (state.forbidsReading)
        return answer(response, 403, "text/html", "<html><body><h1>403 Forbidden</h1></body></html>");
      const asked = http.request({ socketPath, method, path, agent: false }, (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, { "content-type": "application/json" });
        upstream.pipe(response);
      });
      asked.on("error", () =>
        answer(response, 503, "text/html", "<html><body><h1>503 Service Unavailable</h1></body></html>"),
      );
      asked.end();
    }),
    { port },
  );
  const refuse = async (): Promise<void> => {
    const open = listener;
    listener = undefined;
    await open?.close();
  };
  return Object.assign(state, { url: `tcp://127.0.0.1:${port}`, port, others, refuse, close: refuse });
}
