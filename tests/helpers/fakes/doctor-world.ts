import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { type Env, type Finished, runWatchdog, type SpawnOptions } from "../drivers/daemon.ts";
import { type FakeProxy, fakeProxy } from "./proxy.ts";
import { byCall, result } from "./telegram.ts";
import { DATA, makeWorld, type World } from "./world.ts";

export interface CheckView {
  readonly id: string;
  readonly state: "ok" | "failed" | "off";
  readonly title: string;
  readonly detail: string;
  readonly advice?: string;
}

export interface Report {
  readonly ok: boolean;
  readonly checks: readonly CheckView[];
}

/** What procfs says of the process itself. */
export interface FakeSelf {
  readonly caps?: string;
  readonly noNewPrivs?: string;
  readonly rootOptions?: string;
  readonly pidNamespace?: string;
  readonly nspid?: string;
  readonly procOptions?: string;
}

export interface DoctorWorld extends World {
  readonly proxy: FakeProxy;
  self(facts: FakeSelf): void;
  doctor(args?: readonly string[], env?: Env, options?: SpawnOptions): Promise<Finished>;
  /** `doctor --json`, taken apart; the exit code has to agree with it. */
  report(env?: Env, args?: readonly string[], options?: SpawnOptions): Promise<Report>;
}

const PRELOAD = new URL("container.mjs", import.meta.url);
const INITIAL = "4026531836";
export const FORUM = byCall({ getChat: result({ id: -1001, type: "supergroup", title: "Operators", is_forum: true }) });

/** A container in which everything is as it should be, behind a socket proxy, every source on. */
export async function doctorWorld(t: TestContext, env: Env = {}): Promise<DoctorWorld> {
  const world = await makeWorld(t);
  const proxy = await fakeProxy(world.docker.socketPath);
  t.after(() => proxy.close());
  const selfDir = join(world.host.procRoot, "self");
  const self = (facts: FakeSelf): void => {
    const {
      caps = "0000000000000000",
      noNewPrivs = "1",
      rootOptions = "ro,relatime",
      pidNamespace = INITIAL,
      nspid = "4242",
      procOptions = "rw",
    } = facts;
    rmSync(selfDir, { recursive: true, force: true });
    mkdirSync(join(selfDir, "ns"), { recursive: true });
    writeFileSync(
      join(selfDir, "status"),
      `Name:\tnode\nNSpid:\t${nspid}\nCapInh:\t0000000000000000\nCapPrm:\t${caps}\nCapEff:\t${caps}\nNoNewPrivs:\t${noNewPrivs}\nSeccomp:\t2\n`,
    );
    writeFileSync(
      join(selfDir, "mountinfo"),
      [
        `100 1 0:44 / / ${rootOptions} - overlay overlay rw,lowerdir=/a`,
        `101 100 8:1 / ${dirname(DATA)} ro,relatime master:3 - ext4 /dev/sda1 rw`,
        `102 100 0:45 / ${world.host.procRoot} ${procOptions} - proc proc rw`,
      ].join("\n") + "\n",
    );
    symlinkSync(`pid:[${pidNamespace}]`, join(selfDir, "ns", "pid"));
  };
  self({});
  const all: Env = {
    ...world.env,
    NODE_OPTIONS: `${world.env["NODE_OPTIONS"] ?? ""} --import ${pathToFileURL(PRELOAD.pathname).href}`,
    FAKE_CONTAINER: "1",
    WATCHDOG_DOCKER_SOCK: proxy.url,
    WATCHDOG_CONTAINERS: "*,web",
    WATCHDOG_STATE_FILE: join(world.dir, "state.json"),
    ...env,
  };
  world.docker.set("found-by-star", {});
  const doctor: DoctorWorld["doctor"] = (args = [], more = {}, options = {}) =>
    runWatchdog(["doctor", ...args], { ...all, ...more }, options);
  return {
    ...world,
    env: all,
    proxy,
    self,
    doctor,
    report: async (more = {}, args = [], options = {}) => {
      const { code, stdout, stderr } = await doctor(["--json", ...args], more, options);
      assert.equal(stderr, "");
      const report = JSON.parse(stdout) as Report;
      assert.equal(code, report.ok ? 0 : 1);
      assert.equal(
        report.ok,
        report.checks.every(({ state }) => state !== "failed"),
      );
      return report;
    },
  };
}

export function checkOf({ checks }: Report, id: string): CheckView {
  const found = checks.find((check) => check.id === id);
  assert.ok(found, `no check ${id}; there are ${checks.map((check) => check.id).join(" ")}`);
  return found;
}

/** This alone failed, with this advice; every other point is as good as it was. */
export function failsAlone(report: Report, id: string, detail: RegExp, advice: RegExp): void {
  assert.deepEqual(
    report.checks.filter(({ state }) => state === "failed").map((check) => check.id),
    [id],
    JSON.stringify(report, null, 1),
  );
  const check = checkOf(report, id);
  assert.match(check.detail, detail);
  assert.match(check.advice ?? "", advice);
}
