import assert from "node:assert/strict";
import test from "node:test";
import { isAllowedPath } from "../../../watchdog/engine/allow.ts";
import { dockerClient } from "../../../watchdog/engine/client.ts";
import { parseInspect } from "../../../watchdog/engine/inspect.ts";
import { negotiate } from "../../../watchdog/engine/version.ts";
import { fakeEngine } from "../../helpers/fakes/engine.ts";

const ID = "0123456789abcdef".repeat(4);
const never = new AbortController().signal;
const VERSION = { status: 200, body: { ApiVersion: "1.52", MinAPIVersion: "1.44" } };

test("the version asked for is the newest both sides know", () => {
  assert.equal(negotiate("1.41", "1.12"), "1.41");
  assert.equal(negotiate("1.43", "1.24"), "1.43");
  assert.equal(negotiate("1.52", "1.44"), "1.52");
  assert.equal(negotiate("1.60", "1.44"), "1.52");
  assert.equal(negotiate("1.52", undefined), "1.52");
});

test("an engine that no longer speaks what we prefer gets its own oldest", () => {
  assert.equal(negotiate("1.70", "1.60"), "1.60");
});

test("an engine older than 1.41, or an answer that is no version, is a fault", () => {
  assert.throws(() => negotiate("1.40", "1.12"), { code: "TOO_OLD", message: /1\.40 is too old, 1\.41/ });
  for (const version of [undefined, null, 1.41, "", "2.0", "1", "1.41.5", "1.x", "1.9999"])
    assert.throws(() => negotiate(version, "1.12"), /no ApiVersion/, String(version));
});

test("only version, info, the plain list and the inspect of a full id are allowed", () => {
  for (const path of ["/version", "/v1.41/info", "/v1.52/containers/json?all=1", `/v1.44/containers/${ID}/json`])
    assert.equal(isAllowedPath(path), true, path);
});

test("every other path is refused, also those that a GET can leak through", () => {
  const paths = [
    "/",
    "/info",
    "/containers/json",
    "/_ping",
    "/v1.41/version",
    "/version?x=1",
    "/version/",
    "//version",
    "/v1.41/containers/json",
    "/v1.41/containers/json?all=1&size=1",
    `/v1.41/containers/${ID}/archive`,
    `/v1.41/containers/${ID}/logs`,
    `/v1.41/containers/${ID}/export`,
    `/v1.41/containers/${ID}/json?size=1`,
    `/v1.41/containers/${ID}/top`,
    `/v1.41/containers/${ID.slice(1)}/json`,
    `/v1.41/containers/${ID.toUpperCase()}/json`,
    `/v1.41/containers/web/json`,
    `/v1.41/containers/../images/json`,
    `/v1.41/containers/${ID}/json\n`,
    `/v1.41/containers/${ID}/../x/json`,
    "/v1.41/images/json",
    "/v1.41/events",
    "/v1.41/system/df",
    "/v1.41/secrets",
    "/build/prune",
    "/v1.41/build/prune",
    "/v2.0/info",
    "/v1.41000/info",
    "version",
  ];
  for (const path of paths) assert.equal(isAllowedPath(path), false, path);
});

test("the client asks the version once and everything else under it, by GET alone", async (t) => {
  const { socketPath, requests } = await fakeEngine(t, (path) =>
    path === "/version" ? VERSION : { status: 200, body: path.includes("json?") ? [] : { State: {}, Name: "box" } },
  );
  const client = dockerClient({ socketPath }, 1000);
  assert.deepEqual(await client.list(never), []);
  assert.deepEqual(await client.inspect(ID, never), parseInspect({ State: {} }));
  assert.deepEqual(await client.info(never), { hostname: "box" });
  await client.list(never);
  assert.deepEqual(requests, [
    "GET /version",
    "GET /v1.52/containers/json?all=1",
    `GET /v1.52/containers/${ID}/json`,
    "GET /v1.52/info",
    "GET /v1.52/containers/json?all=1",
  ]);
});

test("an engine that answers with an error says so, whatever it sends with it", async (t) => {
  const { socketPath } = await fakeEngine(t, () => ({
    status: 500,
    body: { message: "no space left", ApiVersion: "1.52", MinAPIVersion: "1.44" },
  }));
  const client = dockerClient({ socketPath }, 1000);
  await assert.rejects(client.version(never), /^Error: engine answered 500 to \/version: no space left$/);
  await assert.rejects(client.list(never), /^Error: engine answered 500 to \/version: no space left$/);
  await assert.rejects(client.version(never), { status: 500 });
});

test("an id that is no id is refused before anything is sent under it", async (t) => {
  const { socketPath, requests } = await fakeEngine(t, (path) => (path === "/version" ? VERSION : undefined));
  await assert.rejects(dockerClient({ socketPath }, 1000).inspect("../x", never), /not on the allow-list/);
  assert.deepEqual(requests, ["GET /version"]);
});

test("a container that is not there is undefined, any other refusal a fault with the engine's words", async (t) => {
  let status = 404;
  const { socketPath } = await fakeEngine(t, (path) =>
    path === "/version" ? VERSION : { status, body: { message: "no such\ncontainer" } },
  );
  const client = dockerClient({ socketPath }, 1000);
  assert.equal(await client.inspect(ID, never), undefined);
  status = 500;
  await assert.rejects(client.inspect(ID, never), /engine answered 500: no such container/);
  await assert.rejects(client.list(never), /engine answered 500: no such container/);
  for (const asked of [client.inspect(ID, never), client.list(never)]) await assert.rejects(asked, { status: 500 });
});

test("an engine that was replaced by one of another version is asked anew, once", async (t) => {
  let newest = "1.52";
  const { socketPath, requests } = await fakeEngine(t, (path) => {
    if (path === "/version") return { status: 200, body: { ApiVersion: newest, MinAPIVersion: "1.24" } };
    return path.startsWith(`/v${newest}/`)
      ? { status: 200, body: [] }
      : { status: 400, body: { message: "client version 1.52 is too new. Maximum supported API version is 1.43" } };
  });
  const client = dockerClient({ socketPath }, 1000);
  await client.list(never);
  newest = "1.43";
  assert.deepEqual(await client.list(never), []);
  assert.deepEqual(requests.slice(-3), [
    "GET /v1.52/containers/json?all=1",
    "GET /version",
    "GET /v1.43/containers/json?all=1",
  ]);
});

test("an engine that always finds the version wrong is a fault, not a loop", async (t) => {
  const { socketPath, requests } = await fakeEngine(t, (path) =>
    path === "/version" ? VERSION : { status: 400, body: { message: "client version is too old" } },
  );
  await assert.rejects(dockerClient({ socketPath }, 1000).list(never), /engine answered 400/);
  assert.equal(requests.length, 4);
});

test("answers that are no JSON are faults", async (t) => {
  let version: string | object = VERSION.body;
  const { socketPath } = await fakeEngine(t, (path) => ({
    status: 200,
    body: path === "/version" ? version : "<html>",
  }));
  await assert.rejects(dockerClient({ socketPath }, 1000).list(never), /not JSON/);
  version = "<html>";
  await assert.rejects(dockerClient({ socketPath }, 1000).list(never), /engine answered 200 to \/version/);
});

test("a socket that is not there is a fault with its reason", async () => {
  await assert.rejects(dockerClient({ socketPath: "/nowhere/docker.sock" }, 1000).list(never), /ENOENT/);
});
