import assert from "node:assert/strict";
import test from "node:test";
import { PRUNE_VARIABLES } from "../../../watchdog/config/areas/prune.ts";
import { type ParsedPrunerConfig, parsePrunerConfig } from "../../../watchdog/config/pruner.ts";
import type { Variable } from "../../../watchdog/config/table.ts";
import { targetOf } from "../../../watchdog/pruner/target.ts";
import { factsOf, parsedOf, told } from "../../helpers/fakes/config.ts";
import { fakeSsh } from "../../helpers/fakes/ssh.ts";

const parse = (env: Readonly<Record<string, string>> = {}) => told(parsePrunerConfig(env, factsOf()));
const own = ({ config }: Pick<ParsedPrunerConfig, "config">): object =>
  Object.fromEntries(Object.keys(PRUNE_VARIABLES).map((key) => [key, config[key as keyof typeof config]]));

const DEFAULTS = {
  pruneEnabled: false,
  pruneIntervalS: 86_400,
  pruneUntil: { text: "72h", seconds: 259_200 },
  pruneAll: false,
  pruneTimeoutS: 300,
  pruneNotifyMinGb: 0,
  pruneDiskPct: 0,
  pruneUntilFloor: { text: "6h", seconds: 21_600 },
  pruneSshHost: undefined,
  pruneSshUser: undefined,
  pruneSshKeyFile: undefined,
  pruneSshKnownHosts: undefined,
};

test("without any variable there is no problem, and every default is the documented one", () => {
  const parsed = parse();
  assert.deepEqual(parsed.problems, []);
  assert.deepEqual(own(parsed), DEFAULTS);
  assert.deepEqual(parsed.config.statusAddr, { host: "127.0.0.1", port: 9876 });
});

test("an empty value is the default and no problem; an empty age alone means any age", () => {
  const names = (Object.values(PRUNE_VARIABLES) as Variable<unknown>[]).map(({ name }) => name);
  const parsed = parse(Object.fromEntries(names.map((name) => [name, " "])));
  assert.deepEqual(parsed.problems, []);
  assert.deepEqual(own(parsed), { ...DEFAULTS, pruneUntil: undefined });
});

test("the shown defaults are the real ones", () => {
  for (const { name, shown } of Object.values(PRUNE_VARIABLES) as Variable<unknown>[]) {
    if (shown === "") continue;
    const parsed = parse({ [name]: shown });
    assert.deepEqual(parsed.problems, [], name);
    assert.deepEqual(own(parsed), DEFAULTS, name);
  }
});

const BAD: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["WATCHDOG_PRUNE_ENABLED", ["maybe"]],
  ["WATCHDOG_PRUNE_INTERVAL_S", ["0", "-1", "NaN", "Infinity", "1d", "1e5"]],
  ["WATCHDOG_PRUNE_UNTIL", ["72h; rm -rf /", "72", "3d", "-1h", "0h", "$(reboot)", "72h --all", "72h'", "100000000h"]],
  ["WATCHDOG_PRUNE_ALL", ["-a"]],
  ["WATCHDOG_PRUNE_TIMEOUT_S", ["0", "never"]],
  ["WATCHDOG_PRUNE_NOTIFY_MIN_GB", ["-1", "1GB"]],
  ["WATCHDOG_PRUNE_DISK_PCT", ["101", "-5", "0.5", "85%"]],
  ["WATCHDOG_PRUNE_UNTIL_FLOOR", ["0s", "6", "6h;"]],
  [
    "WATCHDOG_PRUNE_SSH_HOST",
    [
      "-oProxyCommand=reboot",
      "box;reboot",
      "user@box",
      "box name",
      "$(reboot)",
      "box:0",
      "box:99999",
      "[::1",
      "box/x",
      "`x`",
    ],
  ],
  ["WATCHDOG_PRUNE_SSH_USER", ["-l", "root;reboot", "a b", "$(x)", "1root"]],
  ["WATCHDOG_PRUNE_SSH_KEY_FILE", ["key", "-i", "/key file", "/key;x", "/k%h", "/~/key", "/$HOME/key"]],
  ["WATCHDOG_PRUNE_SSH_KNOWN_HOSTS", ["known_hosts", "/a b", "/a%h", "/dev/null -oX"]],
];

test("a value out of range or of hostile form is reported by name, and the default counts", () => {
  for (const [name, values] of BAD) {
    for (const value of values) {
      const parsed = parse({ [name]: value });
      assert.equal(parsed.problems.length, 1, `${name}=${value}`);
      assert.ok(parsed.problems[0]?.startsWith(`${name}=`), parsed.problems.join());
      assert.deepEqual(own(parsed), DEFAULTS, `${name}=${value}`);
    }
  }
});

test("a host may have a port, an IPv6 address stands in brackets", () => {
  assert.deepEqual(parse({ WATCHDOG_PRUNE_SSH_HOST: "box.example:2222" }).config.pruneSshHost, {
    host: "box.example",
    port: 2222,
  });
  assert.deepEqual(parse({ WATCHDOG_PRUNE_SSH_HOST: "[fe80::1]" }).config.pruneSshHost, {
    host: "fe80::1",
    port: undefined,
  });
});

test("everything without an age is refused, and said", () => {
  const parsed = parse({ WATCHDOG_PRUNE_ALL: "true", WATCHDOG_PRUNE_UNTIL: "" });
  assert.equal(parsed.config.pruneAll, false);
  assert.match(parsed.problems.join(), /WATCHDOG_PRUNE_ALL=true without an age/);
  assert.match(parsed.refused ?? "", /nothing is pruned/);
  assert.equal(parse({ WATCHDOG_PRUNE_ALL: "true" }).config.pruneAll, true);
});

test("each program knows the other's names, because they share one file", () => {
  assert.deepEqual(parse({ WATCHDOG_DISK_PCT: "80", WATCHDOG_CONTAINERS: "web" }).problems, []);
  assert.deepEqual(parsedOf({ WATCHDOG_PRUNE_ENABLED: "true", WATCHDOG_PRUNE_SSH_KEY_FILE: "/key" }).problems, []);
  assert.match(parse({ WATCHDOG_PRUNE_UNTILL: "1h" }).problems.join(), /did you mean WATCHDOG_PRUNE_UNTIL\?/);
});

test("a token alone writes to nobody, as with the watchdog, and is a secret", () => {
  const parsed = parse({ WATCHDOG_TG_BOT_TOKEN: "123:abcdef" });
  assert.equal(parsed.config.tgBotToken, undefined);
  assert.match(parsed.problems.join(), /WATCHDOG_TG_CHAT_ID has no usable value/);
  assert.deepEqual(parse({ WATCHDOG_TG_BOT_TOKEN: "123:abcdef", WATCHDOG_TG_CHAT_ID: "1" }).secrets, ["123:abcdef"]);
});

test("the target is the socket, where there is one", () => {
  const target = targetOf(parse(), (path) => path === "/var/run/docker.sock");
  assert.deepEqual(target.kind === "engine" && target.at, { socketPath: "/var/run/docker.sock" });
  assert.deepEqual(targetOf(parse({ WATCHDOG_DOCKER_SOCK: "tcp://proxy:2375" }), () => false).kind, "engine");
});

test("neither socket nor host: nothing is pruned, with both named", () => {
  for (const env of [{}, { WATCHDOG_DOCKER_SOCK: "" }] as Readonly<Record<string, string>>[]) {
    const target = targetOf(parse(env), () => false);
    assert.match(
      target.kind === "none" ? target.reason : "",
      /(docker\.sock|WATCHDOG_DOCKER_SOCK).*WATCHDOG_PRUNE_SSH_HOST/,
    );
  }
});

test("a host that was named but not understood never makes the local engine the target", () => {
  for (const env of [
    { WATCHDOG_PRUNE_SSH_HOST: "box;reboot" },
    { WATCHDOG_PRUNE_SSH_HOST: "box", WATCHDOG_PRUNE_SSH_USER: "-x" },
    { WATCHDOG_DOCKER_SOCK: "box:2375" },
  ] as Readonly<Record<string, string>>[]) {
    const target = targetOf(parse(env), () => true);
    assert.match(target.kind === "none" ? target.reason : target.shown, /cannot be understood/);
  }
});

test("over ssh nothing is pruned without a known_hosts file, or with one or a key that cannot be read", (t) => {
  const { keyFile, knownHosts, dir } = fakeSsh(t);
  const reason = (env: Readonly<Record<string, string>>): string => {
    const target = targetOf(parse({ WATCHDOG_PRUNE_SSH_HOST: "box", ...env }), () => true);
    return target.kind === "none" ? target.reason : target.kind;
  };
  assert.match(reason({}), /KNOWN_HOSTS is not set/);
  assert.match(reason({ WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: `${dir}/none` }), /KNOWN_HOSTS cannot be read: ENOENT/);
  assert.match(
    reason({ WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: knownHosts, WATCHDOG_PRUNE_SSH_KEY_FILE: `${dir}/none` }),
    /KEY_FILE cannot be read: ENOENT/,
  );
  assert.equal(reason({ WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: knownHosts, WATCHDOG_PRUNE_SSH_KEY_FILE: keyFile }), "ssh");
});

test("a limit of the disk has no effect over ssh, and that is said", { timeout: 10_000 }, () => {
  const { config, problems } = parse({ WATCHDOG_PRUNE_SSH_HOST: "box", WATCHDOG_PRUNE_DISK_PCT: "85" });
  assert.equal(config.pruneDiskPct, 0);
  assert.match(
    problems.join(),
    /^WATCHDOG_PRUNE_DISK_PCT=85 has no effect over ssh: only the disk of this machine can be measured; .*using the default 0 = off$/,
  );
  assert.deepEqual(parse({ WATCHDOG_PRUNE_DISK_PCT: "85" }).problems, []);
});
