import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp } from "node:net";
import { type Listener, listen } from "../drivers/net.ts";
import { selfSigned } from "./certificate.ts";

/** A service that others depend on: it answers with `status`, or not at all. */
export interface FakeDependency {
  readonly url: string;
  readonly port: number;
  status: number;
  /** Accepts and never answers. */
  hangs: boolean;
  /** Reads the request and closes the connection. */
  hangsUp: boolean;
  requests(): number;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function fakeDependency(scheme: "http" | "https" | "tcp" = "http", port = 0): Promise<FakeDependency> {
  let requests = 0;
  const state = { status: 200, hangs: false, hangsUp: false };
  const answer: Parameters<typeof createHttp>[1] = (_request, response) => {
    requests += 1;
    if (state.hangs) return;
    if (state.hangsUp) return void response.destroy();
    response.writeHead(state.status);
    response.end();
  };
  const create = (): Parameters<typeof listen>[0] => {
    if (scheme === "tcp") return createTcp(() => (requests += 1));
    return scheme === "https" ? createHttps(selfSigned(), answer) : createHttp(answer);
  };
  const first = await listen(create(), { port });
  let listener: Listener | undefined = first;
  const refuse = async (): Promise<void> => {
    const open = listener;
    listener = undefined;
    await open?.close();
  };
  return Object.assign(state, {
    url: `${scheme}://127.0.0.1:${first.port}`,
    port: first.port,
    refuse,
    close: refuse,
    requests: () => requests,
    accept: async () => {
      listener ??= await listen(create(), { port: first.port });
    },
  });
}
