import assert from "node:assert/strict";
import test from "node:test";
import { tableOf } from "../../../watchdog/cli/doctor/check.ts";
import { PRUNE_VARIABLES } from "../../../watchdog/config/areas/prune.ts";
import { variablesHelp } from "../../../watchdog/config/help.ts";
import { hook, login, nothing, whole } from "../../../watchdog/config/secret.ts";
import {
  list,
  namesOf,
  optional,
  parseTable,
  secretFilesOf,
  secretsOf,
  type Variable,
  type Variables,
} from "../../../watchdog/config/table.ts";
import { dependency, httpUrl, text } from "../../../watchdog/config/value.ts";
import { VARIABLES } from "../../../watchdog/config/variables.ts";
import { DOCTOR_TEXTS, LANGS } from "../../../watchdog/lang/index.ts";
import { createLog, type LogFormat } from "../../../watchdog/log.ts";
import type { Channel, Outgoing } from "../../../watchdog/notify/channel.ts";
import { webhookChannel } from "../../../watchdog/notify/channels/webhook/webhook.ts";
import { createDelivery } from "../../../watchdog/notify/delivery.ts";
import { redactor } from "../../../watchdog/redactor.ts";
import {
  clip,
  excerpt,
  fragment,
  head,
  hideSecrets,
  identifier,
  reasonOf,
  redactJson,
  tail,
} from "../../../watchdog/safe.ts";
import { SILENT_LOG } from "../../helpers/drivers/pipeline.ts";
import { siteRig } from "../../helpers/drivers/site-rig.ts";
import { configOf, factsOf } from "../../helpers/fakes/config.ts";
import { noticeOf } from "../../helpers/fakes/notice.ts";
import { virtualClock } from "../../helpers/fakes/virtual-clock.ts";

/** None of these exists in either program: what is said of them here is all that the program knows. */
const MADE_UP = {
  pagerToken: optional("WATCHDOG_PAGER_TOKEN", text("letters and digits", /^\w{8,}$/), "a token", { secret: whole }),
  pagerUrl: optional("WATCHDOG_PAGER_URL", httpUrl, "a hook", { secret: hook }),
  gateUrl: optional("WATCHDOG_GATE_URL", httpUrl, "an address", { secret: login }),
  gateId: optional("WATCHDOG_GATE_ID", text("letters", /^\w+$/), "an id", { secret: nothing }),
  gates: list("WATCHDOG_GATES", dependency, "", () => [], "addresses", {
    secret: { hidesAll: true, textsOf: (gates) => gates.flatMap(({ url }) => login.textsOf(url)) },
  }),
};

/** What of these is secret. */
const WORDS = ["Qx7Lm2Vr9Zt4", "hR8kW3nB6yT1pD5s", "Jf4Gc9Xa2Ue7", "Mv6Pq1Nz8Ko3", "Yb5Sd2Hi7Wl9"];
const [TOKEN, PATH, QUERY, PASSWORD, LISTED] = WORDS as [string, string, string, string, string];
const ENV = {
  WATCHDOG_PAGER_TOKEN: TOKEN,
  WATCHDOG_PAGER_URL: `https://pager.example/hooks/${PATH}?x=${QUERY}`,
  WATCHDOG_GATE_URL: `https://user:${PASSWORD}@gate.example/status`,
  WATCHDOG_GATE_ID: "north",
  WATCHDOG_GATES: `a=https://user:${LISTED}@a.example/`,
};

function parse(table: Variables, env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const problems: { readonly text: string }[] = [];
  const facts = factsOf({ readSecret: (path) => files[path] ?? "" });
  const values = parseTable(table, env, facts, problems as never);
  return { values, secrets: secretsOf(table, values), problems: problems.map((problem) => problem.text).join("\n") };
}

/** Every way in which a text leaves the program, with a text of somebody else that quotes all of the secrets. */
async function outputsOf(secrets: readonly string[], quoted: string): Promise<Readonly<Record<string, string>>> {
  const redact = hideSecrets(secrets);
  const clock = virtualClock();
  const logged = (format: LogFormat): string => {
    let lines = "";
    const log = createLog({ level: "debug", format, redact, wallMs: clock.wallMs, write: (line) => (lines += line) });
    log.warn(quoted, { field: quoted });
    log.message(quoted, () => {}, new AbortController().signal);
    return lines;
  };
  const posted: unknown[] = [];
  const webhook = webhookChannel(
    { url: new URL("http://hook.example/"), timeoutMs: 1000, lang: LANGS.en, redact },
    async (_url, body) => {
      posted.push(body);
      return { status: 200, headers: {}, body: Buffer.alloc(0) };
    },
  );
  const sent: Outgoing[] = [];
  const channel: Channel = {
    name: "test",
    forms: ["html", "plain"],
    send: async (message, signal) => {
      sent.push(message);
      return webhook.send(message, signal);
    },
    probe: () => Promise.resolve({ kind: "delivered" }),
  };
  const delivery = createDelivery({
    ...{ config: configOf(), lang: LANGS.en, clock, log: SILENT_LOG, redact, channels: { first: channel } },
    host: () => quoted,
    onDelivered: () => {},
  });
  delivery.offer([noticeOf({ title: quoted })]);
  await delivery.flush(1000);
  const rig = siteRig({}, redact, quoted);
  await rig.tick({});
  rig.lastError(quoted);
  const routes = Object.entries(rig.site.routes).map(([path, answer]) => [path, answer().body] as const);
  const checks = [{ id: "x", state: "failed", title: quoted, detail: quoted, advice: quoted }] as const;
  return {
    identifier: identifier(quoted, 60),
    clip: clip(quoted, 60),
    excerpt: excerpt(quoted, 60),
    fragment: fragment(quoted, 60),
    head: head(quoted, 60),
    tail: tail(`${quoted} ${"y".repeat(20)}`, 60),
    reasonOf: reasonOf(new Error(quoted)),
    "text log": logged("text"),
    "JSON log": logged("json"),
    message: sent.map(({ text: { plain, html } }) => plain + html).join("\n"),
    webhook: JSON.stringify(posted),
    doctor: tableOf(redactJson(checks, redact), DOCTOR_TEXTS.en, 60),
    ...Object.fromEntries(routes),
  };
}

test("a secret that is declared, and nothing else, is hidden in every output", async (t) => {
  t.after(() => hideSecrets([]));
  const { secrets, problems } = parse(MADE_UP, ENV);
  assert.equal(problems, "");
  const quoted = `box ${WORDS.join(" ")}`;
  const outputs = await outputsOf(secrets, quoted);
  assert.ok(Object.keys(outputs).length >= 16, "all outputs were asked");
  for (const [output, shown] of Object.entries(outputs))
    for (const word of WORDS) assert.ok(!shown.includes(word.slice(0, 8)), `${word} in ${output}: ${shown}`);
  assert.doesNotMatch(secrets.join(), /north/, "what says that nothing of it is secret");
  // The outputs do show that text, where it is no secret.
  const open = await outputsOf([], quoted);
  for (const [output, shown] of Object.entries(open).filter(([name]) => name !== "/metrics" && name !== "tail"))
    assert.ok(shown.includes(output === "/healthz" ? TOKEN : "box"), `${output}: ${shown}`);
});

test("a declared secret that is malformed is not shown either, and may come from a file", () => {
  const bad = Object.fromEntries(Object.keys(ENV).map((name) => [name, `! ${PASSWORD}`]));
  const { problems } = parse(MADE_UP, {
    ...bad,
    WATCHDOG_GATE_URL: `ftp://user:${PASSWORD}@gate.example/`,
    WATCHDOG_GATE_ID: "a",
  });
  assert.match(problems, /WATCHDOG_PAGER_TOKEN=\*\*\* is not allowed[\s\S]*WATCHDOG_PAGER_URL=\*\*\* is not allowed/);
  assert.match(problems, /WATCHDOG_GATES: entry \*\*\* is not allowed/);
  assert.doesNotMatch(problems, new RegExp(PASSWORD));

  const single = ["WATCHDOG_PAGER_TOKEN", "WATCHDOG_PAGER_URL", "WATCHDOG_GATE_URL", "WATCHDOG_GATE_ID"];
  assert.deepEqual(
    namesOf(MADE_UP).filter((name) => name.endsWith("_FILE")),
    single.map((name) => `${name}_FILE`),
  );
  assert.match(variablesHelp(MADE_UP), /WATCHDOG_PAGER_TOKEN\[_FILE\]/);
  const env = { WATCHDOG_PAGER_TOKEN_FILE: " /run/secrets/pager ", WATCHDOG_GATES_FILE: "/g", MY_TOKEN_FILE: "/other" };
  assert.deepEqual(secretFilesOf(MADE_UP, env), ["/run/secrets/pager"]);
  assert.deepEqual(parse(MADE_UP, env, { "/run/secrets/pager": TOKEN }).secrets, [TOKEN]);
});

/** A value that each kind of variable which can hold a secret would take. */
const PROBES = [
  `http://user:${PASSWORD}@host.example/hooks/${PATH}?token=${TOKEN}`,
  `http://user:${PASSWORD}@host.example/`,
];
const ALL = Object.values({ ...VARIABLES, ...PRUNE_VARIABLES }) as Variable<unknown>[];

test("each variable that can hold a secret says what of it is one", () => {
  const holds = ({ name, parser }: Variable<unknown>): boolean =>
    /_(TOKEN|ID|URL|URI|PASSWORD|PASS|SECRET|KEY|CREDENTIALS?|AUTH)S?$/.test(name) ||
    ("one" in parser
      ? PROBES.some((probe) => parser.one.parse(probe) instanceof URL)
      : parser.list.parseEntry(`x=${PROBES[0]}`) instanceof Object);
  const found = ALL.filter(holds);
  assert.ok(found.length >= 10, "they were found");
  assert.deepEqual(
    found.filter(({ secret }) => !secret).map(({ name }) => name),
    [],
    "say in its declaration what of it is secret (config/secret.ts), `nothing` included",
  );
});

test("of each variable that says so, the password and the token are hidden", () => {
  for (const variable of ALL) {
    if (!variable.secret || variable.secret === nothing) continue;
    const values = "list" in variable.parser ? [`x=${PROBES[0]}`] : [...PROBES, TOKEN];
    const taken = values.filter((raw) => !parse({ variable }, { [variable.name]: raw }).problems);
    assert.ok(taken.length > 0, variable.name);
    for (const raw of taken) {
      const shown = redactor(parse({ variable }, { [variable.name]: raw }).secrets)(`said of ${raw}`);
      for (const word of [PASSWORD, TOKEN]) assert.ok(!shown.includes(word), `${variable.name}: ${shown}`);
    }
  }
});
