// A real ssh server that containers can reach, for one key alone, whose users find one program: docker, against one private engine.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import type { Client, Engine } from "./engine.ts";
import { run, until } from "./run.ts";

export type Sshd = {
  port: number;
  keyFile: string;
  /** Another key, which the server does not know. */
  strangeKey: string;
  knownHosts: string;
  /** A known_hosts with another key for this host, and one without the host. */
  changedHosts: string;
  emptyHosts: string;
  /** The command lines that reached docker. */
  commands(): string[];
  close(): Promise<void>;
};

export async function startSshd(sshd: string, engine: Engine, client: Client): Promise<Sshd> {
  const dir = mkdtempSync(path.join(engine.dir, "sshd-"));
  const bin = path.join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  // Where sshd confines itself before anyone is let in; it is made by the service file where there is one.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const at = (name: string) => path.join(dir, name);
  for (const name of ["host", "key", "strange"])
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  const publicKey = (name: string) =>
    readFileSync(at(`${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");

  const port = await freePort();
  const log = at("commands");
  writeFileSync(log, "");
  writeFileSync(
    path.join(bin, "docker"),
    `#!/bin/sh\necho "docker $*" >>"${log}"\nDOCKER_CONFIG="${client.configDir}" exec "${client.docker}" --host "unix://${engine.sock}" "$@"\n`,
  );
  chmodSync(path.join(bin, "docker"), 0o755);
  writeFileSync(at("authorized_keys"), `${publicKey("key")}\n`, { mode: 0o600 });
  // By both names: from here, and from inside a container.
  writeFileSync(at("known_hosts"), `[127.0.0.1]:${port},[host.docker.internal]:${port} ${publicKey("host")}\n`);
  writeFileSync(at("changed_hosts"), `[127.0.0.1]:${port} ${publicKey("strange")}\n`);
  writeFileSync(at("empty_hosts"), "");
  const config = [
    `Port ${port}`,
    "ListenAddress 0.0.0.0",
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    `PidFile ${at("pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    `SetEnv PATH=${bin}:/usr/bin:/bin`,
  ];
  writeFileSync(at("sshd_config"), `${config.join("\n")}\n`);
  const child = spawn(sshd, ["-D", "-e", "-f", at("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(
    "sshd listens",
    10_000,
    () => said.includes("Server listening"),
    () => said,
  );
  return {
    port,
    keyFile: at("key"),
    strangeKey: at("strange"),
    knownHosts: at("known_hosts"),
    changedHosts: at("changed_hosts"),
    emptyHosts: at("empty_hosts"),
    commands: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
