import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "../drivers/temp-dir.ts";

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An engine on a unix socket that remembers every request; what `answer` does not know is 404. */
export async function fakeEngine(
  t: TestContext,
  answer: (path: string) => FakeAnswer | undefined,
): Promise<{ socketPath: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    const { status, body } = answer(request.url ?? "") ?? { status: 404, body: { message: "page not found" } };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  const socketPath = join(tempDir(t), "docker.sock");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { socketPath, requests };
}
