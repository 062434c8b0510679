import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brief } from "../helpers/drivers/told.ts";
import { selfSigned } from "../helpers/fakes/certificate.ts";
import { fakeDependency } from "../helpers/fakes/deps.ts";
import { makeWorld } from "../helpers/fakes/world.ts";

test("an https dependency whose certificate ends soon is up, and alerts under a key of its own", async (t) => {
  const world = await makeWorld(t);
  const api = await fakeDependency("https");
  t.after(() => api.close());
  const trusted = join(world.dir, "ca.pem");
  writeFileSync(trusted, selfSigned().cert);
  const daemon = await world.start({ WATCHDOG_DEPS: `api=${api.url}`, NODE_EXTRA_CA_CERTS: trusted });
  await world.telegram.waitForMessages(1);
  assert.deepEqual(world.telegram.told().map(brief), ["🔴 Certificate api"]);
  assert.match(
    world.telegram.told()[0]?.detail ?? "",
    /^The certificate is valid for another 1 day 23 hours, until \d+ \w+ \d{4}\.\nWhat to do: renew it/,
  );
  assert.equal((await daemon.signal("dep:api"))?.active, false);
  // Down for a while: nothing is known of the certificate, so nothing changes about it.
  await api.refuse();
  await daemon.statusWhere("the dependency is down", ({ signals }) =>
    signals.some(({ key, alerting }) => key === "dep:api" && alerting),
  );
  assert.equal((await daemon.signal("cert:api"))?.alerting, true);
  await daemon.stop();
});

test("a certificate that is far from its end says nothing", async (t) => {
  const world = await makeWorld(t);
  const api = await fakeDependency("https");
  t.after(() => api.close());
  const trusted = join(world.dir, "ca.pem");
  writeFileSync(trusted, selfSigned().cert);
  const daemon = await world.start({
    WATCHDOG_DEPS: `api=${api.url}`,
    NODE_EXTRA_CA_CERTS: trusted,
    WATCHDOG_CERT_DAYS: "1",
  });
  await daemon.ticks(3);
  assert.equal((await daemon.signal("cert:api"))?.active, false);
  assert.deepEqual(world.telegram.told(), []);
  await daemon.stop();
});
