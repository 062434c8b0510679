import assert from "node:assert/strict";
import test from "node:test";
import { denied, parsedOf } from "../../helpers/fakes/config.ts";

const TOKEN = "123456789:AAEhBP0av28_zyxwvutsrqponmlkjihgfed";
const CHAT = "-1001234567890";
const files = (contents: Readonly<Record<string, string>>) => ({
  readSecret: (path: string): string => {
    const content = contents[path];
    if (content === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return content;
  },
});

test("a malformed token is reported without being shown", () => {
  const { config, problems } = parsedOf({ WATCHDOG_TG_BOT_TOKEN: "my secret token!", WATCHDOG_TG_CHAT_ID: CHAT });
  assert.equal(config.tgBotToken, undefined);
  assert.match(problems.join("\n"), /WATCHDOG_TG_BOT_TOKEN=\*\*\* is not allowed/);
  assert.doesNotMatch(problems.join("\n"), /my secret/);
});

test("the token and the passwords of URLs are the secrets to redact, as written and decoded", () => {
  const { secrets, problems } = parsedOf({
    WATCHDOG_TG_BOT_TOKEN: TOKEN,
    WATCHDOG_TG_CHAT_ID: CHAT,
    WATCHDOG_METRICS_URL: "http://u:p%40ssword@orch/metrics",
    WATCHDOG_DEPS: "a=https://x:hunter22@a/",
  });
  assert.deepEqual(problems, []);
  for (const secret of [TOKEN, "p%40ssword", "p@ssword", "hunter22"]) assert.ok(secrets.includes(secret), secret);
});

test("credentials and queries in a malformed value are masked in its problem", () => {
  const { problems } = parsedOf({
    WATCHDOG_METRICS_URL: "ftp://admin:hunter22@orch/metrics?token=abcdef",
    WATCHDOG_DEPS: "db=postgres://admin:hunter23@db/x",
  });
  assert.equal(problems.length, 2);
  assert.doesNotMatch(problems.join("\n"), /hunter2|abcdef/);
  assert.match(problems.join("\n"), /WATCHDOG_METRICS_URL="ftp:\/\/\*\*\*@orch/);
});

test("every token, id and URL can come from a file, whose surrounding blanks do not count", () => {
  const { config, problems } = parsedOf(
    {
      WATCHDOG_TG_BOT_TOKEN_FILE: "/run/secrets/token",
      WATCHDOG_TG_CHAT_ID_FILE: "/c",
      WATCHDOG_TG_THREAD_ID_FILE: "/t",
      WATCHDOG_TG_API_URL_FILE: "/a",
      WATCHDOG_METRICS_URL_FILE: "/m",
    },
    files({
      "/run/secrets/token": ` ${TOKEN}\n`,
      "/c": `${CHAT}\r\n`,
      "/t": "7\n",
      "/a": "http://api:8081\n",
      "/m": "http://orch/metrics",
    }),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [config.tgBotToken, config.tgChatId, config.tgThreadId, config.tgApiUrl.host, config.metricsUrl?.pathname],
    [TOKEN, CHAT, 7, "api:8081", "/metrics"],
  );
});

test("other variables have no _FILE variant", () => {
  assert.match(
    parsedOf({ WATCHDOG_MEM_PCT_FILE: "/x" }, files({ "/x": "50" })).problems.join(),
    /WATCHDOG_MEM_PCT_FILE is not a known variable/,
  );
});

test("a file that cannot be read is a problem and means unset", () => {
  const { config, problems } = parsedOf({ WATCHDOG_METRICS_URL_FILE: "/gone" });
  assert.equal(config.metricsUrl, undefined);
  assert.match(
    problems.join(),
    /WATCHDOG_METRICS_URL_FILE="\/gone" cannot be read \(ENOENT.*\); allowed: .*; using the default \(unset\)/,
  );
});

test("a token put where its file's path belongs is not shown, not even in the reason", () => {
  const { problems } = parsedOf({ WATCHDOG_TG_BOT_TOKEN_FILE: TOKEN });
  assert.equal(problems.length, 1);
  assert.doesNotMatch(problems.join("\n"), /AAEhBP0av28/);
});

test("a malformed value from a file is reported by the name of the file variable, secrets unseen", () => {
  const { problems } = parsedOf(
    { WATCHDOG_TG_BOT_TOKEN_FILE: "/t", WATCHDOG_TG_CHAT_ID: CHAT, WATCHDOG_METRICS_URL_FILE: "/m" },
    files({ "/t": "two words", "/m": "nonsense" }),
  );
  assert.match(problems.join("\n"), /^WATCHDOG_TG_BOT_TOKEN_FILE=\*\*\* is not allowed/m);
  assert.match(problems.join("\n"), /^WATCHDOG_METRICS_URL_FILE="nonsense" is not allowed/m);
  assert.doesNotMatch(problems.join("\n"), /two words/);
});

test("the variable wins over its file variant, which is reported; an empty variable does not count as set", () => {
  const both = parsedOf(
    { WATCHDOG_METRICS_URL: "http://one/", WATCHDOG_METRICS_URL_FILE: "/m" },
    files({ "/m": "http://two/" }),
  );
  assert.equal(both.config.metricsUrl?.host, "one");
  assert.match(
    both.problems.join(),
    /WATCHDOG_METRICS_URL_FILE="\/m" is ignored because WATCHDOG_METRICS_URL is set too/,
  );
  const empty = parsedOf({ WATCHDOG_METRICS_URL: "", WATCHDOG_METRICS_URL_FILE: "/m" }, files({ "/m": "http://two/" }));
  assert.equal(empty.config.metricsUrl?.host, "two");
  assert.deepEqual(empty.problems, []);
});

test("a secret's file that cannot be read is one problem, which says who has to be able to read it", {
  timeout: 10_000,
}, () => {
  const unread = {
    uid: 65_534,
    readSecret: denied,
  };
  const root = parsedOf({ WATCHDOG_METRICS_URL_FILE: "/run/secrets/x" }, { ...unread, uid: 0 }).problems;
  assert.match(
    root.join(),
    /uid 0 may read \(chown :0, chmod 440\)/,
    "the pruner's remedy must not shut the watchdog out of a file that both read",
  );
  const gone = parsedOf(
    { WATCHDOG_METRICS_URL_FILE: "/run/secrets/x" },
    {
      ...unread,
      readSecret: () => {
        throw new Error("ENOENT: no such file");
      },
    },
  ).problems;
  assert.match(gone.join(), /ENOENT.*uid 65534 may read and whose/, "no owner mends a file that is not there");
  for (const [name, env] of [
    ["WATCHDOG_TG_BOT_TOKEN", { WATCHDOG_TG_CHAT_ID: CHAT }],
    ["WATCHDOG_TG_CHAT_ID", { WATCHDOG_TG_BOT_TOKEN: TOKEN }],
  ] as const) {
    const { problems } = parsedOf({ ...env, [`${name}_FILE`]: "/run/secrets/x" }, unread);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(
      problems.join(),
      new RegExp(
        `^${name}_FILE="/run/secrets/x" cannot be read \\(EACCES.*uid 65534 may read \\(chown 65534:0, chmod 440\\).*; until then messages go to the log$`,
      ),
    );
  }
});

test("an empty file is the same as unset and no problem", () => {
  const { config, problems } = parsedOf({ WATCHDOG_METRICS_URL_FILE: "/m" }, files({ "/m": "\n" }));
  assert.equal(config.metricsUrl, undefined);
  assert.deepEqual(problems, []);
});

test("a token without a chat, or a chat without a token, is a problem and means the console", () => {
  for (const [env, missing] of [
    [{ WATCHDOG_TG_BOT_TOKEN: TOKEN }, "WATCHDOG_TG_CHAT_ID"],
    [{ WATCHDOG_TG_CHAT_ID: CHAT }, "WATCHDOG_TG_BOT_TOKEN"],
  ] as const) {
    const { config, problems } = parsedOf(env);
    assert.match(problems.join(), new RegExp(`^${missing} has no usable value`));
    assert.deepEqual([config.tgBotToken, config.tgChatId], [undefined, undefined]);
    assert.doesNotMatch(problems.join(), /AAEhBP/);
  }
});

test("a chat is a number or @name", () => {
  const chat = (id: string): string | undefined =>
    parsedOf({ WATCHDOG_TG_BOT_TOKEN: TOKEN, WATCHDOG_TG_CHAT_ID: id }).config.tgChatId;
  assert.equal(chat("-1001234567890"), "-1001234567890");
  assert.equal(chat("@my_channel"), "@my_channel");
  assert.equal(chat("my_channel"), undefined);
  assert.equal(chat("12.5"), undefined);
});
