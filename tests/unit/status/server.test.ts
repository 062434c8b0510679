import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import test, { type TestContext } from "node:test";
import { hasToken, hostOf, isOurHost } from "../../../watchdog/status/guard.ts";
import { type Guards, jsonAnswer, startStatusServer } from "../../../watchdog/status/server.ts";
import { freePort } from "../../helpers/drivers/net.ts";

const TOKEN = "a-token+with/odd=signs";

interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
type Ask = (path: string, options?: { method?: string; headers?: Readonly<Record<string, string>> }) => Promise<Got>;

async function serve(t: TestContext, guards: Guards = {}): Promise<{ ask: Ask; port: number }> {
  const port = await freePort();
  const server = await startStatusServer(
    { host: "127.0.0.1", port },
    {
      "/": () => ({ status: 200, type: "text/html", body: "the page" }),
      "/healthz": () => jsonAnswer(200, "well"),
      "/broken": () => {
        throw new Error("a fault");
      },
    },
    guards,
  );
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const ask: Ask = (path, { method = "GET", headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
        let body = "";
        answer
          .setEncoding("utf8")
          .on("data", (text: string) => (body += text))
          .on("end", () => resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers }));
      });
      sent.on("error", reject).end();
    });
  return { ask, port };
}

test("only GET and HEAD are answered, HEAD without a body", async (t) => {
  const { ask } = await serve(t);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
    for (const path of ["/", "/healthz"])
      assert.deepEqual(
        [(await ask(path, { method })).status, (await ask(path, { method })).headers["allow"]],
        [405, "GET, HEAD"],
        `${method} ${path}`,
      );
  }
  const head = await ask("/", { method: "HEAD" });
  assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", "8"]);
});

test("whatever is answered may not be kept, framed, guessed at or embedded", async (t) => {
  const { ask } = await serve(t);
  for (const path of ["/", "/healthz", "/nothing", "/broken"]) {
    const { headers } = await ask(path);
    assert.deepEqual(
      [
        headers["cache-control"],
        headers["x-content-type-options"],
        headers["x-frame-options"],
        headers["referrer-policy"],
        headers["cross-origin-resource-policy"],
      ],
      ["no-store", "nosniff", "DENY", "no-referrer", "same-origin"],
      path,
    );
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
    assert.equal(headers["access-control-allow-origin"], undefined);
    assert.equal(headers["server"] ?? headers["x-powered-by"], undefined);
  }
});

test("a name that somebody else's DNS could point here is refused, but for the healthcheck", async (t) => {
  const { ask } = await serve(t);
  for (const host of [
    "evil.example",
    "evil.example:9876",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "watchdog",
    "[::1",
    "a b",
    "user@127.0.0.1",
  ]) {
    assert.equal((await ask("/", { headers: { host } })).status, 421, JSON.stringify(host));
    assert.equal((await ask("/healthz", { headers: { host } })).status, 200, JSON.stringify(host));
  }
  for (const host of [
    "localhost",
    "LOCALHOST:9876",
    "127.0.0.1",
    "127.0.0.1:1",
    "[::1]:9876",
    "192.168.1.7:9876",
    "watchdog.localhost",
    "localhost.",
  ]) {
    assert.equal((await ask("/", { headers: { host } })).status, 200, host);
  }
});

test("the name that it was told to listen on is its own", () => {
  assert.equal(isOurHost("build-1.lan:9876", "build-1.lan"), true);
  assert.equal(isOurHost("BUILD-1.LAN", "build-1.lan"), true);
  assert.equal(isOurHost("build-2.lan", "build-1.lan"), false);
  assert.equal(isOurHost(undefined, "build-1.lan"), false);
  assert.deepEqual(
    [hostOf("[FE80::1]:80"), hostOf("x:"), hostOf("x:999999"), hostOf("x.")],
    ["fe80::1", undefined, undefined, "x"],
  );
});

test("a request without a Host, as of HTTP/1.0, gets the healthcheck alone", async (t) => {
  const { port } = await serve(t);
  const raw = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let got = "";
      const socket = connect(port, "127.0.0.1", () => socket.end(text))
        .setEncoding("utf8")
        .on("data", (part: string) => (got += part))
        .on("close", () => resolve(got));
    });
  assert.match(await raw("GET /healthz HTTP/1.0\r\n\r\n"), / 200 OK/);
  assert.match(await raw("GET / HTTP/1.0\r\n\r\n"), / 421 /);
  assert.match(await raw("GET / HTTP/1.1\r\nHost:\r\n\r\n"), / 421 /);
  assert.match(await raw("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), / 404 /);
});

test("with a token everything but the healthcheck asks for it", async (t) => {
  const { ask } = await serve(t, { token: TOKEN, needsToken: "open /?token=…" });
  const bearer = (token: string): { headers: Record<string, string> } => ({
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal((await ask("/healthz")).status, 200);
  for (const path of [
    "/",
    "/nothing",
    "/broken",
    "/?token=",
    "/?token=wrong",
    "/?token",
    `/?Token=${encodeURIComponent(TOKEN)}`,
  ]) {
    const { status, body, headers } = await ask(path);
    assert.deepEqual(
      [status, body, headers["www-authenticate"]],
      [401, "open /?token=…\n", 'Bearer realm="watchdog"'],
      path,
    );
  }
  for (const token of ["", "wrong", TOKEN.slice(0, -1), `${TOKEN}x`])
    assert.equal((await ask("/", bearer(token))).status, 401, token);
  assert.equal((await ask("/", { headers: { authorization: `Basic ${TOKEN}` } })).status, 401);
  assert.equal((await ask("/", bearer(TOKEN))).status, 200);
  assert.equal((await ask("/", { headers: { authorization: `bearer ${TOKEN}` } })).status, 200);
  assert.equal((await ask(`/?token=${encodeURIComponent(TOKEN)}`)).status, 200);
  assert.equal((await ask(`/?token=${TOKEN}`)).status, 200, "as it is typed");
  assert.equal((await ask(`/?a=b&token=${encodeURIComponent(TOKEN)}`, { method: "HEAD" })).status, 200);
});

test("who has the token may use any name; who has not is still told nothing under a foreign one", async (t) => {
  const { ask } = await serve(t, { token: TOKEN });
  assert.equal((await ask("/", { headers: { host: "watchdog:9876", authorization: `Bearer ${TOKEN}` } })).status, 200);
  assert.equal((await ask("/", { headers: { host: "watchdog:9876" } })).status, 421);
});

test("an empty token, which stands for one that was meant and is unusable, locks everything but the healthcheck", async (t) => {
  const { ask } = await serve(t, { token: "" });
  for (const path of ["/", "/?token=", "/?token"]) assert.equal((await ask(path)).status, 401, path);
  assert.equal((await ask("/", { headers: { authorization: "Bearer " } })).status, 401);
  assert.equal((await ask("/healthz")).status, 200);
  assert.equal(hasToken(undefined, "", ""), false);
});

test("an unknown path is 404, also the names that every object has; a fault of ours is 500 and no end", async (t) => {
  const { ask } = await serve(t);
  for (const path of ["/nothing", "/__proto__", "/constructor", "/toString", "//", "/healthz/"])
    assert.equal((await ask(path)).status, 404, path);
  assert.equal((await ask("/broken")).status, 500);
  assert.equal((await ask("/")).status, 200);
});
