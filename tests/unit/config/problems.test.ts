import assert from "node:assert/strict";
import test from "node:test";
import { parseConfig } from "../../../watchdog/config/config.ts";
import { parsePrunerConfig } from "../../../watchdog/config/pruner.ts";
import type { Problem } from "../../../watchdog/config/table.ts";
import { denied, factsOf } from "../../helpers/fakes/config.ts";

const LIMIT = { timeout: 10_000 };
type Env = Readonly<Record<string, string>>;

/** What of each problem somebody decides by, in the order in which they are told. */
function dataOf(problems: readonly Problem[]): Omit<Problem, "text">[] {
  return problems.map(({ text, ...data }) => {
    assert.ok(text.startsWith(data.name ?? data.variable) || data.variable === "WATCHDOG_…", text);
    return data;
  });
}
const found = (env: Env, facts = {}) => dataOf(parseConfig(env, factsOf(facts)).problems);

test("a problem says which variable it is about, and by which name that was set", LIMIT, () => {
  assert.deepEqual(found({ WATCHDOG_MEM_PCT: "900" }), [{ variable: "WATCHDOG_MEM_PCT", name: "WATCHDOG_MEM_PCT" }]);
  assert.deepEqual(found({ WATCHDOG_METRICS_URL_FILE: "/m" }, { readSecret: () => "nonsense" }), [
    { variable: "WATCHDOG_METRICS_URL", name: "WATCHDOG_METRICS_URL_FILE" },
  ]);
  assert.deepEqual(found({ WATCHDOG_METRICS_URL: "http://a/", WATCHDOG_METRICS_URL_FILE: "/m" }), [
    { variable: "WATCHDOG_METRICS_URL", name: "WATCHDOG_METRICS_URL_FILE" },
  ]);
  assert.deepEqual(found({ WATCHDOG_DISK_PATHS: "nonsense" }), [{ variable: "WATCHDOG_DISK_PATHS" }]);
  assert.deepEqual(found({ WATCHDOG_MUTE: "nonsense" }), [{ variable: "WATCHDOG_MUTE" }]);
  assert.deepEqual(found({ WATCHDOG_MEM_PTC: "9" }), [{ variable: "WATCHDOG_MEM_PTC" }]);
  assert.deepEqual(found({ WATCHDOG_DOCKER_SOCK: "/nowhere.sock" }, { socketExists: () => false }), [
    { variable: "WATCHDOG_DOCKER_SOCK" },
  ]);
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`WATCHDOG_NO_${index}`, "x"]));
  assert.deepEqual(found(many).at(-1), { variable: "WATCHDOG_…" });
});

test("a file that may not be read is told from one that cannot be, by the error's code", LIMIT, () => {
  const file = { variable: "WATCHDOG_METRICS_URL", name: "WATCHDOG_METRICS_URL_FILE", path: '/run/"x"' };
  const env = { WATCHDOG_METRICS_URL_FILE: '/run/"x"' };
  assert.deepEqual(found(env, { readSecret: denied }), [{ ...file, code: "denied" }]);
  assert.deepEqual(found(env), [{ ...file, code: "unreadable" }]);
  const readSecret = (): never => {
    throw new Error("EACCES is only a word here");
  };
  assert.deepEqual(found(env, { readSecret }), [{ ...file, code: "unreadable" }]);
});

test("what is needed is told from what is missing, and a file's fault stays what it is", LIMIT, () => {
  const [chat, token] = ["WATCHDOG_TG_CHAT_ID", "WATCHDOG_TG_BOT_TOKEN"];
  assert.deepEqual(found({ [chat]: "-1001" }), [{ variable: token, code: "missing" }]);
  assert.deepEqual(found({ [chat]: "-1001", [token]: "two words" }), [
    { variable: token, name: token, code: "needed" },
  ]);
  assert.deepEqual(found({ [chat]: "-1001", [`${token}_FILE`]: "/t" }), [
    { variable: token, name: `${token}_FILE`, code: "unreadable", path: "/t" },
  ]);
  assert.deepEqual(found({ WATCHDOG_STATUS_TOKEN: "short" }), [
    { variable: "WATCHDOG_STATUS_TOKEN", name: "WATCHDOG_STATUS_TOKEN", code: "needed" },
  ]);
  assert.deepEqual(found({ WATCHDOG_STATUS_ADDR: "0.0.0.0:1" }), [{ variable: "WATCHDOG_STATUS_ADDR", code: "open" }]);
});

test("the pruner refuses by the variable: a name that only begins like the socket's is none of it", LIMIT, () => {
  const parse = (env: Env) => parsePrunerConfig(env, factsOf());
  const { problems, refused } = parse({ WATCHDOG_DOCKER_SOCK: "nonsense" });
  assert.deepEqual(dataOf(problems), [{ variable: "WATCHDOG_DOCKER_SOCK", name: "WATCHDOG_DOCKER_SOCK" }]);
  assert.match(refused ?? "", /^WATCHDOG_DOCKER_SOCK cannot be understood/);
  assert.equal(parse({ WATCHDOG_DOCKER_SOCKET: "/x" }).refused, undefined);
  const both = { WATCHDOG_PRUNE_ALL: "true", WATCHDOG_PRUNE_UNTIL: "", WATCHDOG_PRUNE_DISK_PCT: "80" };
  assert.deepEqual(
    dataOf(parse({ ...both, WATCHDOG_PRUNE_SSH_HOST: "box" }).problems).map(({ variable }) => variable),
    ["WATCHDOG_PRUNE_ALL", "WATCHDOG_PRUNE_DISK_PCT"],
  );
});
