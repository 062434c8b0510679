import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { runWatchdog } from "../helpers/drivers/daemon.ts";
import { ask } from "../helpers/drivers/net.ts";
import { apiError, TOKEN } from "../helpers/fakes/telegram.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

const PASSWORD = "hunter2-&-pW4x-zz";
const HOOK = "/hooks/T0C0FFEE99/x8Kq2LmZp0Vw7Ty4";
const SECRETS = [TOKEN, PASSWORD, HOOK];
/** Six characters of a secret in a row, but for the path's word and the zeros of the made-up token. */
const PIECES = SECRETS.flatMap((secret) =>
  Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6)),
).filter((piece) => !/hooks|^\d+$/.test(piece));
/** At each so many offsets the commands that print a report are run as well. */
const REPORTS = 40;
/** Longer than any limit at which a foreign text is cut. */
const OFFSETS = 320;

const textAt = (offset: number): string =>
  `${"y".repeat(offset)} ${SECRETS.map((_, index) => SECRETS[(offset + index) % SECRETS.length]).join(" ")} end`;

test("secrets that every foreign text quotes, at every offset in turn, reach no output", {
  timeout: 240_000,
}, async (t) => {
  const posted: string[] = [];
  const webhook = createServer((request, response) => {
    let body = "";
    request
      .setEncoding("utf8")
      .on("data", (chunk: string) => (body += chunk))
      .on("end", () => {
        posted.push(body);
        response.end();
      });
  }).listen(0, "127.0.0.1");
  await once(webhook, "listening");
  t.after(() => webhook.close());
  const world = await makeWorld(t, {
    WATCHDOG_LOG_LEVEL: "debug",
    WATCHDOG_INTERVAL_S: "0.05",
    WATCHDOG_FALLBACK_WEBHOOK_URL: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}${HOOK}`,
    WATCHDOG_FALLBACK_AFTER_S: "0.1",
    WATCHDOG_COOLDOWN_S: "1",
  });
  const apiUrl = {
    WATCHDOG_TG_API_URL: world.telegram.url.replace("http://", `http://user:${encodeURIComponent(PASSWORD)}@`),
  };
  const daemon = await world.start(apiUrl);
  world.host.memory(95);
  const found = new Set<string>();
  const look = (where: string, text: string): void => {
    for (const piece of PIECES)
      if (text.includes(piece))
        found.add(
          `${piece} in ${where}: ${text
            .split("\n")
            .find((line) => line.includes(piece))
            ?.slice(0, 300)}`,
        );
  };
  for (let offset = 0; offset < OFFSETS; offset += 1) {
    const text = textAt(offset);
    world.telegram.behave(apiError(502, text));
    world.docker.set("web", { health: "unhealthy", healthOutput: text, error: text, image: text });
    world.docker.set("gone", { state: "exited", exitCode: 1, error: text });
    world.metrics.orchestrator.agents = [{ run_id: text, pid: 5, stage: text, cpu_ticks: 1 }];
    await daemon.ticks(1);
    for (const path of ["/status", "/", "/healthz", "/metrics"]) look(path, (await ask(daemon.port, path))?.body ?? "");
    if (offset % REPORTS !== 0) continue;
    for (const command of [["once"], ["once", "--json"], ["doctor"], ["doctor", "--json"]]) {
      const { stdout, stderr } = await runWatchdog(command, { ...world.env, ...apiUrl });
      assert.match(stdout, /web/, command.join(" "));
      look(command.join(" "), stdout + stderr);
    }
  }
  assert.ok(world.telegram.sends().length > 2, "Telegram had something to refuse");
  await daemon.stop();
  look("the log", daemon.output());
  for (const { body } of world.telegram.sends()) look("a message", JSON.stringify(body));
  assert.ok(posted.length > 20, `${posted.length} notices went to the webhook`);
  for (const body of posted) look("the webhook", body);
  assert.deepEqual([...found].slice(0, 5), []);
});
