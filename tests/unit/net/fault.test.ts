import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { isRecord, parseJson, statusError, TOO_LARGE_CODE } from "../../../watchdog/net/exchange.ts";
import { faultOf } from "../../../watchdog/net/fault.ts";
import { get } from "../../../watchdog/net/get.ts";
import { pingHttp, pingTcp } from "../../../watchdog/net/ping.ts";

const coded = (code: string, message = "x"): Error => Object.assign(new Error(message), { code });

test("an error is sorted by its code into what people mend in different ways", () => {
  const cases = {
    ECONNREFUSED: "refused",
    ETIMEDOUT: "timeout",
    DEADLINE: "timeout",
    ENOTFOUND: "dns",
    EAI_AGAIN: "dns",
    ECONNRESET: "reset",
    EPIPE: "reset",
    EHOSTUNREACH: "unreachable",
    ENETUNREACH: "unreachable",
    CERT_HAS_EXPIRED: "tls",
    DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
    ERR_TLS_CERT_ALTNAME_INVALID: "tls",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls",
    SELF_SIGNED_CERT_IN_CHAIN: "tls",
    EPROTO: "tls",
    ERR_SSL_WRONG_VERSION_NUMBER: "tls",
    ENOENT: "other",
    "": "other",
  } as const;
  for (const [code, kind] of Object.entries(cases)) assert.equal(faultOf(coded(code)).kind, kind, code);
});

test("whatever was thrown, there is a kind and a bounded reason", () => {
  for (const thrown of [undefined, null, "text", 5, new Error(""), { code: 5 }, new AggregateError([])])
    assert.equal(faultOf(thrown).kind, "other", String(thrown));
  assert.equal(faultOf(coded("ECONNRESET", "")).reason, "Error");
  assert.ok(faultOf(new Error("x".repeat(9000))).reason.length <= 300);
});

test("a fault says the code of its error, and a status only where that is the failure", () => {
  assert.deepEqual(faultOf(coded("ENOENT")), { kind: "other", code: "ENOENT", reason: "x" });
  assert.deepEqual(faultOf(statusError(503, "it answered 503")), {
    kind: "other",
    status: 503,
    reason: "it answered 503",
  });
  const tooLarge = Object.assign(coded(TOO_LARGE_CODE), { status: 200 });
  assert.deepEqual(faultOf(tooLarge), { kind: "other", code: "TOO_LARGE", reason: "x" });
  assert.deepEqual(faultOf(new Error("x")), { kind: "other", reason: "x" });
});

test("of several failed addresses the first one speaks", () => {
  assert.deepEqual(
    faultOf(new AggregateError([coded("ECONNREFUSED", "connect ECONNREFUSED ::1:80"), coded("ETIMEDOUT")])),
    { kind: "refused", code: "ECONNREFUSED", reason: "connect ECONNREFUSED ::1:80" },
  );
});

test("of OpenSSL's long words the understandable part is kept", () => {
  const message = "809C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/ssl3_record.c:350:";
  assert.deepEqual(faultOf(coded("EPROTO", message)), { kind: "tls", code: "EPROTO", reason: "wrong version number" });
});

test("JSON that is none is undefined; only plain objects are records", () => {
  assert.equal(parseJson("{"), undefined);
  assert.deepEqual(parseJson(Buffer.from('{"a":1}')), { a: 1 });
  assert.deepEqual([isRecord({}), isRecord([]), isRecord(null), isRecord("x")], [true, false, false, false]);
});

/** A server that treats each connection as told; its port. */
async function serverThat(t: TestContext, behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
const urlOf = (port: number): URL => new URL(`http://127.0.0.1:${port}/metrics`);
const LIMITS = { deadlineMs: 60, maxBytes: 1000 };
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";

test("a peer that never answers, drips or never ends is cut off at the deadline", async (t) => {
  const silent = await serverThat(t, () => {});
  const endless = await serverThat(t, (socket) => {
    socket.write(`${HEAD}\r\n`);
  });
  const drip = await serverThat(t, (socket) => {
    socket.write(`${HEAD}content-length: 900\r\n\r\n`);
    const timer = setInterval(() => socket.write("x"), 5);
    socket.on("close", () => clearInterval(timer));
  });
  for (const port of [silent, endless, drip])
    await assert.rejects(get({ url: urlOf(port) }, LIMITS), { code: "DEADLINE" });
});

test("an answer larger than allowed is cut off, one exactly as large is read", async (t) => {
  const serve = (length: number) =>
    serverThat(t, (socket) => socket.end(`${HEAD}content-length: ${length}\r\n\r\n${"x".repeat(length)}`));
  assert.equal((await get({ url: urlOf(await serve(1000)) }, LIMITS)).body.length, 1000);
  await assert.rejects(get({ url: urlOf(await serve(1001)) }, LIMITS), { code: "TOO_LARGE" });
});

test("a connection cut in the middle of the answer, or no HTTP at all, is a fault", async (t) => {
  const cut = await serverThat(t, (socket) => {
    socket.write(`${HEAD}content-length: 900\r\n\r\nhalf`);
    setImmediate(() => socket.destroy());
  });
  const garbage = await serverThat(t, (socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
  await assert.rejects(get({ url: urlOf(cut) }, LIMITS), { code: "ECONNRESET" });
  await assert.rejects(get({ url: urlOf(garbage) }, LIMITS));
});

test("a stop ends a request under way, and one not yet begun", async (t) => {
  const port = await serverThat(t, () => {});
  const stop = new AbortController();
  const asking = get({ url: urlOf(port) }, { ...LIMITS, deadlineMs: 60_000, signal: stop.signal });
  stop.abort();
  await assert.rejects(asking, { code: "ABORTED" });
  await assert.rejects(get({ url: urlOf(port) }, { ...LIMITS, signal: AbortSignal.abort() }), { code: "ABORTED" });
});

test("a ping is satisfied by the headers, and by the connection for tcp", async (t) => {
  const never = new AbortController().signal;
  const headersOnly = await serverThat(t, (socket) => {
    socket.write("HTTP/1.1 503 No\r\ncontent-length: 99\r\n\r\n");
  });
  const silent = await serverThat(t, () => {});
  assert.equal((await pingHttp(urlOf(headersOnly), 1000, never)).status, 503);
  await pingTcp("127.0.0.1", silent, 1000, never);
  await assert.rejects(pingHttp(urlOf(silent), 30, never), { code: "DEADLINE" });
  await assert.rejects(pingTcp("127.0.0.1", 1, 1000, never), { code: "ECONNREFUSED" });
});
