// The container as it is shipped: both compose files and the Dockerfile, read as text, and the compose files once more
// by Docker Compose itself where it is installed. What must be forbidden is a rule; each rule is broken once below.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseYaml, type Yaml } from "../../helpers/drivers/yaml.ts";
import { ROOT } from "./sources.ts";

type Service = Readonly<Record<string, Yaml>>;

const SOCKET = "/var/run/docker.sock:/var/run/docker.sock:ro";
const DISK = "/etc/hostname:/host/root:ro";
const SSH: Yaml = {
  type: "bind",
  source: "./pruner-ssh",
  target: "/run/pruner-ssh",
  read_only: "true",
  bind: { create_host_path: "false" },
};
const PRUNER = {
  entrypoint: ["node", "/opt/watchdog/pruner.mjs"],
  command: ["run"],
  test: ["CMD", "node", "/opt/watchdog/pruner.mjs", "healthcheck"],
};

/** What one service may have that another may not. `environment` holds wiring alone: defaults belong into the image, where the env_file wins over them. */
interface Allowed {
  readonly volumes: readonly Yaml[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly pid?: string;
  readonly profiles?: readonly string[];
  readonly networks?: readonly string[];
  /** Where it runs another program than the image's own. */
  readonly program?: typeof PRUNER;
  /** Not ours: it knows nothing of our settings. */
  readonly foreign?: boolean;
}

const FILES: Readonly<Record<string, Readonly<Record<string, Allowed>>>> = {
  "docker-compose.yml": {
    watchdog: { volumes: [SOCKET, DISK], pid: "host" },
    "watchdog-pruner": { volumes: [SOCKET], profiles: ["prune"], program: PRUNER },
    "watchdog-pruner-ssh": {
      volumes: [SSH],
      profiles: ["prune-ssh"],
      environment: {
        WATCHDOG_DOCKER_SOCK: "",
        WATCHDOG_PRUNE_SSH_KEY_FILE: "/run/pruner-ssh/key",
        WATCHDOG_PRUNE_SSH_KNOWN_HOSTS: "/run/pruner-ssh/known_hosts",
      },
    },
  },
  "docker-compose.hardened.yml": {
    watchdog: {
      volumes: [DISK],
      pid: "host",
      user: "65534:65534",
      networks: ["outside", "docker-api"],
      environment: { WATCHDOG_DOCKER_SOCK: "tcp://docker-proxy:2375" },
    },
    "docker-proxy": {
      volumes: [SOCKET, "./haproxy.docker.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"],
      user: "0:0",
      networks: ["docker-api"],
      foreign: true,
    },
    "watchdog-pruner": {
      volumes: [SOCKET],
      profiles: ["prune"],
      user: "0:0",
      networks: ["outside"],
      environment: { WATCHDOG_DOCKER_SOCK: "/var/run/docker.sock" },
      program: PRUNER,
    },
  },
};

/** Nothing else: no `privileged`, no `ports`, no `cap_add`, no `devices`, no `network_mode`, no `tmpfs`. */
const KEYS = [
  ...[
    "image",
    "build",
    "restart",
    "profiles",
    "depends_on",
    "env_file",
    "environment",
    "networks",
    "user",
    "pid",
    "entrypoint",
    "command",
    "healthcheck",
  ],
  ...["volumes", "extra_hosts", "read_only", "cap_drop", "security_opt", "mem_limit", "cpus", "pids_limit", "logging"],
];

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** What is not as it has to be, in words. */
function faultsOf(file: string, text: string): string[] {
  const faults: string[] = [];
  const { services, networks } = parseYaml(text) as {
    services: Record<string, Service>;
    networks?: Record<string, Yaml>;
  };
  const allowed = FILES[file] ?? {};
  if (Object.keys(services).sort().join() !== Object.keys(allowed).sort().join())
    faults.push(`services: ${Object.keys(services).join(", ")}`);
  for (const [name, service] of Object.entries(services)) {
    const may = allowed[name] ?? { volumes: [] };
    const same = (key: string, wanted: Yaml | undefined, found: Yaml | undefined = service[key]): void => {
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        faults.push(`${name}: ${key} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
    };
    for (const key of Object.keys(service)) if (!KEYS.includes(key)) faults.push(`${name}: ${key} is not known here`);
    same("restart", "always");
    same("read_only", "true");
    same("cap_drop", ["ALL"]);
    same("security_opt", ["no-new-privileges:true"]);
    for (const limit of ["mem_limit", "cpus", "pids_limit"])
      if (!/^\d/.test(String(service[limit]))) faults.push(`${name}: no ${limit}`);
    same("logging", { driver: "json-file", options: { "max-size": "5m", "max-file": "2" } });
    same("volumes", may.volumes);
    same("pid", may.pid);
    same("user", may.user);
    same("profiles", may.profiles);
    same("networks", may.networks);
    same("environment", may.environment);
    same("env_file", may.foreign ? undefined : [{ path: ".env.watchdog", required: "false" }]);
    same("entrypoint", may.program?.entrypoint);
    same("command", may.program?.command);
    same("healthcheck", may.program?.test, (service["healthcheck"] as Service | undefined)?.["test"]);
    if (may.foreign) same("image", "haproxy:3.2-alpine");
    else
      same("build", {
        context: ".",
        dockerfile: "Dockerfile.watchdog",
        target: name === "watchdog-pruner-ssh" ? "pruner-ssh" : "watchdog",
      });
  }
  const wantedNetworks =
    file === "docker-compose.hardened.yml" ? { outside: {}, "docker-api": { internal: "true" } } : undefined;
  if (JSON.stringify(networks) !== JSON.stringify(wantedNetworks)) faults.push(`networks: ${JSON.stringify(networks)}`);
  return faults;
}

for (const file of Object.keys(FILES)) {
  test(`${file}: who may see what, and that nobody may change anything`, { timeout: 10_000 }, () => {
    assert.deepEqual(faultsOf(file, read(file)), []);
  });
}

describe("each rule is seen to be broken", () => {
  const HARDENED = "docker-compose.hardened.yml";
  const BREAKS: readonly (readonly [file: string, what: string, from: string | RegExp, to: string, fault: RegExp])[] = [
    ["docker-compose.yml", "no pid: host on the watchdog", "    pid: host\n", "", /^watchdog: pid /],
    [
      "docker-compose.yml",
      "pid: host on the pruner",
      "    command: [run]\n",
      "    command: [run]\n    pid: host\n",
      /^watchdog-pruner: pid /,
    ],
    ["docker-compose.yml", "a disk that may be written", "/host/root:ro", "/host/root", /^watchdog: volumes /],
    [
      "docker-compose.yml",
      "the socket for whoever does ssh",
      "        source: ./pruner-ssh",
      "        source: /var/run/docker.sock",
      /^watchdog-pruner-ssh: volumes /,
    ],
    [
      "docker-compose.yml",
      "a folder of keys that may be written",
      "        read_only: true\n",
      "",
      /^watchdog-pruner-ssh: volumes /,
    ],
    ["docker-compose.yml", "a root that may be written", "    read_only: true\n", "", /^watchdog: read_only /],
    ["docker-compose.yml", "all capabilities", "    cap_drop: [ALL]\n", "", /^watchdog: cap_drop /],
    [
      "docker-compose.yml",
      "some capabilities",
      "    cap_drop: [ALL]\n",
      "    cap_drop: [ALL]\n    cap_add: [SYS_PTRACE]\n",
      /^watchdog: cap_add /,
    ],
    ["docker-compose.yml", "new privileges", "      - no-new-privileges:true\n", "", /^watchdog: security_opt /],
    [
      "docker-compose.yml",
      "privileged",
      "    read_only: true\n",
      "    read_only: true\n    privileged: true\n",
      /^watchdog: privileged /,
    ],
    [
      "docker-compose.yml",
      "an open port",
      "    read_only: true\n",
      '    read_only: true\n    ports: ["9876:9876"]\n',
      /^watchdog: ports /,
    ],
    ["docker-compose.yml", "no limit on memory", "    mem_limit: 128m\n", "", /^watchdog: no mem_limit/],
    ["docker-compose.yml", "no limit on CPU", "    cpus: 0.5\n", "", /^watchdog: no cpus/],
    ["docker-compose.yml", "no limit on processes", "    pids_limit: 64\n", "", /^watchdog: no pids_limit/],
    ["docker-compose.yml", "a log without end", "        max-size: 5m\n", "", /: logging /],
    [
      "docker-compose.yml",
      "a watchdog that stays away",
      "restart: always",
      "restart: unless-stopped",
      /^watchdog: restart /,
    ],
    ["docker-compose.yml", "an env_file that must exist", "        required: false\n", "", /^watchdog: env_file /],
    [
      "docker-compose.yml",
      "a default that wins over the env_file",
      "    pid: host\n",
      "    pid: host\n    environment:\n      WATCHDOG_LANG: en\n",
      /^watchdog: environment /,
    ],
    [
      "docker-compose.yml",
      "a health check through a shell",
      "test: [CMD, node, /opt/watchdog/pruner.mjs, healthcheck]",
      "test: node /opt/watchdog/pruner.mjs healthcheck",
      /^watchdog-pruner: healthcheck /,
    ],
    [
      "docker-compose.yml",
      "a program through a shell",
      "entrypoint: [node, /opt/watchdog/pruner.mjs]",
      "entrypoint: node /opt/watchdog/pruner.mjs",
      /^watchdog-pruner: entrypoint /,
    ],
    [
      "docker-compose.yml",
      "a pruner that nobody asked for",
      "    profiles: [prune]\n",
      "",
      /^watchdog-pruner: profiles /,
    ],
    [
      HARDENED,
      "the socket for the watchdog",
      "      - /etc/hostname:/host/root:ro\n",
      `      - /etc/hostname:/host/root:ro\n      - ${SOCKET}\n`,
      /^watchdog: volumes /,
    ],
    [HARDENED, "the watchdog as root", 'user: "65534:65534"', 'user: "0:0"', /^watchdog: user /],
    [HARDENED, "a proxy with a way out", "    internal: true\n", "", /^networks: /],
    [
      HARDENED,
      "a proxy on the other network",
      "    networks:\n      - docker-api\n",
      "    networks:\n      - docker-api\n      - outside\n",
      /^docker-proxy: networks /,
    ],
    [
      HARDENED,
      "a proxy that stays away",
      /(image: haproxy:3\.2-alpine\n {4}restart: )always/,
      "$1unless-stopped",
      /^docker-proxy: restart /,
    ],
  ];
  for (const [file, what, from, to, fault] of BREAKS) {
    test(`${file}: ${what}`, { timeout: 10_000 }, () => {
      const text = read(file);
      const broken = text.replace(from, to);
      assert.notEqual(broken, text, "the file holds what is broken here");
      assert.ok(
        faultsOf(file, broken).some((one) => fault.test(one)),
        JSON.stringify(faultsOf(file, broken)),
      );
    });
  }
});

/** Each instruction on one line, comments left out. */
function instructions(dockerfile: string): string[] {
  return dockerfile
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

function dockerfileFaults(text: string): string[] {
  const faults: string[] = [];
  const lines = instructions(text);
  const of = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const isExec = (command: string): boolean => {
    try {
      return Array.isArray(JSON.parse(command));
    } catch {
      return false;
    }
  };
  const from = [
    "--platform=$BUILDPLATFORM node:26-slim AS build",
    "node:26-slim AS pruner-ssh",
    "node:26-slim AS watchdog",
  ];
  if (of("FROM").join("\n") !== from.join("\n")) faults.push(`FROM: ${of("FROM").join(", ")}`);
  if (!text.includes('image.base.name="docker.io/library/node:26-slim"'))
    faults.push("the label names another base image");
  if (of("ENTRYPOINT").join() !== `["node", "/opt/watchdog/pruner.mjs"],["node", "/opt/watchdog/watchdog.mjs"]`)
    faults.push(`ENTRYPOINT: ${of("ENTRYPOINT").join(", ")}`);
  for (const command of [...of("ENTRYPOINT"), ...of("CMD")])
    if (!isExec(command)) faults.push(`through a shell: ${command}`);
  if (of("CMD").join() !== `["run"],["run"]`) faults.push(`CMD: ${of("CMD").join(", ")}`);
  const checks = of("HEALTHCHECK").map((line) => line.replace(/^.*?CMD /, ""));
  if (
    checks.join() !==
    `["node", "/opt/watchdog/pruner.mjs", "healthcheck"],["node", "/opt/watchdog/watchdog.mjs", "healthcheck"]`
  )
    faults.push(`HEALTHCHECK: ${checks.join(", ")}`);
  if (of("ENV").join() !== "NODE_ENV=production,NODE_ENV=production,UV_THREADPOOL_SIZE=8")
    faults.push(`ENV: ${of("ENV").join(", ")}`);
  for (const name of ["ADD", "VOLUME", "EXPOSE", "SHELL", "USER", "ONBUILD"])
    if (of(name).length > 0) faults.push(`${name} is not known here`);
  if (/^#\s*syntax=/m.test(text)) faults.push("a frontend image would be pulled");
  return faults;
}

describe("Dockerfile.watchdog", () => {
  const text = read("Dockerfile.watchdog");
  test("base images, exec form, health checks, defaults", { timeout: 10_000 }, () => {
    assert.deepEqual(dockerfileFaults(text), []);
  });
  const BREAKS: readonly (readonly [what: string, from: string, to: string, fault: RegExp])[] = [
    ["a base without a version", "FROM node:26-slim AS watchdog", "FROM node AS watchdog", /^FROM/],
    ["another last stage", "AS pruner-ssh", "AS other", /^FROM/],
    [
      "a program through a shell",
      'ENTRYPOINT ["node", "/opt/watchdog/watchdog.mjs"]',
      "ENTRYPOINT node /opt/watchdog/watchdog.mjs",
      /^through a shell/,
    ],
    ["another command", 'CMD ["run"]', 'CMD ["once"]', /^CMD/],
    [
      "a health check through a shell",
      '  CMD ["node", "/opt/watchdog/watchdog.mjs", "healthcheck"]',
      "  CMD node /opt/watchdog/watchdog.mjs healthcheck",
      /^HEALTHCHECK/,
    ],
    [
      "no health check",
      'HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 \\\n  CMD ["node", "/opt/watchdog/pruner.mjs", "healthcheck"]',
      "",
      /^HEALTHCHECK/,
    ],
    ["a label of another base", "library/node:26-slim", "library/node:24-slim", /label/],
    ["a frontend to pull", "# Needs BuildKit", "# syntax=docker/dockerfile:1\n# Needs BuildKit", /frontend/],
    ["another user than the compose files count on", 'CMD ["run"]', 'USER node\nCMD ["run"]', /^USER/],
  ];
  for (const [what, from, to, fault] of BREAKS) {
    test(`is seen to be broken: ${what}`, { timeout: 10_000 }, () => {
      const broken = text.replace(from, to);
      assert.notEqual(broken, text);
      assert.ok(
        dockerfileFaults(broken).some((one) => fault.test(one)),
        JSON.stringify(dockerfileFaults(broken)),
      );
    });
  }
});

describe("as Docker Compose itself reads them", () => {
  // The plugin of the machine, or the one that the engine tests have fetched.
  const configs = [
    process.env["DOCKER_CONFIG"],
    join(
      process.env["WATCHDOG_ENGINE_CACHE"] ??
        join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "watchdog-engine-tests"),
      "docker-config",
    ),
  ];
  const envs = configs.map((config) => ({
    ...process.env,
    ...(config === undefined ? {} : { DOCKER_CONFIG: config }),
  }));
  const compose = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    spawnSync("docker", ["compose", ...args], { cwd: ROOT, env, encoding: "utf8", timeout: 30_000 });
  const env = envs.find((one) => compose(["version"], one).status === 0);
  for (const [file, allowed] of Object.entries(FILES)) {
    test(file, { skip: env ? false : "docker compose is not installed", timeout: 60_000 }, () => {
      const { status, stdout, stderr } = compose(
        ["-f", file, "--profile", "*", "config", "--format", "json"],
        env ?? {},
      );
      assert.equal(status, 0, stderr);
      const { services } = JSON.parse(stdout) as { services: Record<string, Record<string, unknown>> };
      assert.deepEqual(Object.keys(services).sort(), Object.keys(allowed).sort());
      for (const [name, service] of Object.entries(services)) {
        const volumes = service["volumes"] as { type: string; source: string; target: string; read_only?: boolean }[];
        assert.ok(
          volumes.every(({ type, read_only: readOnly }) => type === "bind" && readOnly === true),
          `${name}: ${JSON.stringify(volumes)}`,
        );
        assert.deepEqual(
          volumes.map(({ target }) => target),
          (allowed[name]?.volumes ?? []).map((volume) =>
            typeof volume === "string" ? volume.split(":")[1] : (volume as Service)["target"],
          ),
          name,
        );
        assert.deepEqual(
          [service["pid"], service["privileged"], service["ports"], service["cap_add"]],
          [allowed[name]?.pid, undefined, undefined, undefined],
          name,
        );
        assert.deepEqual(
          [service["read_only"], service["cap_drop"], service["security_opt"], service["restart"]],
          [true, ["ALL"], ["no-new-privileges:true"], "always"],
          name,
        );
        assert.ok(
          Number(service["mem_limit"]) >= 64 * 2 ** 20 &&
            Number(service["cpus"]) > 0 &&
            Number(service["pids_limit"]) > 0,
          name,
        );
      }
    });
  }
});
