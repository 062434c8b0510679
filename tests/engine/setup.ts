// What must be at hand before an engine can be started, and the reason to tell when it is not.
import { copyFileSync, existsSync } from "node:fs";
import path from "node:path";
import { cacheDir, debianRoot } from "./cache.ts";
import { type Client, clientConfig, type EngineSource } from "./engine.ts";
import { run, which } from "./run.ts";

export type Setup = { client: Client; engines: EngineSource[] };

/** With CI or WATCHDOG_ENGINE_REQUIRED set, a missing engine is a failure and not a skip. */
export const engineRequired =
  ["1", "true"].includes(process.env["CI"] ?? "") || process.env["WATCHDOG_ENGINE_REQUIRED"] === "1";

/** Engine A is the machine's own dockerd, engine B the next Debian's. A string is the reason why there are none. */
export async function prepare(): Promise<Setup | string> {
  const reason = await whyNot();
  if (reason !== undefined) return reason;
  const dockerd = await which("dockerd");
  if (dockerd === undefined) return "dockerd is not installed";
  try {
    const root = await debianRoot("trixie", [
      "docker.io",
      "containerd",
      "docker-cli",
      "docker-compose",
      "docker-buildx",
    ]);
    const configDir = clientConfig(path.join(cacheDir, "docker-config"));
    for (const plugin of ["docker-compose", "docker-buildx"]) {
      const target = path.join(configDir, "cli-plugins", plugin);
      if (!existsSync(target)) copyFileSync(path.join(root, "usr/libexec/docker/cli-plugins", plugin), target);
    }
    return {
      client: { docker: path.join(root, "usr/bin/docker"), configDir },
      engines: [
        { name: "the machine's own dockerd", dockerd, path: [path.dirname(dockerd)] },
        {
          name: "dockerd of Debian trixie",
          dockerd: path.join(root, "usr/sbin/dockerd"),
          // runc is the machine's own: the newer one wants newer libraries.
          path: ["/usr/sbin", "/usr/bin", "bin", "sbin"].map((dir) => path.resolve(root, "usr", dir)),
        },
      ],
    };
  } catch (error) {
    return `the newer engine could not be fetched: ${String(error)}`;
  }
}

async function whyNot(): Promise<string | undefined> {
  if (process.platform !== "linux") return "an engine needs Linux";
  if (process.getuid?.() !== 0) return "an engine needs root";
  // Two engines share the machine's firewall rules: a second one would cut the first one's containers off.
  if ((await run("pgrep", ["-x", "dockerd"]).catch(() => "")) !== "")
    return "another dockerd is running on this machine";
  for (const program of ["apt-get", "dpkg", "runc", "iptables", "haproxy", "npm", "ldd", "tar", "ssh"]) {
    if ((await which(program)) === undefined) return `${program} is not installed`;
  }
  return undefined;
}
