// The project as an operator has it: a folder of its own, with the compose files untouched.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Engine } from "./engine.ts";
import { run, until } from "./run.ts";

export const repo = path.resolve(import.meta.dirname, "../..");

const FILES = [
  ...["Dockerfile.watchdog", ".dockerignore", "docker-compose.yml", "docker-compose.hardened.yml"],
  ...["haproxy.docker.cfg", "package.json", "package-lock.json", "tsconfig.json", "scripts", "watchdog"],
];

export type Project = {
  dir: string;
  /** Writes .env.watchdog. */
  configure(env: Record<string, string>): void;
  compose(args: readonly string[], timeoutMs?: number): Promise<string>;
  /** The id of a service's container. */
  id(service: string): Promise<string>;
  inspect(service: string): Promise<Inspected>;
  untilHealthy(service: string): Promise<void>;
  /** Runs JavaScript inside a service's container (the watchdog's) and returns what it prints, parsed. */
  inside(script: string, service?: string): Promise<unknown>;
  logs(): Promise<string>;
  /** `doctor --json` in a container of its own: each point's state and detail, by its id. */
  doctor(
    env?: Record<string, string>,
  ): Promise<Record<string, { state: string; detail: string; advice?: string } | undefined>>;
};

/** What the tests read of `GET /containers/<id>/json`. */
export type Inspected = {
  State: { Status: string; Pid: number; ExitCode: number; Health?: { Status: string } };
  HostConfig: {
    Binds: string[] | null;
    CapDrop: string[] | null;
    Memory: number;
    NanoCpus: number;
    PidsLimit: number | null;
    PidMode: string;
    ReadonlyRootfs: boolean;
    RestartPolicy: { Name: string };
    SecurityOpt: string[] | null;
  };
  Config: { User: string; Labels: Record<string, string> };
};

/**
 * A copy of the project below the engine's folder. What a test machine needs and an operator does not is in an override
 * file: a build that reaches the machine's package registry. All that runs is as the shipped files say, mounts included.
 */
export async function makeProject(engine: Engine, kind: "plain" | "hardened"): Promise<Project> {
  const dir = path.join(engine.dir, kind);
  mkdirSync(dir);
  for (const file of FILES) cpSync(path.join(repo, file), path.join(dir, file), { recursive: true });
  writeFileSync(path.join(dir, "npmrc"), await npmrc(), { mode: 0o600 });
  writeFileSync(
    path.join(dir, "override.yml"),
    override(
      kind === "plain" ? ["watchdog", "watchdog-pruner", "watchdog-pruner-ssh"] : ["watchdog", "watchdog-pruner"],
    ),
  );

  const main = kind === "plain" ? "docker-compose.yml" : "docker-compose.hardened.yml";
  const compose = (args: readonly string[], timeoutMs = 300_000) =>
    engine.docker(
      ["compose", "-p", `watchdog-${kind}`, "--progress", "plain", "-f", main, "-f", "override.yml", ...args],
      { cwd: dir, timeoutMs },
    );
  const id = async (service: string) => (await compose(["ps", "-aq", service])).trim();
  const inspect = async (service: string) =>
    (JSON.parse(await engine.docker(["inspect", await id(service)])) as Inspected[])[0] as Inspected;
  const logs = () => compose(["logs", "--no-color", "--tail", "60"]);

  return {
    dir,
    configure: (env) => {
      const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(path.join(dir, ".env.watchdog"), lines.join(""));
    },
    compose,
    id,
    inspect,
    untilHealthy: async (service) => {
      const healthy = async () => (await inspect(service)).State.Health?.Status === "healthy";
      await until(`${service} is healthy`, 90_000, healthy, logs);
    },
    doctor: async (env = {}) => {
      const settings = Object.entries({ WATCHDOG_LANG: "en", ...env }).flatMap(([name, value]) => [
        "-e",
        `${name}=${value}`,
      ]);
      // It exits with 1 when something failed, which some tests want to see: the document tells, not the code.
      const command = "node /opt/watchdog/watchdog.mjs doctor --json || true";
      const text = await compose([
        "run",
        "--rm",
        "-T",
        ...settings,
        "--entrypoint",
        "/bin/sh",
        "watchdog",
        "-c",
        command,
      ]);
      const { checks } = JSON.parse(text.slice(text.indexOf('{"ok"'))) as {
        checks: { id: string; state: string; detail: string; advice?: string }[];
      };
      return Object.fromEntries(checks.map((check) => [check.id, check]));
    },
    inside: async (script, service = "watchdog") =>
      JSON.parse(await compose(["exec", "-T", service, "node", "-e", script])) as unknown,
    logs,
  };
}

/** How to build, and nothing about what runs. */
function override(services: readonly string[]): string {
  const build = { network: "host", secrets: ["npmrc"] };
  return JSON.stringify({
    services: Object.fromEntries(services.map((name) => [name, { build }])),
    secrets: { npmrc: { file: "npmrc" } },
  });
}

/** The user's npm settings, plus what npm takes from its surroundings, which a build has not. */
async function npmrc(): Promise<string> {
  const own = path.join(homedir(), ".npmrc");
  const registry = (await run("npm", ["config", "get", "registry"])).trim();
  const extra = `registry=${registry}\ncafile=/etc/ssl/certs/ca-certificates.crt\n`;
  return `${existsSync(own) ? readFileSync(own, "utf8").trimEnd() : ""}\n${extra}`;
}
