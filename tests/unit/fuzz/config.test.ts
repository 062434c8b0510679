import assert from "node:assert/strict";
import { parseConfig } from "../../../watchdog/config/config.ts";
import type { Variable } from "../../../watchdog/config/table.ts";
import { matchesKey, withinDailySpan } from "../../../watchdog/config/value.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { factsOf } from "../../helpers/fakes/config.ts";
import { fuzz, within } from "./fuzz.ts";
import { mutateText } from "./mutate.ts";

const NAMES = Object.values(VARIABLES).map(({ name }) => name);
const SECRET_NAMES = (Object.values(VARIABLES) as Variable<unknown>[])
  .filter(({ secret }) => secret?.hidesAll)
  .map(({ name }) => name);
const VALUES = [
  "true",
  "off",
  "30",
  "0.5",
  "85",
  "101",
  "ru",
  "error",
  "json",
  "host-1",
  "7000000001:AAFakeTokenOfTheTestsNobodyMayEverSee42",
  "-1001234567890",
  "@channel",
  "https://api.telegram.org",
  "http://user:hunter2-password@proxy:3128",
  "tcp://db.internal:5432",
  "db=tcp://db:5432,git=https://git.example/health",
  "data=/host/data,/repos,/",
  "/var/run/docker.sock",
  "tcp://proxy:2375",
  "*",
  "web,api,worker-1",
  "pytest,coverage run",
  "127.0.0.1:9876",
  "[::1]:80",
  ":9",
  "23:00-07:00 Europe/Moscow",
  "00:00-24:00",
  "dep:*,container:build-*",
  "/data/state.json",
  "",
];

fuzz("the configuration", (random) => {
  const env: Record<string, string> = {};
  for (let count = random.whole(1, 12); count > 0; count -= 1) {
    const name = random.chance(0.9) ? random.pick(NAMES) : mutateText(random, NAMES).replaceAll("\0", "");
    env[random.chance(0.1) ? `${name}_FILE` : name] = random.chance(0.3)
      ? random.pick(VALUES)
      : mutateText(random, VALUES);
    // As long as the kernel lets it be: what takes quadratic time is over the limit of one input then.
    if (random.chance(0.05)) env[name] = mutateText(random, VALUES).slice(0, 500).repeat(2000).slice(0, 100_000);
  }
  const { config, problems, secrets } = parseConfig(
    env,
    factsOf({ readSecret: () => mutateText(random, VALUES), agentHasProxy: random.chance(0.5) }),
  );
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== "number") continue;
    assert.ok(Number.isFinite(value) && value >= 0, `${key} is ${value}`);
    if (key.endsWith("Pct")) within(value, 0, 100, key);
  }
  within(config.intervalS, Number.MIN_VALUE, Infinity, "the interval");
  for (const [index, { variable, name: set = variable, text: problem }] of problems.entries()) {
    assert.ok(problem.startsWith(set) || set === "WATCHDOG_…", `${set}: ${problem}`);
    assert.ok(problem.length < 1500, `a problem of ${problem.length} characters`);
    // One line each; foreign text stands in it as JSON.
    assert.doesNotMatch(problem, /[\n\r\0]/, `problem ${index}`);
    for (const name of SECRET_NAMES)
      if (problem.startsWith(`${name}=`) || problem.startsWith(`${name}_FILE=***`))
        assert.match(problem, /^\w+=\*\*\* /, "the value of a secret");
  }
  assert.ok(secrets.every((secret) => typeof secret === "string"));
  assert.equal(config.tgBotToken === undefined, config.tgChatId === undefined, "both or none");
  // What was accepted can be used.
  if (config.quietHours) withinDailySpan(config.quietHours, random.whole(0, 2e12));
  for (const pattern of config.mute)
    matchesKey(pattern, mutateText(random, ["container:build-7", "dep:cache", "a".repeat(200)]));
});
