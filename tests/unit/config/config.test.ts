import assert from "node:assert/strict";
import test from "node:test";
import type { Variable } from "../../../watchdog/config/table.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { configOf, parsedOf } from "../../helpers/fakes/config.ts";

/** The one problem there is. */
function problemOf(env: Readonly<Record<string, string>>): string {
  const { problems } = parsedOf(env);
  assert.equal(problems.length, 1, problems.join("\n"));
  return problems[0] ?? "";
}

test("without any variable there is no problem, and every default is the documented one", () => {
  const { tgApiUrl, ...rest } = configOf();
  assert.equal(tgApiUrl.href, "https://api.telegram.org/");
  assert.deepEqual(
    {
      enabled: true,
      intervalS: 30,
      cooldownS: 1800,
      clearTicks: 2,
      httpTimeoutS: 5,
      lang: "ru",
      hello: false,
      logLevel: "info",
      logFormat: "text",
      tgPerMin: 20,
      orchDownTicks: 3,
      metricsStaleS: 300,
      agentHungMin: 15,
      queueStalledMin: 30,
      memEnabled: true,
      memPct: 90,
      diskEnabled: true,
      diskPct: 85,
      diskInodePct: 90,
      diskCritEnabled: false,
      diskCritPct: 97,
      hysteresisPct: 2,
      containerDownTicks: 2,
      depDownTicks: 2,
      blindTicks: 3,
      procEnabled: false,
      procAgeMin: 60,
      procPatterns: ["pytest"],
      procCooldownS: 1800,
      procRoot: "/proc",
      statusAddr: { host: "127.0.0.1", port: 9876 },
      dockerTarget: { socketPath: "/var/run/docker.sock" },
      containers: ["*"],
      deps: [],
      diskPaths: [{ label: "/", path: "/" }],
      fallbackAfterS: 300,
      heartbeatS: 60,
      mute: [],
      flapChanges: 6,
      flapWindowS: 3600,
      flapSteadyS: 900,
      startupGraceS: 60,
      certDays: 14,
      diskForecastH: 0,
      digestAt: undefined,
      tgProxyUrl: undefined,
      fallbackWebhookUrl: undefined,
      heartbeatUrl: undefined,
      stateFile: undefined,
      statusToken: undefined,
      quietHours: undefined,
      quietCritical: false,
      orchContainer: undefined,
      hostLabel: undefined,
      tgBotToken: undefined,
      tgChatId: undefined,
      tgThreadId: undefined,
      metricsUrl: undefined,
    },
    rest,
  );
});

test("all problems are reported at once, and every other value counts", () => {
  const { config, problems } = parsedOf({
    WATCHDOG_INTERVAL_S: "soon",
    WATCHDOG_MEM_PCT: "101",
    WATCHDOG_DISK_PCT: "70",
    WATCHDOG_LANG: "de",
    WATCHDOG_CLEAR_TICKS: "0",
    WATCHDOG_NOPE: "1",
  });
  assert.equal(problems.length, 5);
  assert.deepEqual(
    [config.intervalS, config.memPct, config.diskPct, config.lang, config.clearTicks],
    [30, 90, 70, "ru", 2],
  );
});

test("a problem names the variable, its value, what is allowed and the default taken", () => {
  assert.equal(
    problemOf({ WATCHDOG_MEM_PCT: "101" }),
    'WATCHDOG_MEM_PCT="101" is not allowed; allowed: a number from 1 to 100; using the default 90',
  );
});

test("a problem is one line, whatever the value holds", () => {
  assert.doesNotMatch(problemOf({ WATCHDOG_MEM_PCT: "1\n2026 error fake line" }), /[\r\n]/);
});

test("an empty value is the same as unset and no problem, for every variable but the two where it means off", () => {
  const env = Object.fromEntries((Object.values(VARIABLES) as Variable<unknown>[]).map(({ name }) => [name, "  "]));
  const { config, problems } = parsedOf(env);
  assert.deepEqual(problems, []);
  assert.equal(config.dockerTarget, undefined);
  assert.equal(config.statusAddr, undefined);
  const { dockerTarget: _socket, statusAddr: _status, containers: _containers, ...rest } = config;
  const { dockerTarget: _socket2, statusAddr: _status2, containers: _containers2, ...defaults } = configOf();
  assert.deepEqual(rest, defaults);
});

test("blanks around a value do not count", () => {
  assert.equal(configOf({ WATCHDOG_INTERVAL_S: "  10 " }).intervalS, 10);
});

test("an unknown WATCHDOG_ name is reported with the nearest known one", () => {
  assert.match(
    problemOf({ WATCHDOG_INTERVALS: "5" }),
    /^WATCHDOG_INTERVALS is not a known variable; did you mean WATCHDOG_INTERVAL_S\?$/,
  );
  assert.match(problemOf({ WATCHDOG_DISC_PCT: "5" }), /did you mean WATCHDOG_DISK_PCT\?/);
  assert.match(problemOf({ WATCHDOG_METRICS_URL_FLE: "5" }), /did you mean WATCHDOG_METRICS_URL_FILE\?/);
});

test("the value of an unknown name is never shown", () => {
  assert.doesNotMatch(problemOf({ WATCHDOG_TG_TOKEN: "123456:very-secret-value" }), /very-secret/);
});

test("names of other programs are none of our business", () => {
  assert.deepEqual(parsedOf({ PATH: "/bin", MY_WATCHDOG_X: "1", WATCHDOGX: "2" }).problems, []);
});

test("of a list only the bad entries are dropped and reported, one problem each", () => {
  const { config, problems } = parsedOf({ WATCHDOG_DEPS: "a=http://a/, ,nonsense,b=tcp://b:1,,c=tcp://c" });
  assert.deepEqual(
    config.deps.map(({ name }) => name),
    ["a", "b"],
  );
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? "", /^WATCHDOG_DEPS: entry "nonsense" is not allowed; allowed: entries name=/);
  assert.match(problems[1] ?? "", /entry "c=tcp:\/\/c" is not allowed/);
});

test("a list entry that repeats a name is dropped and reported", () => {
  const { config, problems } = parsedOf({ WATCHDOG_DISK_PATHS: "a=/x,a=/y,b=/z" });
  assert.deepEqual(config.diskPaths, [
    { label: "a", path: "/x" },
    { label: "b", path: "/z" },
  ]);
  assert.match(problems.join(), /entry "a=\/y" repeats a name/);
});

test("a list in which nothing is usable falls back to its default", () => {
  assert.deepEqual(parsedOf({ WATCHDOG_PROC_PATTERNS: " , ,," }).config.procPatterns, ["pytest"]);
  assert.deepEqual(parsedOf({ WATCHDOG_DISK_PATHS: "relative" }).config.diskPaths, [{ label: "/", path: "/" }]);
});

test("default disks are every entry of /host, else the usual mounts, else /", () => {
  const paths = (facts: Parameters<typeof configOf>[1]): string[] =>
    configOf({}, facts).diskPaths.map(({ label, path }) => `${label}=${path}`);
  assert.deepEqual(paths({ hostEntries: ["data", "root"], reposExists: true }), ["data=/host/data", "root=/host/root"]);
  assert.deepEqual(paths({ reposExists: true, appDataExists: true }), ["/repos=/repos", "/app/data=/app/data"]);
  assert.deepEqual(paths({ appDataExists: true }), ["/app/data=/app/data"]);
  assert.deepEqual(paths({}), ["/=/"]);
  assert.deepEqual(paths({ inContainer: true, hostEntries: ["root"] }), ["root=/host/root", "docker=/etc/hostname"]);
});

test("paths that are set replace the defaults, also in a container", () => {
  assert.deepEqual(configOf({ WATCHDOG_DISK_PATHS: "/srv" }, { inContainer: true, hostEntries: ["root"] }).diskPaths, [
    { label: "/srv", path: "/srv" },
  ]);
});

test("containers default to * where the socket exists, else to off without a problem", () => {
  assert.deepEqual(configOf().containers, ["*"]);
  assert.deepEqual(configOf({}, { socketExists: () => false }).containers, []);
  assert.deepEqual(configOf({ WATCHDOG_DOCKER_SOCK: "tcp://proxy:2375" }, { socketExists: () => false }).containers, [
    "*",
  ]);
  assert.deepEqual(configOf({ WATCHDOG_DOCKER_SOCK: "" }).containers, []);
});

test("a socket that was named but does not exist is a problem; containers named all the same stay named", () => {
  const { problems } = parsedOf({ WATCHDOG_DOCKER_SOCK: "/nowhere.sock" }, { socketExists: () => false });
  assert.match(problems.join(), /WATCHDOG_DOCKER_SOCK="\/nowhere\.sock" does not exist/);
  assert.deepEqual(configOf({ WATCHDOG_CONTAINERS: "web" }, { socketExists: () => false }).containers, ["web"]);
});
