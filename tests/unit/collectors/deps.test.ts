import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { depsCollector } from "../../../watchdog/collectors/deps.ts";

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const outcomeOf = async (url: string): Promise<object> => {
  const [sample] = await depsCollector([{ name: "db", url: new URL(url) }], 2000).collect({
    wallMs: 0,
    monoMs: 0,
    signal: new AbortController().signal,
  });
  return sample?.outcome ?? assert.fail();
};

test("over tcp a connection is enough, whatever the other side says", { timeout: 10_000 }, async (t) => {
  const silent = await listening(
    t,
    createServer((socket) => socket.on("error", () => {})),
  );
  assert.deepEqual(await outcomeOf(`tcp://127.0.0.1:${silent}`), { up: true });
});

test("over http it has to answer, and well", { timeout: 10_000 }, async (t) => {
  let status = 200;
  const port = await listening(
    t,
    createHttpServer((_, response) => {
      response.writeHead(status, { connection: "close" }).end();
    }),
  );
  assert.deepEqual(await outcomeOf(`http://127.0.0.1:${port}/`), { up: true });
  status = 399;
  assert.deepEqual(await outcomeOf(`http://127.0.0.1:${port}/`), { up: true });
  status = 400;
  assert.deepEqual(await outcomeOf(`http://127.0.0.1:${port}/`), { up: false, kind: "status", reason: "400" });
});

test("where nobody listens it is down, by either", { timeout: 10_000 }, async (t) => {
  const server = createServer();
  const port = await listening(t, server);
  server.close();
  await once(server, "close");
  for (const protocol of ["tcp", "http"]) {
    const outcome = await outcomeOf(`${protocol}://127.0.0.1:${port}`);
    assert.deepEqual(
      { ...outcome, reason: "" },
      { up: false, kind: "refused", code: "ECONNREFUSED", reason: "" },
      protocol,
    );
  }
});

test("however many there are, Node has nothing to warn of", { timeout: 10_000 }, async (t) => {
  const port = await listening(
    t,
    createServer((socket) => socket.on("error", () => {})),
  );
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const deps = Array.from({ length: 15 }, (_, index) => ({
    name: `d${index}`,
    url: new URL(`tcp://127.0.0.1:${port}`),
  }));
  const { signal } = new AbortController();
  const samples = await depsCollector(deps, 2000).collect({ wallMs: 0, monoMs: 0, signal });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([samples.length, warnings], [15, []]);
});
