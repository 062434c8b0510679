import assert from "node:assert/strict";
import test from "node:test";
import { isLoopback } from "../../../watchdog/config/value.ts";
import { parsedOf } from "../../helpers/fakes/config.ts";

const TOKEN = "correct-horse-battery";
const read = (content: string) => ({ readSecret: () => content });

test("a token is a secret, given as it is or as a file", () => {
  for (const parsed of [
    parsedOf({ WATCHDOG_STATUS_TOKEN: TOKEN }),
    parsedOf({ WATCHDOG_STATUS_TOKEN_FILE: "/t" }, read(`${TOKEN}\n`)),
  ]) {
    assert.deepEqual([parsed.config.statusToken, parsed.problems, parsed.secrets.includes(TOKEN)], [TOKEN, [], true]);
  }
});

test("a token that was meant and cannot be used locks the page instead of opening it, and is not shown", () => {
  const unreadable = parsedOf({ WATCHDOG_STATUS_TOKEN_FILE: "/gone" });
  for (const { config, problems } of [
    parsedOf({ WATCHDOG_STATUS_TOKEN: "short" }),
    parsedOf({ WATCHDOG_STATUS_TOKEN: "with a blank in it" }),
    unreadable,
  ]) {
    assert.equal(config.statusToken, "");
    assert.match(problems.join("\n"), /; until it has a usable value the status server answers \/healthz alone/);
    assert.equal(problems.length, 1, "one fault, one line");
    assert.doesNotMatch(problems.join("\n"), /short|blank in it/);
  }
});

test("an empty token is the same as none", () => {
  assert.deepEqual(
    [parsedOf({ WATCHDOG_STATUS_TOKEN: " " }).config.statusToken, parsedOf({ WATCHDOG_STATUS_TOKEN: "" }).problems],
    [undefined, []],
  );
});

test("a page that can be reached from outside without a token is a problem; with one, on loopback or off it is none", () => {
  for (const address of ["0.0.0.0:9876", ":9876", "[::]:9876", "192.168.1.2:9876", "build-1.lan:9876"]) {
    assert.match(
      parsedOf({ WATCHDOG_STATUS_ADDR: address }).problems.join(),
      /can be reached from outside and WATCHDOG_STATUS_TOKEN is unset.*set WATCHDOG_STATUS_TOKEN \(openssl rand -hex 16\), or listen on 127\.0\.0\.1/,
      address,
    );
    assert.deepEqual(parsedOf({ WATCHDOG_STATUS_ADDR: address, WATCHDOG_STATUS_TOKEN: TOKEN }).problems, [], address);
  }
  for (const address of ["127.0.0.1:9876", "localhost:9876", "[::1]:9876", ""])
    assert.deepEqual(parsedOf({ WATCHDOG_STATUS_ADDR: address }).problems, [], address);
  assert.deepEqual(
    [isLoopback("127.9.9.9"), isLoopback("127.0.0.1.example"), isLoopback("0.0.0.0")],
    [true, false, false],
  );
});
