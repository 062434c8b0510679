// Whoever watches comes back after its engine was killed: `kill -9` of dockerd without live-restore, and a new start on
// the same data. The engine then ends the containers that it finds running, notes them as stopped by hand, and starts
// again what has `restart: always`, and nothing that has `restart: unless-stopped`.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Engine, type EngineSource, startEngine } from "./engine.ts";
import { provideImages } from "./images.ts";
import { makeProject, type Project, repo } from "./project.ts";
import { until } from "./run.ts";
import { engineRequired, prepare, type Setup } from "./setup.ts";

const setup = await prepare();
if (typeof setup === "string") {
  test("a real engine can be started here", { skip: engineRequired ? false : setup }, () => assert.fail(setup));
} else {
  for (const source of setup.engines)
    describe(`after kill -9 of ${source.name}`, { timeout: 480_000 }, () => onEngine(source, setup));
}

function onEngine(source: EngineSource, { client }: Setup): void {
  let engine: Engine;
  const projects: Partial<Record<"plain" | "hardened", Project>> = {};

  before(async () => {
    engine = await startEngine(source, client, { liveRestore: false });
    console.log(`${source.name}: ${engine.version}, API ${engine.apiVersion}`);
    await provideImages(engine, repo);
    for (const kind of ["plain", "hardened"] as const) {
      const project = (projects[kind] = await makeProject(engine, kind));
      await project.compose(["--profile", "prune", "up", "-d", "--build"]);
    }
    for (const project of Object.values(projects))
      for (const service of ["watchdog", "watchdog-pruner"]) await project.untilHealthy(service);
    await engine.crash();
    await engine.start();
  });
  after(() => engine?.destroy());

  for (const kind of ["plain", "hardened"] as const) {
    for (const service of ["watchdog", "watchdog-pruner", ...(kind === "hardened" ? ["docker-proxy"] : [])]) {
      test(`${service} of the ${kind} file runs again`, { timeout: 180_000 }, async () => {
        const project = projects[kind] ?? assert.fail();
        await until(`${service} runs`, 30_000, async () => {
          const { State } = await project.inspect(service);
          assert.equal(State.Status, "running", JSON.stringify(State));
          return true;
        });
        if (service !== "docker-proxy") await project.untilHealthy(service);
      });
    }
  }
}
