import assert from "node:assert/strict";
import test from "node:test";
import { failed, ok } from "../../../watchdog/collectors/reading.ts";
import { hostName } from "../../../watchdog/config/host-name.ts";
import { createSteady } from "../../../watchdog/status/steady.ts";
import { siteRig } from "../../helpers/drivers/site-rig.ts";
import { container, diskAt, disks, docker, envelope, memoryAt, pathFailure } from "../../helpers/fakes/samples.ts";

process.env["TZ"] = "UTC";

const REFUSED = failed({ kind: "refused", reason: "ECONNREFUSED" });
const WELL = { mem: memoryAt(40), disk: disks([diskAt("data", 50)]), docker: docker(container("web")) };
/** The text of the page, without markup. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

test("before the first tick it says that it begins; then that all is well", async () => {
  const { headline, tick } = siteRig();
  assert.equal(headline(), "The first check is under way");
  await tick(WELL);
  assert.equal(headline(), "All is well");
});

test("an alert outweighs a channel that fails, and that outweighs a blind source", async () => {
  const rig = siteRig();
  for (let n = 0; n < 3; n += 1) await rig.tick({ ...WELL, docker: REFUSED });
  assert.equal(rig.headline(), "Part of the host cannot be seen");
  rig.lastError("403 Forbidden");
  assert.equal(rig.headline(), "Messages do not get through");
  await rig.tick({ ...WELL, mem: memoryAt(95), docker: REFUSED });
  assert.equal(rig.headline(), "1 alert");
  assert.match(textOf(rig.page()), /It watches, but messages are not delivered at present\./);
});

test("checks that stopped outweigh whatever they last saw", async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, mem: memoryAt(95) });
  await rig.wait(100_000);
  assert.equal(rig.headline(), "1 alert");
  await rig.wait(1);
  assert.equal(rig.headline(), "The checks have stopped");
});

test("switched off is said before anything else", () => {
  assert.equal(siteRig({ WATCHDOG_ENABLED: "false" }).headline(), "Switched off");
});

test("what is bad says since when, and whether it was told", async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, mem: memoryAt(95) });
  assert.match(textOf(rig.page()), /Host memory since 03:04 · 0 s 95% used .* not told yet/);
  rig.deliver();
  await rig.tick({ ...WELL, mem: memoryAt(95) });
  assert.match(textOf(rig.page()), /Host memory since 03:04 · 30 s 95% used .* told 03:04/);
});

test("what is over and not yet told is still shown, and is no alert any more", async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, mem: memoryAt(95) });
  rig.deliver();
  for (let n = 0; n < 2; n += 1) await rig.tick(WELL);
  assert.equal(rig.headline(), "All is well");
  assert.match(textOf(rig.page()), /Alerts Host memory since 03:04 .* over, message on its way/);
  rig.deliver();
  assert.doesNotMatch(textOf(rig.page()), /Alerts/);
});

test("a muted signal is shown and named, and does not colour the page", async () => {
  const rig = siteRig({ WATCHDOG_MUTE: "host_*" });
  await rig.tick({ ...WELL, mem: memoryAt(95) });
  assert.equal(rig.headline(), "All is well");
  assert.match(
    textOf(rig.page()),
    /Muted, but bad: 1 more\..*Host memory.* muted .*Muted host_\* Told all the same: host_boot Bad at present: host_mem/,
  );
});

test("what is good says since when, under a name that does not frighten", async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, metrics: envelope() });
  await rig.tick({ ...WELL, metrics: envelope() });
  const text = textOf(rig.page());
  assert.match(text, /In order: \d+ .*Orchestrator since 03:04 · 30 s \/metrics answers\./);
  assert.doesNotMatch(text, /Orchestrator down/);
});

test("a failed job is shown until it was told, with no word of its end", async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, metrics: envelope({ counts: { queued: 0, running: 0, done: 0, failed: 3 } }) });
  for (let n = 0; n < 2; n += 1)
    await rig.tick({ ...WELL, metrics: envelope({ counts: { queued: 0, running: 0, done: 0, failed: 4 } }) });
  assert.equal(rig.headline(), "1 alert");
  rig.deliver();
  assert.equal(rig.headline(), "All is well");
});

test("a disk that cannot be measured now keeps its picture and its last figures, marked, on the page and in the status", {
  timeout: 10_000,
}, async () => {
  const rig = siteRig();
  const shown = () =>
    rig.status().disks.map(({ label, usedPct, freeGb, stale }) => ({ label, usedPct, freeGb, stale }));
  await rig.tick({ ...WELL, disk: disks([diskAt("data", 50), diskAt("root", 20)], [pathFailure("nfs")]) });
  assert.deepEqual(shown(), [
    { label: "data", usedPct: 50, freeGb: 50_000, stale: false },
    { label: "root", usedPct: 20, freeGb: 80_000, stale: false },
  ]);
  assert.match(rig.page(), /<span class="name">nfs<\/span><span class="bad-text">not measured now<\/span>/);
  await rig.tick({ ...WELL, disk: disks([diskAt("root", 21)], [pathFailure("data")]) });
  assert.deepEqual(
    shown().map(({ label, usedPct, stale }) => [label, usedPct, stale]),
    [
      ["data", 50, true],
      ["root", 21, false],
    ],
  );
  assert.match(
    rig.page(),
    /<span class="name">data<\/span><b class="old">50%<\/b><span class="small">not measured now, last known · 48\.8 TB of 97\.7 TB free.*<svg class="spark"/,
  );
  await rig.tick({ ...WELL, disk: REFUSED });
  assert.deepEqual(
    shown().map(({ label, usedPct, stale }) => [label, usedPct, stale]),
    [
      ["data", 50, true],
      ["root", 21, true],
    ],
  );
  await rig.tick(WELL);
  assert.deepEqual(
    shown().map(({ label, usedPct, stale }) => [label, usedPct, stale]),
    [["data", 50, false]],
    "what is no disk any more is forgotten",
  );
});

test("the page, the text and the status tell one size of a disk", { timeout: 10_000 }, async () => {
  const rig = siteRig();
  await rig.tick(WELL);
  const totals = [...textOf(rig.page()).matchAll(/48\.8 TB of ([\d.]+ TB) free/g)].map((match) => match[1]);
  assert.deepEqual(totals, ["97.7 TB", "97.7 TB"], "the gauge's and the signal's; root's reserve belongs to neither");
});

test("a forecast alone has no level on the page, and in the status none", { timeout: 10_000 }, async () => {
  const rig = siteRig({ WATCHDOG_DISK_ENABLED: "false", WATCHDOG_DISK_FORECAST_H: "24" });
  await rig.tick(WELL);
  assert.doesNotMatch(rig.page(), /limit 97%|limit 85%/);
  assert.deepEqual(
    (rig.status().disks as unknown as { thresholdPct: unknown }[]).map(({ thresholdPct }) => thresholdPct),
    [null],
  );
});

test("with an engine that answers and no container to watch the page is amber, with the reason", {
  timeout: 10_000,
}, async () => {
  const rig = siteRig();
  await rig.tick({ ...WELL, docker: docker() });
  assert.equal(rig.headline(), "No container is watched");
  assert.match(rig.page(), /<main id="view" class="unwatched"/);
  assert.match(
    textOf(rig.page()),
    /no container has a restart policy or the label watchdog\.watch=true \(WATCHDOG_CONTAINERS\)/,
  );
  await rig.tick({ ...WELL, docker: docker(), mem: memoryAt(95) });
  assert.equal(rig.headline(), "1 alert", "an alert outweighs it");
  await rig.tick({ mem: memoryAt(40) });
  await rig.tick({ mem: memoryAt(40) });
  rig.deliver();
  assert.equal(rig.headline(), "All is well", "Docker that is switched off is no omission");
});

test("the status tells the interval", { timeout: 10_000 }, async () => {
  assert.equal(siteRig({ WATCHDOG_INTERVAL_S: "7.5" }).status().intervalS, 7.5);
});

test("a host without a name is called host, everywhere", { timeout: 10_000 }, async () => {
  const rig = siteRig({}, undefined, "  ");
  await rig.tick(WELL);
  assert.equal(rig.status().host, "host");
  assert.match(rig.page(), /<title>host · Watchdog<\/title>/);
  assert.deepEqual(
    [hostName(undefined, "", " "), hostName("", "build-1", "x"), hostName("label", "build-1")],
    ["host", "build-1", "label"],
  );
});

test("the page shows what was sent, newest first", async () => {
  const rig = siteRig();
  await rig.tick(WELL);
  assert.match(textOf(rig.page()), /Nothing was sent since the start\./);
  rig.deliver();
  assert.match(textOf(rig.page()), /Last messages 🔴 x 03:04/);
});

test("dependencies that are off, or an empty answer, break nothing", async () => {
  const rig = siteRig();
  await rig.tick({ deps: ok([]) });
  assert.equal(rig.headline(), "All is well");
});

test("since when a signal is as it is: kept while it lasts, new when it changes, forgotten when it is gone", () => {
  const steady = createSteady();
  const signal = (active: boolean) => [
    { topic: { kind: "host_mem" as const }, active, title: "", detail: { facts: [] } },
  ];
  steady.observe(signal(false), 1);
  steady.observe(signal(false), 2);
  assert.equal(steady.sinceMs("host_mem"), 1);
  steady.observe(signal(true), 3);
  assert.equal(steady.sinceMs("host_mem"), 3);
  steady.observe([], 4);
  assert.equal(steady.sinceMs("host_mem"), null);
});
