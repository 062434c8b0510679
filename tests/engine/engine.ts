// A private Docker engine: own data, own socket, nothing of the machine's own Docker is touched.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type RunOptions, run, until } from "./run.ts";

export type EngineSource = {
  name: string;
  dockerd: string;
  /** Folders put in front of PATH: this engine's containerd, shims and docker-proxy. */
  path: readonly string[];
};

export type Client = { docker: string; configDir: string };

export type Engine = {
  name: string;
  dir: string;
  sock: string;
  version: string;
  apiVersion: string;
  /** The docker client, against this engine. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>;
  /** dockerd goes and comes, and the socket stays the same file; with live-restore the containers live on. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** kill -9 of dockerd, as the kernel does when memory runs out. */
  crash(): Promise<void>;
  /** Removes every container, stops the engine, deletes its folder. */
  destroy(): Promise<void>;
};

export async function startEngine(source: EngineSource, client: Client, { liveRestore = true } = {}): Promise<Engine> {
  const dir = mkdtempSync(path.join(tmpdir(), "watchdog-engine-"));
  const sock = path.join(dir, "docker.sock");
  const log = path.join(dir, "dockerd.log");
  const pidfile = path.join(dir, "dockerd.pid");
  const env = {
    ...process.env,
    PATH: [...source.path, "/usr/sbin", "/usr/bin", "/sbin", "/bin", process.env["PATH"] ?? ""].join(":"),
    DOCKER_HOST: `unix://${sock}`,
    DOCKER_CONFIG: client.configDir,
    DOCKER_BUILDKIT: "1",
  };
  const docker = (args: readonly string[], options: RunOptions = {}) =>
    run(client.docker, args, { ...options, env: { ...env, ...options.env } });

  const listener = await listen(sock);
  const logFd = openSync(log, "a");
  // In a session of its own, so that Ctrl-C reaches the test alone; the end of its stdin is what tells it to clean up.
  const supervisor = spawn(
    "unshare",
    [
      ...["--mount", "sh"],
      path.join(import.meta.dirname, "supervise.sh"),
      ...[dir, client.docker, source.dockerd],
      ...["-H", "fd://", ...(liveRestore ? ["--live-restore"] : []), "--pidfile", pidfile],
      ...["--data-root", path.join(dir, "data"), "--exec-root", path.join(dir, "exec")],
    ],
    { env, detached: true, stdio: ["pipe", logFd, logFd, listener.fd] },
  );
  closeSync(logFd);
  listener.release();
  const gone = once(supervisor, "exit");
  const tell = (command: string) => supervisor.stdin?.write(`${command}\n`);
  const logTail = () => readFileSync(log, "utf8").split("\n").slice(-25).join("\n");

  const start = async () => {
    tell("start");
    await until(
      `${source.name} answers`,
      60_000,
      async () => {
        if (supervisor.exitCode !== null) throw new Error("its supervisor has ended");
        return (await docker(["version"], { timeoutMs: 5_000 })) !== "";
      },
      logTail,
    );
  };
  const end = async (command: "stop" | "crash") => {
    const pid = readFileSync(pidfile, "utf8").trim();
    tell(command);
    await until(`${source.name} ends after ${command}`, 60_000, () => !alive(Number(pid)), logTail);
  };
  const destroy = async () => {
    supervisor.stdin?.end();
    await gone;
  };

  try {
    await start();
    const format = "{{.Server.Version}} {{.Server.APIVersion}}";
    const [version = "", apiVersion = ""] = (await docker(["version", "--format", format])).trim().split(" ");
    return {
      name: source.name,
      dir,
      sock,
      version,
      apiVersion,
      docker,
      start,
      stop: () => end("stop"),
      crash: () => end("crash"),
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/**
 * A listening unix socket to be inherited, at `sock`. Node would itself accept from a socket it listens on, and would
 * unlink the file when it closes; so it is made under another name, moved into place, handed on, and let go.
 */
async function listen(sock: string): Promise<{ fd: number; release: () => void }> {
  const server = createServer();
  server.listen(`${sock}.new`);
  await once(server, "listening");
  // Like a real engine's socket: for root and a group whose number the container cannot know.
  chownSync(`${sock}.new`, 0, 4242);
  chmodSync(`${sock}.new`, 0o660);
  renameSync(`${sock}.new`, sock);
  return { fd: listeningFd(server), release: () => server.close() };
}

/** The file descriptor behind a server; there is no public way to it, and no other way to pass it to a shell. */
function listeningFd(server: Server): number {
  const handle = (server as unknown as { _handle?: { fd?: number } })._handle;
  if (handle?.fd === undefined || handle.fd < 0) throw new Error("this Node does not show a server's descriptor");
  return handle.fd;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Makes the folder that holds the client's plugins, as DOCKER_CONFIG wants it. */
export function clientConfig(dir: string): string {
  mkdirSync(path.join(dir, "cli-plugins"), { recursive: true });
  return dir;
}
