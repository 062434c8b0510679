import assert from "node:assert/strict";
import test from "node:test";
import { parseOwner } from "../../../watchdog/collectors/proc/owner.ts";

const ID = "0123456789abcdef".repeat(4);

for (const [what, cgroup, owner] of [
  ["Docker with the systemd driver, cgroup v2", `0::/system.slice/docker-${ID}.scope\n`, { containerId: ID }],
  [
    "Docker with the cgroupfs driver, cgroup v1",
    `12:memory:/docker/${ID}\n11:cpu,cpuacct:/docker/${ID}\n`,
    { containerId: ID },
  ],
  ["a container seen from another cgroup namespace", `0::/../${ID}\n`, { containerId: ID }],
  ["a systemd service", "0::/system.slice/ssh.service\n", { unit: "ssh.service" }],
  [
    "a service below a user's slice",
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/build@x.service\n",
    { unit: "build@x.service" },
  ],
  ["a login session", "0::/user.slice/user-0.slice/session-3.scope\n", { unit: "session-3.scope" }],
  ["the root", "0::/\n", undefined],
  ["nothing", "", undefined],
] as const) {
  test(`the owner in the cgroup of ${what}`, () => assert.deepEqual(parseOwner(cgroup), owner));
}

test("a hostile cgroup is read in bounded time", () => {
  const startedAt = performance.now();
  assert.equal(parseOwner("/".repeat(2_000_000)), undefined);
  assert.equal(parseOwner(".service".repeat(500_000) + "!"), undefined);
  assert.ok(performance.now() - startedAt < 1000);
});
