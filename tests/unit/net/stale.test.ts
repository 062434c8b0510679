import assert from "node:assert/strict";
import { Agent } from "node:http";
import { createServer, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { get } from "../../../watchdog/net/get.ts";
import { jsonPoster } from "../../../watchdog/notify/post.ts";

const GOOD = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}";
const LIMITS = { deadlineMs: 5000, maxBytes: 1000 };

interface Peer {
  readonly port: number;
  /** Requests by connection, in the order in which the connections were made. */
  readonly asked: number[];
}

/** Answers the first request of each connection; `reused` is what every later one meets. */
async function peerThat(t: TestContext, reused: (socket: Socket) => void): Promise<Peer> {
  const sockets = new Set<Socket>();
  const asked: number[] = [];
  const server = createServer((socket) => {
    const index = asked.push(0) - 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => {
      asked[index] = (asked[index] ?? 0) + 1;
      if (asked[index] === 1) socket.write(GOOD);
      else reused(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, asked };
}

const ON_REUSE: Readonly<Record<string, (socket: Socket) => void>> = {
  "is reset": (socket) => socket.resetAndDestroy(),
  "is closed": (socket) => socket.end(),
  "is cut in the middle of the answer": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nhalf");
    setImmediate(() => socket.resetAndDestroy());
  },
  "still holds the rest of something else": (socket) => socket.end("</html>\r\n"),
  "is given up with 408": (socket) =>
    socket.end("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
};

for (const [what, reused] of Object.entries(ON_REUSE)) {
  test(`a GET whose kept-alive connection ${what} is asked anew on a fresh one, however many idle ones there are`, {
    timeout: 20_000,
  }, async (t) => {
    const { port, asked } = await peerThat(t, reused);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    t.after(() => agent.destroy());
    const target = { host: "127.0.0.1", port, path: "/containers/json", agent };
    // The inspects of one tick leave eight idle connections to the next.
    await Promise.all(Array.from({ length: 8 }, () => get(target, LIMITS)));
    for (let round = 0; round < 6; round += 1) assert.equal((await get(target, LIMITS)).status, 200);
    assert.ok(asked.filter((count) => count > 1).length >= 6, "connections were reused");
  });
}

test("a GET on a fresh connection that is reset is not asked twice", { timeout: 20_000 }, async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {});
    socket.on("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  const target = {
    host: "127.0.0.1",
    port: typeof address === "object" && address ? address.port : 0,
    path: "/",
    agent: new Agent({ keepAlive: true }),
  };
  await assert.rejects(get(target, LIMITS), { code: "ECONNRESET" });
  assert.equal(connections, 1);
});

test("both attempts share one deadline", { timeout: 20_000 }, async (t) => {
  let connections = 0;
  // The first connection answers once and dies late in the second request; the one after it never answers.
  const server = createServer((socket) => {
    const isFirst = (connections += 1) === 1;
    let requests = 0;
    socket.on("error", () => {});
    socket.on("data", () => {
      requests += 1;
      if (isFirst && requests === 1) socket.write(GOOD);
      else if (isFirst) setTimeout(() => socket.resetAndDestroy(), 700);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    agent.destroy();
  });
  const agent = new Agent({ keepAlive: true });
  const address = server.address();
  const target = {
    host: "127.0.0.1",
    port: typeof address === "object" && address ? address.port : 0,
    path: "/",
    agent,
  };
  await get(target, LIMITS);
  const startedAt = performance.now();
  await assert.rejects(get(target, { ...LIMITS, deadlineMs: 1000 }), { code: "DEADLINE" });
  const tookMs = performance.now() - startedAt;
  assert.equal(connections, 2, "it was tried again");
  assert.ok(tookMs < 1500, `${Math.round(tookMs)} ms: the second attempt has what the first one left`);
});

test("a POST never goes out on a connection that was used before, so that a peer which resets those loses no message", {
  timeout: 20_000,
}, async (t) => {
  const { port, asked } = await peerThat(t, (socket) => socket.resetAndDestroy());
  const post = jsonPoster();
  for (let round = 0; round < 3; round += 1)
    assert.equal((await post(new URL(`http://127.0.0.1:${port}/`), { round }, LIMITS)).status, 200);
  assert.equal(asked.length, 3);
});
