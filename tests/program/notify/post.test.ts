import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type TestContext, test } from "node:test";
import { jsonPoster } from "../../../watchdog/notify/post.ts";
import { postVersion } from "../../../watchdog/notify/post-version.ts";
import { bodyOf, listen } from "../../helpers/drivers/net.ts";
import { selfSigned } from "../../helpers/fakes/certificate.ts";

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A server that notes what it is asked and answers with this. */
async function noting(
  t: TestContext,
  answer: () => { status: number; body?: string },
  tls = false,
): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const handle: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      seen.push({ method: request.method, path: request.url, headers, body });
      const { status, body: text = "" } = answer();
      response.writeHead(status).end(text);
    });
  };
  const listener = await listen(tls ? createTlsServer(selfSigned(), handle) : createServer(handle));
  t.after(() => listener.close());
  return { port: listener.port, seen };
}

for (const scheme of ["http", "https"] as const) {
  test(`a message is one POST of JSON, with its length, asking for an answer that is not packed (${scheme})`, {
    timeout: 30_000,
  }, async (t) => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    // The certificate of this test has nobody's signature; trust in it is not what is tested.
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    t.after(() =>
      before === undefined
        ? delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
        : (process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before),
    );
    const { port, seen } = await noting(t, () => ({ status: 200, body: "{}" }), scheme === "https");
    await jsonPoster()(
      new URL(`${scheme}://127.0.0.1:${port}/botX/sendMessage`),
      { text: "Größe" },
      { deadlineMs: 20_000, maxBytes: 1000 },
    );
    assert.deepEqual(seen, [
      {
        method: "POST",
        path: "/botX/sendMessage",
        body: '{"text":"Größe"}',
        headers: {
          "accept-encoding": "identity",
          "content-type": "application/json",
          "content-length": "18",
          "user-agent": "watchdog",
        },
      },
    ]);
  });
}

test("of what a socket proxy answers to POST /version, only a plain no counts as a refusal", {
  timeout: 30_000,
}, async (t) => {
  let answer: { status: number; body?: string } = { status: 200 };
  const { port, seen } = await noting(t, () => answer);
  const ask = async (status: number, body?: string): Promise<boolean> => {
    answer = { status, ...(body === undefined ? {} : { body }) };
    const outcome = await postVersion({ host: "127.0.0.1", port }, 20_000);
    assert.equal(outcome.status, status);
    return outcome.refused;
  };
  const engines = '{"message":"page not found"}';
  assert.deepEqual(
    [
      await ask(401),
      await ask(403),
      await ask(403, engines),
      await ask(405),
      await ask(405, "<html>Method Not Allowed</html>"),
      await ask(405, "{}"),
    ],
    [true, true, true, true, true, true],
  );
  assert.deepEqual(
    [
      await ask(405, engines),
      await ask(404, engines),
      await ask(404),
      await ask(200, "{}"),
      await ask(400),
      await ask(502),
    ],
    [false, false, false, false, false, false],
  );
  assert.deepEqual(seen[0], {
    method: "POST",
    path: "/version",
    headers: { "user-agent": "watchdog", "content-length": "0" },
    body: "",
  });
});
