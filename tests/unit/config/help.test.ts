import assert from "node:assert/strict";
import test from "node:test";
import { knownNames } from "../../../watchdog/config/config.ts";
import { variablesHelp } from "../../../watchdog/config/help.ts";
import { nearest } from "../../../watchdog/config/nearest.ts";
import type { Variable } from "../../../watchdog/config/table.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { parsedOf } from "../../helpers/fakes/config.ts";

const variables = Object.values(VARIABLES) as Variable<unknown>[];

test("the help has one line for each variable, with its default and meaning", () => {
  const lines = variablesHelp(VARIABLES).split("\n");
  assert.equal(lines.length, variables.length);
  for (const [index, { name, shown, meaning }] of variables.entries()) {
    const line = lines[index] ?? "";
    assert.ok(line.trim().startsWith(name), line);
    assert.ok(line.includes(` ${shown === "" ? "-" : shown} `), line);
    assert.ok(line.endsWith(`  ${meaning}`), line);
  }
});

test("every name is a WATCHDOG_ name and unique", () => {
  const names = variables.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^WATCHDOG_[A-Z][A-Z_]*[A-Z]$/);
});

test("_FILE variants are known for exactly the tokens, ids and URLs", () => {
  assert.deepEqual(
    knownNames().filter(
      (name) => name.endsWith("_FILE") && !["WATCHDOG_STATE_FILE", "WATCHDOG_PRUNE_SSH_KEY_FILE"].includes(name),
    ),
    [
      "WATCHDOG_TG_BOT_TOKEN_FILE",
      "WATCHDOG_TG_CHAT_ID_FILE",
      "WATCHDOG_TG_THREAD_ID_FILE",
      "WATCHDOG_TG_API_URL_FILE",
      "WATCHDOG_TG_PROXY_URL_FILE",
      "WATCHDOG_FALLBACK_WEBHOOK_URL_FILE",
      "WATCHDOG_HEARTBEAT_URL_FILE",
      "WATCHDOG_METRICS_URL_FILE",
      "WATCHDOG_STATUS_TOKEN_FILE",
    ],
  );
});

test("each default that documents show is what the variable falls back to", () => {
  for (const { name, shown } of variables.filter((variable) => variable.shown !== "")) {
    const { config, problems } = parsedOf({ [name]: shown });
    assert.deepEqual(problems, [], name);
    assert.deepEqual(config, parsedOf().config, name);
  }
});

test("the nearest name is the one with the fewest edits; nothing known gives nothing", () => {
  assert.equal(nearest("abc", ["xyz", "abd", "abcd"]), "abd");
  assert.equal(nearest("kitten", ["mitten", "sitting"]), "mitten");
  assert.equal(nearest("x", []), "");
});

test("a name of absurd length is compared in bounded time", () => {
  assert.equal(typeof nearest("W".repeat(1_000_000), knownNames()), "string");
});
