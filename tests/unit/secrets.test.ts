import assert from "node:assert/strict";
import test from "node:test";
import { redactor } from "../../watchdog/redactor.ts";
import { excerpt, fragment, maskArguments, maskSecrets } from "../../watchdog/safe.ts";

const SECRET = "S3cr3tValue";

const SHAPES: readonly string[] = [
  `--token ${SECRET}`,
  `--token=${SECRET}`,
  `--token  ${SECRET}`,
  `--api-key ${SECRET}`,
  `--apikey=${SECRET}`,
  `--secret-key=${SECRET}`,
  `TOKEN=${SECRET}`,
  `DB_PASSWORD=${SECRET}`,
  `PASSWORD: ${SECRET}`,
  `passwd=${SECRET}`,
  `my_secret_v2=${SECRET}`,
  `credentials=${SECRET}`,
  `--password='${SECRET} with blanks'`,
  `--password="${SECRET} with blanks"`,
  `--password "${SECRET}"`,
  `password="${SECRET} never closed`,
  `{"token":"${SECRET}"}`,
  `{"api_key": "${SECRET}", "x": 1}`,
  `{'password': '${SECRET}'}`,
  `{\\"token\\":\\"${SECRET}\\"}`,
  `["--token","${SECRET}"]`,
  `http://user:${SECRET}@host/path`,
  `https://${SECRET}@host`,
  `postgresql+asyncpg://user:p@${SECRET}@host:5432/db`,
  `redis://:${SECRET}@cache`,
  `http://host/path?token=${SECRET}&x=1`,
  `http://host/?a=1&access_key=${SECRET}`,
  `Authorization: Bearer ${SECRET}`,
  `authorization=basic ${SECRET}`,
  `-H "Authorization: Bearer ${SECRET}"`,
  `Authorization: Token ${SECRET}`,
  `bearer ${SECRET}`,
  `--password part1,${SECRET}`,
  `--password part1;${SECRET}`,
  `password=part1&${SECRET}`,
  `--skip-token-check --password ${SECRET}`,
  `--no-key --token ${SECRET}`,
  `pytest\0--token\0${SECRET}\0-x`,
  `password\n${SECRET}`,
];

for (const shape of SHAPES) {
  test(`the secret in ${JSON.stringify(shape)} is masked`, () => {
    const shown = fragment(shape, 500);
    assert.ok(!shown.includes(SECRET), shown);
    assert.ok(shown.includes("***"), shown);
  });
}

/** As procfs gives a command line, an argument an entry, and what is shown of it. */
const COMMANDS: readonly (readonly [readonly string[], string])[] = [
  [["x", `--pwd=${SECRET}`], "x --pwd=***"],
  [["x", "--pwd", SECRET, "run"], "x --pwd *** run"],
  [["x", "--pass", SECRET], "x --pass ***"],
  [["x", "--pass", `two ${SECRET}`, "run"], "x --pass *** run"],
  [["x", "--passwd", SECRET], "x --passwd ***"],
  [["x", `--passwd=${SECRET}`], "x --passwd=***"],
  [["x", `--password=two ${SECRET}`, "run"], "x --password=*** run"],
  [["x", `--auth=${SECRET}`], "x --auth=***"],
  [["x", "--http-auth", `user:${SECRET}`], "x --http-auth ***"],
  [["redis-server", "--requirepass", SECRET], "redis-server --requirepass ***"],
  [["openssl", "enc", "-pass", `pass:${SECRET}`, "-in", "a"], "openssl enc -pass *** -in a"],
  [["mysql", `-p${SECRET}`, "db"], "mysql -p*** db"],
  [["/usr/bin/mysqldump", "-uroot", `-p${SECRET}`, "db"], "/usr/bin/mysqldump -uroot -p*** db"],
  [["mariadb", `-ptwo ${SECRET}`, "db"], "mariadb -p*** db"],
  [["mariadb-dump", "-u", "root", `-p'${SECRET}`], "mariadb-dump -u root -p***"],
  [["sh", "-c", `mysqldump -p${SECRET} a | mysql -p'two ${SECRET}' b`], "sh -c mysqldump -p*** a | mysql -p*** b"],
  [["sshpass", "-p", SECRET, "ssh", "host"], "sshpass -p *** ssh host"],
  [["sshpass", `-p${SECRET}`, "ssh", "host"], "sshpass -p*** ssh host"],
  [["redis-cli", "-a", SECRET, "ping"], "redis-cli -a *** ping"],
  [["curl", "-u", `user:${SECRET}`, "http://h/"], "curl -u *** http://h/"],
  [["curl", "-sSfu", `user:two ${SECRET}`, "http://h/"], "curl -sSfu *** http://h/"],
  [["curl", `-uuser:${SECRET}`], "curl -u***"],
  [["curl", "--user", `user:${SECRET}`], "curl --user ***"],
  [["curl", `--user=user:two ${SECRET}`], "curl --user=***"],
  [["curl", "--proxy-user", `user:${SECRET}`], "curl --proxy-user ***"],
  [["curl", "-b", `sid=${SECRET}; a=${SECRET}`, "http://h/"], "curl -b *** http://h/"],
  [["bash", "-c", `curl -u "user:two ${SECRET}" http://h/`], "bash -c curl -u *** http://h/"],
  [
    ["bash", "-c", `curl -XPUT -H 'Cookie: a=1; sid=${SECRET}' http://h/`],
    "bash -c curl -XPUT -H 'Cookie: ***' http://h/",
  ],
  [["curl", "-H", `Cookie: a=1; sid=${SECRET}`, "http://h/"], "curl -H Cookie:*** http://h/"],
  [["curl", `-HCookie: sid=${SECRET}`, "http://h/"], "curl -HCookie:*** http://h/"],
  [["ssh", "h", "curl", "-H", "Authorization:", SECRET, "-v"], "ssh h curl -H Authorization: *** -v"],
  [["mysql", "-ppassword:", SECRET], "mysql -p*** ***"],
  [["x", "--auth", "Bearer", SECRET], "x --auth *** ***"],
  [["curl", "-H", `Authorization: ${SECRET}`, "http://h/"], "curl -H Authorization:*** http://h/"],
  [["curl", "-H", `Authorization: ApiKey ${SECRET}`, "http://h/"], "curl -H Authorization:*** http://h/"],
  [["curl", "-H", `Authorization: Digest username="u", response="${SECRET}"`, "-v"], "curl -H Authorization:*** -v"],
  [
    ["wget", `--header=Proxy-Authorization: Custom ${SECRET}`, "http://h/"],
    "wget --header=Proxy-Authorization:*** http://h/",
  ],
  [[`curl -H Authorization: ApiKey ${SECRET} http://h/`], "curl -H Authorization: *** http://h/"],
  [[`curl -H Cookie: a=1; sid=${SECRET} http://h/`], "curl -H Cookie: *** http://h/"],
  [["worker", `postgres://user:${SECRET}`], "worker postgres://***"],
  [["worker", `redis://:${SECRET}`, "-x"], "worker redis://*** -x"],
  [["worker", `postgres://user:part/${SECRET}@host/db`, "-x"], "worker postgres://***@host/db -x"],
  [["x", "--token", "", SECRET, "run"], "x --token *** *** run"],
  [["sh", "-c", `x --token '' ${SECRET}`], "sh -c x --token ***"],
  [["sh", "-c", `x --token ''${SECRET} run`], "sh -c x --token *** run"],
  [["sh", "-c", `x --token "part"'${SECRET}' run`], "sh -c x --token *** run"],
  [
    ["env", `MYSQL_PWD=${SECRET}`, `DBPASS=${SECRET}`, `REDIS_AUTH=${SECRET}`, "run"],
    "env MYSQL_PWD=*** DBPASS=*** REDIS_AUTH=*** run",
  ],
  [["x", `Server=h;Uid=sa;Pwd=${SECRET};`], "x Server=h;Uid=sa;Pwd=***"],
  [["x", `{"user":"u","pass":"${SECRET}","cookie":"${SECRET}"}`], 'x {"user":"u","pass":***,"cookie":***}'],
  [["x", `["--auth","${SECRET}"]`], 'x ["--auth",***]'],
  [["x", "--no-key", "--pass", SECRET], "x --no-key ***"],
  [["curl", "--use-token", "-u", `user:${SECRET}`], "curl --use-token *** ***"],
];

const shownOf = (args: readonly string[]): string => fragment(maskArguments(args).join(" "), 200);

for (const [args, expected] of COMMANDS) {
  test(`of the command line ${JSON.stringify(args)} no secret is shown, and the rest is`, { timeout: 5000 }, () => {
    const shown = shownOf(args);
    assert.ok(!shown.includes("S3cr"), shown);
    assert.equal(shown, expected);
  });
}

for (const command of [
  "serve -p 8080",
  "pytest -p no:cacheprovider tests/auth",
  "pytest -pno:cacheprovider",
  "ssh -p22 host",
  "ssh -p 22 mysql",
  "git log --author x",
  "git log --author=x",
  "docker run --name mysql -p3306:3306 mysql:8",
  "docker run -u 1000:1000 app",
  "mysql -u root -p db",
  "mysql --port 3306 --protocol tcp db",
  "curl -XPUT -fsS -o out http://host:8080/a:b",
  "curl --user-agent x --cookie-jar file https://[::1]:8443/x",
  "worker redis://cache:6379/0 amqp://mq:5672",
  "sh -c cd a && PWD=/srv OLDPWD=/home make",
  "x --bypass a --compass=b --no-auth c --pass-file /run/x",
  "python tests/pass.py --auth-type basic",
  "x 2 pass: 5 fail: 0",
  "mongo mongodb://a:27017,b:27017/x",
  "sudo -u root pytest",
]) {
  test(`nothing of ${JSON.stringify(command)} is hidden`, { timeout: 5000 }, () => {
    assert.equal(fragment(command, 200), command);
    assert.equal(shownOf(command.split(" ")), command);
  });
}

test("a URL whose end was cut off shows no password in an error's text either", { timeout: 5000 }, () => {
  assert.equal(excerpt(`cannot reach postgres://user:${SECRET}`, 200), "cannot reach postgres://***");
  assert.equal(excerpt("cannot reach http://host:8080: refused", 200), "cannot reach http://host:8080: refused");
});

test("a bot token is masked by its shape, wherever it stands", () => {
  for (const text of [
    "https://api.telegram.org/bot123456789:AAEhBP0av28_zyxwvutsrqpon/getMe",
    "x 123456789:AAEhBP0av28_zyxwvutsrqpon y",
  ]) {
    assert.doesNotMatch(maskSecrets(text), /AAEhBP/);
  }
});

test("what is no secret stays readable", () => {
  for (const text of [
    "pytest -x tests/unit --maxfail 3",
    "http://host:8000/metrics?a=1",
    "python -m coverage run -m pytest",
    "/opt/tokenizer/run.py --fast",
  ])
    assert.equal(fragment(text, 120), text);
  assert.equal(fragment(`pytest --token ${SECRET} tests/unit`, 120), "pytest --token *** tests/unit");
  assert.equal(fragment(`http://user:${SECRET}@host/path`, 120), "http://***@host/path");
});

test("a secret is masked before the text is cut, so that half of it cannot slip through", () => {
  for (let padding = 90; padding < 120; padding += 1)
    assert.doesNotMatch(fragment(`${"x".repeat(padding)} --token ${SECRET}`, 120), /S3cr/, String(padding));
});

test("a secret that is longer than what is looked at does not slip through either", () => {
  assert.doesNotMatch(fragment(`--token ${"S3cr".repeat(5000)}`, 120), /S3cr/);
  assert.doesNotMatch(fragment(`http://user:${"S3cr".repeat(5000)}@host`, 120), /S3cr/);
});

/** Beginnings of what the patterns look for, over and over. */
const HARD: readonly string[] = [
  "mysql -p",
  "mysql ",
  "curl -u ",
  "curl -s",
  "curl",
  "-p",
  " -p",
  " --pass",
  "--pass ",
  "--auth=",
  "pwd",
  "pass",
  "auth",
  "auth=",
  "_pass",
  "cookie",
  "Cookie: ",
  "Cookie:a;",
  "cookie; ",
  "authorization",
  "authorization: ",
  "authorization: a ",
  "'Cookie:",
  '"authorization:"',
  "a://b:",
  "a://b:c",
  "a://:",
  "://a:@",
  "''",
  "'' ",
  '"" ',
  "--token '' ",
  '--token ""',
  "token ''",
  "--no-",
  "PWD=/",
  "-H",
  '\\"',
  "--user ",
  "sshpass -p",
  'key,"',
];

for (const unit of HARD) {
  test(`100 kB of ${JSON.stringify(unit)} take no quadratic time`, { timeout: 20_000 }, () => {
    const text = unit.repeat(Math.ceil(100_000 / unit.length));
    for (const look of [
      () => maskSecrets(text),
      () => maskArguments([text]),
      () => maskArguments(text.split(" ")),
      () => maskArguments(["--pass", text]),
      () => maskArguments(["curl", "mysql", text]),
    ]) {
      const startedAt = performance.now();
      look();
      assert.ok(performance.now() - startedAt < 1500, `${performance.now() - startedAt} ms`);
    }
  });
}

const TWO_MIB = 2 * 1024 * 1024;
for (const unit of [
  " ",
  "key",
  "key ",
  "key=",
  'key"',
  "://",
  "a://",
  "a@",
  "\0",
  "--token ",
  '"',
  "'",
  "1",
  "bot1",
  "-key",
  "--key-key ",
  "a",
  "\ud83d",
  "Authorization: bearer ",
  "😀",
  ...HARD,
]) {
  test(`2 MiB of ${JSON.stringify(unit)} are made a fragment in bounded time`, () => {
    const text = unit.repeat(Math.ceil(TWO_MIB / unit.length));
    const startedAt = performance.now();
    assert.ok(fragment(text, 120).length <= 120);
    // Milliseconds as a rule; anything quadratic would take minutes, and a busy machine may take its time.
    assert.ok(performance.now() - startedAt < 3000, `${performance.now() - startedAt} ms`);
  });
}

test("the redactor removes its secrets as they are, percent-encoded and as JSON writes them", () => {
  const redact = redactor(['p@ss"wd', "plain-secret"]);
  assert.equal(redact('a p@ss"wd b'), "a *** b");
  assert.equal(redact("http://u:p%40ss%22wd@h"), "http://u:***@h");
  assert.equal(redact(JSON.stringify({ x: 'p@ss"wd' })), '{"x":"***"}');
  assert.equal(redact("plain-secretplain-secret"), "******");
});

test("the redactor leaves out secrets so short that they would tear every text", () => {
  assert.equal(redactor(["", "a", "abc"])("abc a"), "abc a");
});
