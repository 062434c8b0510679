import assert from "node:assert/strict";
import test from "node:test";
import { ok, tableOf, wrap } from "../../../../watchdog/cli/doctor/check.ts";
import { judgeConfinement } from "../../../../watchdog/cli/doctor/confinement.ts";
import { deviceNumbers, useOf } from "../../../../watchdog/cli/doctor/disks.ts";
import { exampleText } from "../../../../watchdog/cli/doctor/example.ts";
import { sharesPids } from "../../../../watchdog/cli/doctor/host.ts";
import { mountOf, parseMounts } from "../../../../watchdog/cli/doctor/self.ts";
import { judgeClock, judgeFiles, judgeSettings } from "../../../../watchdog/cli/doctor/setup.ts";
import { judgeTelegram, refusal } from "../../../../watchdog/cli/doctor/telegram.ts";
import { parseConfig } from "../../../../watchdog/config/config.ts";
import { DOCTOR_TEXTS, LANGS } from "../../../../watchdog/lang/index.ts";
import { MAX_LENGTH } from "../../../../watchdog/messages/text.ts";
import { replyOf } from "../../../../watchdog/notify/channels/telegram/client.ts";
import { configOf, denied, factsOf } from "../../../helpers/fakes/config.ts";

const t = DOCTOR_TEXTS.en;
const CONTAINER = { inContainer: true, hardened: false, command: "docker compose run --rm watchdog" };
const ctx = { config: configOf(), t, place: CONTAINER };

test("df rounds up to a whole percent, and what root alone may use is not free", () => {
  const probe = { device: "1", blockSize: 4096, files: 0, freeFiles: 0 };
  assert.deepEqual(useOf({ ...probe, blocks: 1000, freeBlocks: 500, availableBlocks: 500 }), {
    usedPct: 50,
    dfPct: 50,
  });
  assert.deepEqual(useOf({ ...probe, blocks: 1000, freeBlocks: 499, availableBlocks: 499 }), {
    usedPct: 50.1,
    dfPct: 51,
  });
  assert.deepEqual(useOf({ ...probe, blocks: 1000, freeBlocks: 50, availableBlocks: 0 }), { usedPct: 100, dfPct: 100 });
  assert.equal(useOf({ ...probe, blocks: 0, freeBlocks: 0, availableBlocks: 0 }), undefined);
  // To the block, on a petabyte too.
  for (const [free, dfPct] of [
    [1.5e11, 50],
    [1.5e11 - 1, 51],
  ] as const)
    assert.equal(useOf({ ...probe, blocks: 3e11, freeBlocks: free, availableBlocks: free })?.dfPct, dfPct);
});

test("a device number is taken apart as ls -l shows it", () => {
  assert.equal(deviceNumbers(String((8 << 8) | 1)), "8:1");
  assert.equal(deviceNumbers("65024"), "254:0");
  assert.equal(deviceNumbers(String((259 << 8) | 3 | (1 << 20))), "259:259");
  assert.equal(deviceNumbers("x"), "0:0");
});

test("a path lies on the deepest mount above it, and of two on one point on the later", () => {
  const mounts = parseMounts(
    [
      "1 0 8:1 / / ro,relatime - ext4 /dev/sda1 rw",
      "2 1 8:2 / /data rw shared:1 master:2 - xfs /dev/sdb1 rw,attr2",
      "3 1 8:3 / /data rw - xfs /dev/sdc1 rw",
      "4 1 8:4 / /with\\040blank rw - ext4 /dev/sdd1 rw",
      "broken line",
    ].join("\n"),
  );
  assert.equal(mounts.length, 4);
  assert.equal(mountOf(mounts, "/data/x")?.source, "/dev/sdc1");
  assert.equal(mountOf(mounts, "/database")?.source, "/dev/sda1");
  assert.equal(mountOf(mounts, "/with blank/file")?.source, "/dev/sdd1");
  assert.deepEqual(mountOf(mounts, "/")?.options, ["ro", "relatime", "rw"]);
});

test("pids are shared in the initial namespace, through an outer procfs, and behind a pid 1 that is not the watchdog", () => {
  const own = {
    pidNamespace: "pid:[4026532999]",
    status: "NSpid:\t7\n",
    initCommand: "node /opt/watchdog/watchdog.mjs run",
  };
  assert.equal(sharesPids(own), false);
  assert.equal(sharesPids({ ...own, pidNamespace: "pid:[4026531836]" }), true);
  assert.equal(sharesPids({ ...own, status: "NSpid:\t900\t7\n" }), true);
  assert.equal(sharesPids({ ...own, initCommand: "/sbin/init" }), true);
  assert.equal(sharesPids({ ...own, initCommand: "/sbin/docker-init -- node /opt/watchdog/watchdog.mjs run" }), false);
  assert.equal(sharesPids({ ...own, initCommand: "" }), false, "an unreadable pid 1 proves nothing");
  assert.equal(sharesPids({}), false);
});

test("an answer of the Bot API is ok only when it says so, and anything else is told apart", () => {
  const reply = (status: number, body: string) => replyOf({ status, body: Buffer.from(body) });
  assert.deepEqual(reply(200, '{"ok":true,"result":7}'), { kind: "ok", result: 7 });
  assert.deepEqual(reply(200, "<html>"), { kind: "alien", status: 200 });
  assert.deepEqual(reply(500, '{"ok":true,"result":7}'), { kind: "refused", code: 500, description: "" });
  assert.deepEqual(reply(429, '{"ok":false,"error_code":429,"description":"slow","parameters":{"retry_after":9}}'), {
    kind: "refused",
    code: 429,
    description: "slow",
    retryAfterS: 9,
  });
});

test("each kind of closed network to Telegram's own servers has its own way out, and a proxy comes first", () => {
  const advice = (kind: "dns" | "tls" | "refused" | "timeout", config = configOf()): string => {
    const check = refusal("x", "x", { kind: "fault", fault: { kind, reason: "r" } }, { ...ctx, config });
    return check.state === "failed" ? check.advice : "";
  };
  assert.match(advice("dns"), /getent hosts api\.telegram\.org/);
  assert.match(advice("tls"), /NODE_EXTRA_CA_CERTS/);
  assert.match(advice("refused"), /WATCHDOG_TG_PROXY_URL=http/);
  assert.equal(advice("timeout"), advice("refused"));
  assert.match(
    advice("dns", configOf({ WATCHDOG_TG_PROXY_URL: "http://p:3128" }, { agentHasProxy: true })),
    /check WATCHDOG_TG_PROXY_URL/,
  );
  const alien = refusal("x", "x", { kind: "alien", status: 503 }, ctx);
  assert.match(
    alien.state === "failed" ? alien.advice : "",
    /few minutes/,
    "Telegram's own servers are not ours to correct",
  );
});

test("a secret's file that cannot be read is one ✗ with the chown, wherever doctor runs", { timeout: 10_000 }, () => {
  const unread = {
    uid: 65_534,
    readSecret: denied,
  };
  for (const [env, me] of [
    [
      { WATCHDOG_TG_BOT_TOKEN: "123:abcdefgh", WATCHDOG_TG_CHAT_ID_FILE: "/run/secrets/x" },
      { me: { kind: "ok", result: { id: 1, username: "bot" } } },
    ],
    [{ WATCHDOG_TG_CHAT_ID: "-1001", WATCHDOG_TG_BOT_TOKEN_FILE: "/run/secrets/x" }, {}],
    [{ WATCHDOG_STATUS_TOKEN_FILE: "/run/secrets/x" }, {}],
  ] as const) {
    const { config, problems } = parseConfig(env, factsOf(unread));
    for (const [place, file] of [
      [CONTAINER, "<the host's file that is mounted as /run/secrets/x>"],
      [{ ...CONTAINER, inContainer: false }, "/run/secrets/x"],
    ] as const) {
      const here = { config, t, place };
      const failures = [...judgeSettings(problems, 65_534, here), ...judgeTelegram(me, false, problems, here)].filter(
        (check) => check.state === "failed",
      );
      assert.match(failures[0]?.advice ?? "", /sudo chmod 440 /);
      assert.deepEqual(
        failures.map(({ id, advice }) => [id, advice.split("; ")[0]]),
        [[`config.${Object.keys(env).at(-1)}`, `sudo chown 65534:0 ${file}`]],
      );
    }
  }
});

test("a secret's file that is missing is to be corrected, and no new bot is advised", { timeout: 10_000 }, () => {
  for (const [name, env] of [
    ["WATCHDOG_TG_BOT_TOKEN_FILE", { WATCHDOG_TG_CHAT_ID: "-1001" }],
    ["WATCHDOG_STATUS_TOKEN_FILE", {}],
  ] as const) {
    const { problems } = parseConfig({ ...env, [name]: "/gone" }, factsOf());
    const failures = judgeSettings(problems, 0, ctx).filter((check) => check.state === "failed");
    assert.deepEqual(
      failures.map(({ id }) => id),
      [`config.${name}`],
    );
    assert.match(failures[0]?.advice ?? "", new RegExp(`correct ${name} or remove it`));
  }
});

test("a chat that is missing fails, one that cannot be used is said by the settings alone", { timeout: 10_000 }, () => {
  const token = { WATCHDOG_TG_BOT_TOKEN: "123:abcdefgh" };
  const me = { kind: "ok", result: { id: 1, username: "bot" } } as const;
  const stateOf = (env: Readonly<Record<string, string>>) => {
    const { config, problems } = parseConfig({ ...token, ...env }, factsOf());
    return judgeTelegram({ me }, false, problems, { ...ctx, config }).find(({ id }) => id === "telegram.chat")?.state;
  };
  assert.equal(stateOf({}), "failed");
  assert.equal(stateOf({ WATCHDOG_TG_CHAT_ID: "two words" }), "off");
  assert.equal(stateOf({ WATCHDOG_TG_CHAT_ID_FILE: "/gone" }), "off");
});

test("a setting that is needed is asked for, not taken away", { timeout: 10_000 }, () => {
  const advice = (env: Readonly<Record<string, string>>): string => {
    const { config, problems } = parseConfig(env, factsOf());
    const failures = judgeSettings(problems, 0, { ...ctx, config }).filter((check) => check.state === "failed");
    assert.equal(failures.length, 1);
    return failures[0]?.advice ?? "";
  };
  assert.match(
    advice({ WATCHDOG_STATUS_ADDR: "0.0.0.0:9876" }),
    /WATCHDOG_STATUS_TOKEN=<what openssl rand -hex 16 prints>/,
  );
  assert.match(advice({ WATCHDOG_STATUS_TOKEN: "short" }), /WATCHDOG_STATUS_TOKEN=<what openssl/);
  assert.match(advice({ WATCHDOG_TG_CHAT_ID: "-1001" }), /WATCHDOG_TG_BOT_TOKEN=… \(@BotFather/);
  assert.match(
    advice({ WATCHDOG_TG_CHAT_ID: "-1001", WATCHDOG_TG_BOT_TOKEN: "two words" }),
    /WATCHDOG_TG_BOT_TOKEN=… \(@BotFather/,
  );
  assert.match(advice({ WATCHDOG_TG_BOT_TOKEN: "123:abcdefgh" }), /doctor chat-id/);
  assert.match(advice({ WATCHDOG_MEM_PCT: "900" }), /correct WATCHDOG_MEM_PCT or remove it/);
});

test("no advice stops what works without saying so, in either language", { timeout: 10_000 }, () => {
  const warnings: readonly (readonly [command: RegExp, warning: RegExp])[] = [
    [/systemctl restart docker/, /journalctl -u docker -n 50.*(stops every container|остановит все контейнеры)/],
    [/usermod -aG docker/, /equals root|права root/],
    [/hidepid=0/, /every user of the host sees|каждый пользователь хоста видит/],
    [/umount -l/, /findmnt.*(if nobody needs it|если она никому не нужна)/],
    [/set-ntp true/, /timedatectl status/],
    [/chown -R|rm -r|docker (rm|rmi|stop|kill|restart)\b|system prune|docker compose down/, /never/],
  ];
  const texts = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    if (typeof value === "function")
      return ["a", CONTAINER, { ...CONTAINER, inContainer: false }].map((last) => {
        try {
          return String((value as (...args: unknown[]) => unknown)("timeout", "b", 1, last));
        } catch {
          return "";
        }
      });
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
  };
  let seen = 0;
  for (const lang of [DOCTOR_TEXTS.ru, DOCTOR_TEXTS.en, LANGS.ru.details, LANGS.en.details]) {
    for (const text of texts(lang)) {
      for (const [command, warning] of warnings) {
        if (!command.test(text)) continue;
        seen += 1;
        assert.match(text, warning);
      }
    }
  }
  assert.ok(seen >= 10, `${seen}`);
});

test("thirty seconds off is well, a little more is not", () => {
  const state = (aheadMs: number): string => judgeClock({ aheadMs, source: "Telegram" }, ctx).state;
  assert.deepEqual([30_000, -30_000, 30_001, -30_001].map(state), ["ok", "ok", "failed", "failed"]);
});

test("a state file on a read-only root needs a volume", () => {
  const config = configOf({ WATCHDOG_STATE_FILE: "/state/watchdog.json" });
  const [check] = judgeFiles({ kind: "other", code: "EROFS", reason: "EROFS" }, 0, { ...ctx, config });
  assert.match(check?.state === "failed" ? check.advice : "", /volumes: \["\/var\/lib\/watchdog:\/state"\]/);
});

test("the table is aligned, wraps between words and leaves a long word whole", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("a loooooooong b", 5), ["a", "loooooooong", "b"]);
  const lines = tableOf(
    [ok("a", "Short", "x ".repeat(60).trim()), ok("b", "A title that is far too long for its column", "y")],
    t,
    60,
  ).split("\n");
  const column = lines[1]?.search(/\S/) ?? 0;
  assert.ok(column > 0 && lines.slice(0, 3).every((line) => line.length <= 60));
  assert.equal(lines.find((line) => line.trim() === "y")?.indexOf("y"), column);
});

test("control characters from outside cannot forge a row", () => {
  const text = tableOf([ok("a", "Chat", "evil\u001b[2J\r✓ all good")], t, 100);
  assert.doesNotMatch(text, /[\u001b\r]/);
});

for (const lang of ["ru", "en"] as const) {
  test(`the test message in ${lang} shows every mark, in one message`, () => {
    const { plain, html } = exampleText("host <1>", DOCTOR_TEXTS[lang], LANGS[lang], Date.UTC(2026, 0, 2));
    for (const mark of ["ℹ️", "🔴", "🔁", "🟢", "🟠"]) assert.ok(plain.includes(`${mark} host <1> · `), mark);
    assert.ok(html.length < MAX_LENGTH && html.includes("host &lt;1&gt;"));
  });
}

test("in the hardened variant each advice about a file of Compose names the files that have to be given", {
  timeout: 10_000,
}, () => {
  const place = { ...CONTAINER, hardened: true };
  const writable = "100 1 0:44 / / rw,relatime - overlay overlay rw";
  const adviceOf = (where: typeof CONTAINER, lang: "en" | "ru"): string => {
    const check = judgeConfinement(
      { mountinfo: writable, status: "" },
      { config: configOf(), t: DOCTOR_TEXTS[lang], place: where },
    ).find(({ id }) => id === "root_readonly");
    return check?.state === "failed" ? check.advice : assert.fail(JSON.stringify(check));
  };
  for (const lang of ["en", "ru"] as const) {
    assert.match(
      adviceOf(place, lang),
      /^docker-compose\.override\.yml, watchdog: read_only: true; \S+ docker compose -f docker-compose\.hardened\.yml -f docker-compose\.override\.yml up -d \(/,
    );
    assert.match(adviceOf(CONTAINER, lang), / docker compose up -d$/);
    assert.match(DOCTOR_TEXTS[lang].config.advice("WATCHDOG_LANG", place), /docker-compose\.hardened\.yml\)$/);
    assert.match(DOCTOR_TEXTS[lang].config.advice("WATCHDOG_LANG", CONTAINER), / docker compose up -d$/);
  }
});
