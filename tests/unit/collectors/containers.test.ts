import assert from "node:assert/strict";
import test from "node:test";
import {
  type ContainerSample,
  containersCollector,
  type DockerReading,
} from "../../../watchdog/collectors/containers.ts";
import type { DockerClient } from "../../../watchdog/engine/client.ts";
import { parseInfo } from "../../../watchdog/engine/info.ts";
import { parseInspect } from "../../../watchdog/engine/inspect.ts";
import { parseList } from "../../../watchdog/engine/list.ts";
import { configOf } from "../../helpers/fakes/config.ts";

type Asked = Pick<DockerClient, "list" | "inspect" | "info">;

interface Fake {
  name: string;
  state?: string;
  status?: string;
  policy?: string;
  watch?: string;
  restartCount?: number;
  exitCode?: number;
  mounts?: readonly object[];
  labels?: Readonly<Record<string, unknown>>;
  /** What the next inspect does instead of answering. */
  inspect?: "gone" | "fails";
}

const hexOf = (name: string): string => Buffer.from(name).toString("hex").padEnd(64, "0");

function rig(wanted: readonly string[], containers: Fake[], idOf = hexOf, hostname = "host") {
  const asked: string[] = [];
  let listFails = false;
  const client: Asked = {
    list: async () => {
      if (listFails) throw new Error("engine answered 500");
      return parseList(
        containers.map(({ name, state = "running", status = "Up 2 hours", watch, mounts = [], labels }) => ({
          Id: idOf(name),
          Names: [`/${name}`],
          Image: "img",
          State: state,
          Status: status,
          Mounts: mounts,
          Labels: labels ?? (watch === undefined ? {} : { "watchdog.watch": watch }),
        })),
      );
    },
    inspect: async (id) => {
      const fake = containers.find(({ name }) => idOf(name) === id);
      asked.push(fake?.name ?? "?");
      if (!fake || fake.inspect === "gone") return undefined;
      if (fake.inspect === "fails") throw new Error("engine answered 500: broken");
      return parseInspect({
        State: { Status: fake.state ?? "running", ExitCode: fake.exitCode ?? 0 },
        RestartCount: fake.restartCount ?? 0,
        HostConfig: { RestartPolicy: { Name: fake.policy ?? "always" } },
      });
    },
    info: async () => parseInfo({ Name: "engine-host\n" }),
  };
  const collector = containersCollector({ socketPath: "/x" }, wanted, 1000, hostname, client);
  let monoMs = 0;
  return {
    tick: async (afterMs = 30_000): Promise<DockerReading> => {
      asked.length = 0;
      monoMs += afterMs;
      return collector.collect({ wallMs: 0, monoMs, signal: new AbortController().signal });
    },
    asked,
    fail: (fails: boolean) => {
      listFails = fails;
    },
  };
}

const names = ({ containers }: DockerReading): string[] => containers.map(({ name }) => name);
function stateOf(reading: DockerReading, name: string): string {
  const sample: ContainerSample | undefined = reading.containers.find((other) => other.name === name);
  if (!sample) return "not watched";
  return sample.found === "missing"
    ? "missing"
    : "unreadable" in sample.found
      ? `unreadable: ${sample.found.unreadable.reason}`
      : sample.found.state;
}

test("* finds every container that has a restart policy or the label, and no other", async () => {
  const { tick } = rig(
    ["*"],
    [
      { name: "always" },
      { name: "onfail", policy: "on-failure" },
      { name: "oneshot", policy: "no" },
      { name: "labelled", policy: "no", watch: "true" },
      { name: "excluded", watch: "false" },
    ],
  );
  assert.deepEqual(names(await tick()), ["always", "onfail", "labelled"]);
});

test("what Compose read is known of our own container first, then of its service's others that run on; what is no such label counts for nothing", {
  timeout: 5000,
}, async () => {
  const files = (paths: unknown, more = {}): Record<string, unknown> => ({
    "com.docker.compose.project": "w",
    "com.docker.compose.service": "watchdog",
    "com.docker.compose.project.config_files": paths,
    ...more,
  });
  const others: Fake[] = [
    { name: "beside", labels: files("/b.yml") },
    { name: "stopped", state: "exited", labels: files("/x.yml") },
    { name: "oneoff", labels: files("/x.yml", { "com.docker.compose.oneoff": "True" }) },
    { name: "proxy", labels: files("/x.yml", { "com.docker.compose.service": "docker-proxy" }) },
    { name: "another", labels: files("/x.yml", { "com.docker.compose.project": "v" }) },
    { name: "plain" },
    { name: "forged", labels: files({ length: 3 }) },
    { name: "endless", labels: files("/x".repeat(3000)) },
  ];
  const ownFiles = async (labels: Record<string, unknown>) =>
    (await rig(["web"], [...others, { name: "dog", labels }], hexOf, hexOf("dog").slice(0, 12)).tick()).ownFiles;
  assert.deepEqual(await ownFiles(files("/a.yml,/c.yml", { "com.docker.compose.oneoff": "True" })), [
    ["/a.yml", "/c.yml"],
    ["/b.yml"],
  ]);
  assert.equal((await ownFiles(files(",".repeat(100))))?.[0]?.length, 16);
  for (const labels of [{}, files(7), files(undefined), files("/a.yml", { "com.docker.compose.project": null })])
    assert.equal(await ownFiles(labels), undefined);
});

test("a container's mounts are known, and of all containers those of our own, if its host name is its id's beginning", async () => {
  const bind = { Source: "/srv/app", Destination: "/app" };
  const ours = { Source: "/srv/nas/.keep", Destination: "/host/nas" };
  for (const [hostname, ownMounts] of [
    [hexOf("dog").slice(0, 12), [{ source: "/srv/nas/.keep", target: "/host/nas" }]],
    ["my-host", undefined],
    ["", undefined],
    [hexOf("none").slice(0, 12), undefined],
  ] as const) {
    const reading = await rig(
      ["web"],
      [
        { name: "web", mounts: [bind] },
        { name: "dog", mounts: [ours] },
      ],
      hexOf,
      hostname,
    ).tick();
    assert.deepEqual(reading.ownMounts, ownMounts, hostname);
    const [web] = reading.containers;
    assert.deepEqual(typeof web?.found === "object" && "mounts" in web.found ? web.found.mounts : undefined, [
      { source: "/srv/app", target: "/app" },
    ]);
  }
});

test("mounts are looked at when a container is inspected, and of our own; those of a thousand others cost a tick nothing", async () => {
  const looked: string[] = [];
  const fake = (name: string): Fake => ({
    name,
    mounts: [
      {
        get Source() {
          looked.push(name);
          return `/srv/${name}`;
        },
        Destination: "/data",
      },
    ],
  });
  const containers = [fake("web"), fake("dog"), fake("other")];
  const { tick } = rig(["web"], containers, hexOf, hexOf("dog").slice(0, 12));
  await tick();
  assert.deepEqual(looked.splice(0), ["web", "dog"]);
  const [web] = (await tick()).containers;
  assert.deepEqual(looked.splice(0), ["dog"]);
  assert.deepEqual(typeof web?.found === "object" && "mounts" in web.found ? web.found.mounts : undefined, [
    { source: "/srv/web", target: "/data" },
  ]);
  containers[0] = { ...fake("web"), state: "exited" };
  await tick();
  assert.deepEqual(looked, ["web", "dog"]);
});

test("names watch exactly those, whatever their policy; one that is not there is missing", async () => {
  const { tick } = rig(["web", "gone"], [{ name: "web", policy: "no" }, { name: "other" }]);
  const reading = await tick();
  assert.deepEqual(names(reading), ["web", "gone"]);
  assert.equal(stateOf(reading, "gone"), "missing");
});

test("names and * together: named ones are known as named", async () => {
  const { tick } = rig(["*", "job"], [{ name: "web" }, { name: "job", policy: "no" }]);
  assert.deepEqual(
    (await tick()).containers.map(({ name, named }) => [name, named]),
    [
      ["web", false],
      ["job", true],
    ],
  );
});

test("the label watchdog.watch=false excludes even what is named, without calling it missing", async () => {
  const { tick } = rig(["web"], [{ name: "web", watch: "false" }]);
  assert.deepEqual(names(await tick()), []);
});

test("a container that * found and that was removed is simply no longer there", async () => {
  const containers: Fake[] = [{ name: "web" }];
  const { tick } = rig(["*"], containers);
  await tick();
  containers.length = 0;
  assert.deepEqual(names(await tick()), []);
});

test("a good container is inspected at first sight alone", async () => {
  const { tick, asked } = rig(["*"], [{ name: "web" }]);
  await tick();
  assert.deepEqual(asked, ["web"]);
  await tick();
  assert.deepEqual(asked, []);
});

test("a one-shot that * does not watch is inspected once, not at every tick while it runs", async () => {
  const { tick, asked } = rig(["*"], [{ name: "oneshot", policy: "no" }]);
  await tick();
  await tick();
  assert.deepEqual(asked, []);
});

test("a container that is not good is inspected at every tick", async () => {
  const containers: Fake[] = [{ name: "web" }];
  const { tick, asked } = rig(["*"], containers);
  await tick();
  for (const bad of [
    { state: "exited" },
    { status: "Up 2 hours (unhealthy)" },
    { status: "Up 2 hours (health: starting)" },
    { state: "paused" },
  ]) {
    containers[0] = { name: "web", ...bad };
    await tick();
    assert.deepEqual(asked, ["web"], JSON.stringify(bad));
  }
});

test("a container that started since the last tick is inspected, so that no restart is missed", async () => {
  const containers: Fake[] = [{ name: "web" }];
  const { tick, asked } = rig(["*"], containers);
  await tick();
  containers[0] = { name: "web", status: "Up 29 seconds", restartCount: 1 };
  const reading = await tick();
  assert.deepEqual(asked, ["web"]);
  const found = reading.containers[0]?.found;
  assert.equal(typeof found === "object" && "restartCount" in found && found.restartCount, 1);
  containers[0] = { name: "web", status: "Up 40 seconds", restartCount: 1 };
  await tick();
  assert.deepEqual(asked, []);
});

test("after an engine that was away for long, everything started meanwhile is inspected", async () => {
  const containers: Fake[] = [{ name: "web" }];
  const { tick, asked, fail } = rig(["*"], containers);
  await tick();
  fail(true);
  await assert.rejects(tick(), /500/);
  fail(false);
  containers[0] = { name: "web", status: "Up 45 seconds" };
  await tick();
  assert.deepEqual(asked, ["web"]);
});

test("a container that cannot be inspected is unreadable, the others count", async () => {
  const containers: Fake[] = [{ name: "a", inspect: "fails" }, { name: "b" }];
  const { tick } = rig(["*"], containers);
  const reading = await tick();
  assert.equal(stateOf(reading, "a"), "unreadable: engine answered 500: broken");
  assert.equal(stateOf(reading, "b"), "running");
  containers[0] = { name: "a" };
  assert.equal(stateOf(await tick(), "a"), "running");
});

test("one removed between the list and the inspect: missing when named, silently gone when * found it", async () => {
  assert.equal(stateOf(await rig(["web"], [{ name: "web", inspect: "gone" }]).tick(), "web"), "missing");
  assert.equal(stateOf(await rig(["*"], [{ name: "web", inspect: "gone" }]).tick(), "web"), "not watched");
});

test("hundreds of containers are inspected, at most eight at once", async () => {
  let running = 0;
  let most = 0;
  const containers = Array.from({ length: 300 }, (_, index) => ({
    Id: index.toString(16).padStart(64, "0"),
    Names: [`/c${index}`],
    State: "running",
    Status: "Up 2 hours",
  }));
  const client: Asked = {
    list: async () => parseList(containers),
    inspect: async () => {
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
      return parseInspect({ State: { Status: "running" }, HostConfig: { RestartPolicy: { Name: "always" } } });
    },
    info: async () => parseInfo({}),
  };
  const reading = await containersCollector({ socketPath: "/x" }, ["*"], 1000, "host", client).collect({
    wallMs: 0,
    monoMs: 0,
    signal: new AbortController().signal,
  });
  assert.equal(reading.containers.length, 300);
  assert.equal(most, 8);
  assert.equal(reading.hostname, undefined);
});

test("the engine's host name is asked until it is known, and made printable", async () => {
  const { tick } = rig(["*"], []);
  assert.equal((await tick()).hostname, "engine-host");
});

test("two names that differ after 128 characters are two containers, and a long one is found by its full name", {
  timeout: 5000,
}, async () => {
  const [blue, green] = [`${"x".repeat(140)}-blue`, `${"x".repeat(140)}-green`];
  const ids: Record<string, string> = { [blue]: "b".repeat(64), [green]: "c".repeat(64) };
  const everything = await rig(["*"], [{ name: blue }, { name: green }], (name) => ids[name] ?? "").tick();
  assert.equal(new Set(everything.containers.map(({ name }) => name)).size, 2);
  const wanted = configOf({ WATCHDOG_CONTAINERS: `${green},${blue}-gone`, WATCHDOG_ORCH_CONTAINER: green });
  const named = await rig(wanted.containers, [{ name: blue }, { name: green }], (name) => ids[name] ?? "").tick();
  assert.deepEqual(
    named.containers.map(({ found }) => (found === "missing" || "unreadable" in found ? found : found.id)),
    [ids[green], "missing"],
  );
  assert.equal(named.containers[0]?.name, wanted.orchContainer);
});
