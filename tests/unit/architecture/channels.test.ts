import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { PAGE_TEXTS } from "../../../watchdog/lang/index.ts";
import { ROOT, readSources } from "./sources.ts";

const sources = readSources();
const NAMES = readdirSync(join(ROOT, "watchdog/notify/channels"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("each folder of a channel is in the list of channels, and has a name on the page in every language", () => {
  assert.ok(NAMES.length >= 3, "the folders were found");
  const list = sources.find(({ path }) => path === "notify/channels/index.ts")?.imports ?? [];
  for (const name of NAMES) {
    assert.ok(list.includes(`notify/channels/${name}/${name}.ts`), name);
    for (const [code, { delivery }] of Object.entries(PAGE_TEXTS))
      assert.ok(delivery.channel[name], `${code}: ${name}`);
  }
});

test("what decides about messages knows no channel by name, and no channel another one", () => {
  const shared = sources.filter(({ path, layer }) => layer === "notify" && !path.startsWith("notify/channels/"));
  assert.ok(shared.some(({ path }) => path === "notify/outbox.ts"));
  for (const { path, code } of [...shared, ...sources.filter(({ path }) => path === "daemon/pipeline.ts")])
    for (const name of NAMES.filter((one) => one !== "telegram" || path !== "daemon/pipeline.ts"))
      assert.doesNotMatch(code, new RegExp(`\\b${name}\\b`, "i"), path);
  for (const { path, imports } of sources) {
    const own = /^notify\/channels\/(\w+)\//.exec(path)?.[1];
    if (own === undefined) continue;
    const others = imports.filter((target) => target.startsWith("notify/channels/"));
    assert.deepEqual(
      others.filter((target) => !target.startsWith(`notify/channels/${own}/`)),
      [],
      path,
    );
  }
});

test("there is one client of the Bot API", () => {
  const clients = sources.filter(({ code }) => /\/bot\$\{/.test(code)).map(({ path }) => path);
  assert.deepEqual(clients, ["notify/channels/telegram/client.ts"]);
  const asking = sources.filter(({ code }) => /\b(?:jsonPoster|methodUrl)\(/.test(code)).map(({ path }) => path);
  assert.deepEqual(asking, [
    "notify/channels/telegram/client.ts",
    "notify/channels/webhook/webhook.ts",
    "notify/post.ts",
  ]);
});
