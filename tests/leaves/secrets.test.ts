import assert from "node:assert/strict";
import test from "node:test";
import { redactor } from "../../watchdog/redactor.ts";
import { fragment, maskSecrets } from "../../watchdog/safe.ts";

const SECRET = "S3cr3tValue";

const SHAPES: readonly string[] = [
  `--token ${SECRET}`, `--token=${SECRET}`, `--token  ${SECRET}`, `--api-key ${SECRET}`, `--apikey=${SECRET}`, `--secret-key=${SECRET}`,
  `TOKEN=${SECRET}`, `DB_PASSWORD=${SECRET}`, `PASSWORD: ${SECRET}`, `passwd=${SECRET}`, `my_secret_v2=${SECRET}`, `credentials=${SECRET}`,
  `--password='${SECRET} with blanks'`, `--password="${SECRET} with blanks"`, `--password "${SECRET}"`, `password="${SECRET} never closed`,
  `{"token":"${SECRET}"}`, `{"api_key": "${SECRET}", "x": 1}`, `{'password': '${SECRET}'}`, `{\\"token\\":\\"${SECRET}\\"}`, `["--token","${SECRET}"]`,
  `http://user:${SECRET}@host/path`, `https://${SECRET}@host`, `postgresql+asyncpg://user:p@${SECRET}@host:5432/db`, `redis://:${SECRET}@cache`,
  `http://host/path?token=${SECRET}&x=1`, `http://host/?a=1&access_key=${SECRET}`,
  `Authorization: Bearer ${SECRET}`, `authorization=basic ${SECRET}`, `-H "Authorization: Bearer ${SECRET}"`, `Authorization: Token ${SECRET}`, `bearer ${SECRET}`,
  `--password part1,${SECRET}`, `--password part1;${SECRET}`, `password=part1&${SECRET}`,
  `--skip-token-check --password ${SECRET}`, `--no-key --token ${SECRET}`,
  `pytest\0--token\0${SECRET}\0-x`, `password\n${SECRET}`,
];

for (const shape of SHAPES) {
  test(`the secret in ${JSON.stringify(shape)} is masked`, () => {
    const shown = fragment(shape, 500);
    assert.ok(!shown.includes(SECRET), shown);
    assert.ok(shown.includes("***"), shown);
  });
}

test("a bot token is masked by its shape, wherever it stands", () => {
  for (const text of ["https://api.telegram.org/bot123456789:AAEhBP0av28_zyxwvutsrqpon/getMe", "x 123456789:AAEhBP0av28_zyxwvutsrqpon y"]) {
    assert.doesNotMatch(maskSecrets(text), /AAEhBP/);
  }
});

test("what is no secret stays readable", () => {
  for (const text of ["pytest -x tests/unit --maxfail 3", "http://host:8000/metrics?a=1", "python -m coverage run -m pytest", "/opt/tokenizer/run.py --fast"]) assert.equal(fragment(text, 120), text);
  assert.equal(fragment(`pytest --token ${SECRET} tests/unit`, 120), "pytest --token *** tests/unit");
  assert.equal(fragment(`http://user:${SECRET}@host/path`, 120), "http://***@host/path");
});

test("a secret is masked before the text is cut, so that half of it cannot slip through", () => {
  for (let padding = 90; padding < 120; padding += 1) assert.doesNotMatch(fragment(`${"x".repeat(padding)} --token ${SECRET}`, 120), /S3cr/, String(padding));
});

test("a secret that is longer than what is looked at does not slip through either", () => {
  assert.doesNotMatch(fragment(`--token ${"S3cr".repeat(5000)}`, 120), /S3cr/);
  assert.doesNotMatch(fragment(`http://user:${"S3cr".repeat(5000)}@host`, 120), /S3cr/);
});

const TWO_MIB = 2 * 1024 * 1024;
for (const unit of [" ", "key", "key ", "key=", "key\"", "://", "a://", "a@", "\0", "--token ", "\"", "'", "1", "bot1", "-key", "--key-key ", "a", "\ud83d", "Authorization: bearer ", "😀"]) {
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
