import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { describe, it } from "node:test";
import { hanging, idOf, notJson, serverError } from "../../helpers/fakes/docker.ts";
import {
  type CheckView,
  checkOf,
  type DoctorWorld,
  doctorWorld,
  failsAlone,
} from "../../helpers/fakes/doctor-world.ts";
import type { ProxyManner } from "../../helpers/fakes/proxy.ts";

const HARDENED = "/srv/w/docker-compose.hardened.yml";
const OVERRIDE = "/srv/w/docker-compose.override.yml";
/** What Compose writes on a container that it starts from these files. */
const startedFrom = (files: string, { oneoff = "False", service = "watchdog" } = {}) => ({
  labels: {
    "com.docker.compose.project": "w",
    "com.docker.compose.service": service,
    "com.docker.compose.project.config_files": files,
    "com.docker.compose.oneoff": oneoff,
  },
});
const SELF = { FAKE_HOSTNAME: idOf("w-watchdog-run-1", { state: "running" }).slice(0, 12), WATCHDOG_CONTAINERS: "web" };

describe("doctor and an override file that Compose did not read", { concurrency: 4 }, () => {
  const remark = async (world: DoctorWorld, env = {}): Promise<CheckView | undefined> => {
    const report = await world.report({ ...SELF, ...env });
    assert.ok(report.ok, "it is no failure");
    return report.checks.find(({ id }) => id === "override");
  };
  const runOf = (files: string) => startedFrom(files, { oneoff: "True" });

  it("is remarked where the hardened file was given alone, with the command whole and on one line", {
    timeout: 30_000,
  }, async (t) => {
    const world = await doctorWorld(t);
    world.docker.set("w-watchdog-run-1", runOf(HARDENED));
    world.docker.set("w-watchdog-1", startedFrom(HARDENED));
    assert.deepEqual(await remark(world), {
      id: "override",
      state: "off",
      title: "Override file",
      detail:
        "the watchdog was started with -f docker-compose.hardened.yml and no override: Compose does not read docker-compose.override.yml by itself then",
      advice: `if you have one: docker compose -f ${HARDENED} -f ${OVERRIDE} up -d`,
    });
    const { stdout } = await world.doctor([], { ...SELF, WATCHDOG_LANG: "ru" });
    assert.match(
      stdout,
      new RegExp(
        `^– Файл override .*\n(?: .*\n)*  → если он у вас есть: docker compose -f ${HARDENED} -f ${OVERRIDE} up -d$`,
        "m",
      ),
    );
  });

  it("is remarked where the daemon that runs was started so, even if doctor itself was not", {
    timeout: 30_000,
  }, async (t) => {
    const world = await doctorWorld(t);
    world.docker.set("w-watchdog-run-1", runOf(`${HARDENED},${OVERRIDE}`));
    world.docker.set("w-watchdog-1", startedFrom(`${HARDENED},/srv/w/ports.yml`));
    assert.equal(
      (await remark(world))?.advice,
      `if you have one: docker compose -f ${HARDENED} -f /srv/w/ports.yml -f ${OVERRIDE} up -d`,
    );
  });

  const SILENT: Readonly<Record<string, (world: DoctorWorld) => void>> = {
    "was named": ({ docker }) => docker.set("w-watchdog-run-1", runOf(`${HARDENED},${OVERRIDE}`)),
    "of another name was named": ({ docker }) =>
      docker.set("w-watchdog-run-1", runOf(`${HARDENED},/etc/w/compose.override.yaml`)),
    "is read by itself, in the plain variant": ({ docker }) =>
      docker.set("w-watchdog-run-1", runOf("/srv/w/docker-compose.yml")),
    "cannot be known of, without Compose": ({ docker }) => docker.set("w-watchdog-run-1", {}),
    "is missing for what is not ours, not running or a run of its own": ({ docker }) => {
      docker.set("w-watchdog-run-1", runOf(`${HARDENED},${OVERRIDE}`));
      docker.set("w-watchdog-run-2", runOf(HARDENED));
      docker.set("w-watchdog-1", { ...startedFrom(HARDENED), state: "exited" });
      docker.set("w-proxy-1", startedFrom(HARDENED, { service: "docker-proxy" }));
    },
  };
  for (const [what, set] of Object.entries(SILENT)) {
    it(`is not spoken of where it ${what}`, { timeout: 30_000 }, async (t) => {
      const world = await doctorWorld(t);
      set(world);
      assert.equal(await remark(world), undefined);
    });
  }

  for (const foreign of [
    "/srv/$(reboot)/docker-compose.hardened.yml",
    "/srv/a b/docker-compose.hardened.yml",
    "/srv/\u001b[2J/docker-compose.hardened.yml",
    `/${"x".repeat(3000)}/docker-compose.hardened.yml`,
    "-rf/docker-compose.hardened.yml",
  ]) {
    it(`a path that a shell would not take as it is is not put into the command: ${JSON.stringify(foreign).slice(0, 40)}`, {
      timeout: 30_000,
    }, async (t) => {
      const world = await doctorWorld(t);
      world.docker.set("w-watchdog-run-1", runOf(foreign));
      assert.equal(
        (await remark(world))?.advice,
        "if you have one: docker compose -f docker-compose.hardened.yml -f docker-compose.override.yml up -d",
      );
    });
  }
});

describe("doctor and the engine", { concurrency: 4 }, () => {
  it("tells the engine's version, the API spoken, and what * and names found", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report();
    assert.match(checkOf(report, "engine").detail, /29\.0\.0, we speak API 1\.52 \(the engine: 1\.44–1\.52\)/);
    assert.match(checkOf(report, "containers").detail, /1 container: found-by-star$/);
    assert.equal(checkOf(report, "container:web").detail, "running, healthy");
  });

  it("a proxy that forbids is proven to, by one POST that changes nothing", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report();
    assert.deepEqual([checkOf(report, "proxy_post").state, world.proxy.others], ["ok", ["POST /version"]]);
  });

  it("a proxy that answers 405 in its own words forbids too", async (t) => {
    const world = await doctorWorld(t);
    world.proxy.manner = "method not allowed";
    assert.equal(checkOf(await world.report(), "proxy_post").state, "ok");
  });

  for (const [manner, status] of [
    ["lets through", 404],
    ["podman", 405],
  ] as readonly (readonly [ProxyManner, number])[]) {
    it(`a POST that an engine itself answers with ${status} got through`, async (t) => {
      const world = await doctorWorld(t);
      world.proxy.manner = manner;
      failsAlone(
        await world.report(),
        "proxy_post",
        new RegExp(`reached the engine: answer ${status}`),
        /haproxy\.docker\.cfg/,
      );
    });
  }

  it("a proxy that swallows the POST proves nothing", async (t) => {
    const world = await doctorWorld(t);
    world.proxy.manner = "hangs";
    failsAlone(
      await world.report(),
      "proxy_post",
      /timeout/,
      /check the container 127\.0\.0\.1 \(the socket proxy\).*docker start/,
    );
  });

  it("the bare socket is never asked to refuse anything", async (t) => {
    const world = await doctorWorld(t);
    const report = await world.report({ WATCHDOG_DOCKER_SOCK: world.docker.socketPath });
    assert.ok(report.ok);
    assert.match(checkOf(report, "proxy_post").detail, /the socket is mounted itself/);
    assert.deepEqual(
      world.docker.requests.filter(({ method }) => method !== "GET"),
      [],
    );
  });

  it("a container that is named and not there is told with how to find its name", async (t) => {
    const world = await doctorWorld(t);
    failsAlone(
      await world.report({ WATCHDOG_CONTAINERS: "web,wbe" }),
      "container:wbe",
      /no such container/,
      /docker ps -a .* correct wbe in WATCHDOG_CONTAINERS/,
    );
  });

  it("a container that is down is no fault of the set-up", async (t) => {
    const world = await doctorWorld(t);
    world.docker.set("web", { state: "exited", exitCode: 1 });
    assert.equal(checkOf(await world.report(), "container:web").state, "ok");
  });

  it("a * that finds nothing says what would be found", async (t) => {
    const world = await doctorWorld(t, { WATCHDOG_CONTAINERS: "*" });
    for (const name of ["web", "found-by-star"]) world.docker.set(name, { policy: "no" });
    const check = checkOf(await world.report(), "containers");
    assert.deepEqual(
      [check.state, /restart policy or the label watchdog\.watch=true/.test(check.detail)],
      ["off", true],
    );
  });

  it("a socket that is not mounted is to be mounted", async (t) => {
    const world = await doctorWorld(t);
    const env = { WATCHDOG_DOCKER_SOCK: `${world.dir}/gone.sock` };
    const report = await world.report({ ...env, WATCHDOG_CONTAINERS: "web" });
    failsAlone(report, "engine", /ENOENT/, /volumes: \["\/var\/run\/docker\.sock:.*gone\.sock:ro"\]/);
    assert.equal(checkOf(report, "containers").state, "off", "they are not blamed for the engine");
    assert.match(
      checkOf(await world.report({ ...env, WATCHDOG_CONTAINERS: "web", FAKE_CONTAINER: "0" }), "engine").advice ?? "",
      /systemctl start docker/,
    );
    const named = await world.report({ ...env, WATCHDOG_CONTAINERS: "" });
    assert.deepEqual(
      named.checks.filter(({ state }) => state === "failed").map(({ id }) => id),
      ["config.WATCHDOG_DOCKER_SOCK", "engine"],
    );
  });

  it("a socket of someone else leads to the hardened variant", {
    skip: process.getuid?.() === 0 ? false : "needs root",
  }, async (t) => {
    const world = await doctorWorld(t);
    chmodSync(world.dir, 0o755);
    const env = { WATCHDOG_DOCKER_SOCK: world.docker.socketPath, WATCHDOG_STATE_FILE: "" };
    const report = await world.report(env, [], { uid: 65_534 });
    failsAlone(report, "engine", /EACCES/, /docker-compose\.hardened\.yml/);
    assert.match(
      checkOf(await world.report({ ...env, FAKE_CONTAINER: "0" }, [], { uid: 65_534 }), "engine").advice ?? "",
      /usermod -aG docker/,
    );
  });

  it("a proxy that is down is to be started, one that forbids reading to be opened", async (t) => {
    const world = await doctorWorld(t);
    world.proxy.forbidsReading = true;
    failsAlone(await world.report(), "engine", /answered 403/, /must let GET \/version/);
    await world.proxy.refuse();
    failsAlone(
      await world.report(),
      "engine",
      /connection refused/,
      /check the container 127\.0\.0\.1 \(the socket proxy\).*docker start/,
    );
  });

  it("an engine that is too old, hangs, or is none at all: each is told apart", async (t) => {
    const world = await doctorWorld(t);
    const env = { WATCHDOG_DOCKER_SOCK: world.docker.socketPath };
    world.docker.offer("1.40", "1.12");
    failsAlone(await world.report(env), "engine", /1\.40 is too old/, /update Docker/);
    world.docker.offer("1.52", "1.44");
    world.docker.fail(notJson);
    failsAlone(await world.report(env), "engine", /./, /WATCHDOG_DOCKER_SOCK does not lead to a Docker engine/);
    world.docker.fail(hanging);
    failsAlone(await world.report(env), "engine", /timeout/, /journalctl -u docker -n 50; .*it stops every container/);
  });

  it("an engine that answers its version and not its list fails where the list is needed", async (t) => {
    const world = await doctorWorld(t);
    world.docker.fail(serverError, /containers\/json/);
    const report = await world.report();
    assert.equal(checkOf(report, "engine").state, "ok");
    failsAlone(report, "containers", /answered 500/, /./);
  });

  it("without a socket, or with it switched off, says that containers are not watched", async (t) => {
    const world = await doctorWorld(t);
    for (const env of [{ WATCHDOG_DOCKER_SOCK: "" }]) {
      const report = await world.report({ ...env, WATCHDOG_CONTAINERS: "" });
      assert.ok(report.ok);
      assert.match(checkOf(report, "engine").detail, /containers are not watched/);
    }
  });
});
