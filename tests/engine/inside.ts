// Scripts that run inside the watchdog's container, under its own node, and print JSON.

export type Status = { ticks: number; sources: Record<string, { state: string } | undefined>; problems: unknown[] };

/** The daemon's own status page. */
export const STATUS = `require("http").get("http://127.0.0.1:9876/status", (answer) => answer.pipe(process.stdout))`;

export function isStatus(value: unknown): value is Status {
  return typeof value === "object" && value !== null && "ticks" in value && "sources" in value && "problems" in value;
}

export type Confinement = {
  /** /proc/<pid>/status and cmdline (blanks for NULs) of the daemon. */
  status: string;
  cmdline: string;
  pidNamespace: string;
  /** What an attempt to write a file into each folder gave. */
  writes: Record<string, string>;
  /** What is ours in the image. */
  files: string[];
  /** What of the host is mounted: path and ro or rw. */
  binds: string[];
};

/** How the container is confined. `pid` is the host's number for the daemon: found there only if pids are the host's. */
export function confinement(pid: number): string {
  return `
    const fs = require("fs");
    const attempt = (dir) => {
      try { fs.writeFileSync(dir + "/probe", ""); return "written"; } catch (error) { return error.code; }
    };
    const mounts = fs.readFileSync("/proc/self/mountinfo", "utf8").trim().split("\\n").map((line) => line.split(" "));
    console.log(JSON.stringify({
      status: fs.readFileSync("/proc/${pid}/status", "utf8"),
      cmdline: fs.readFileSync("/proc/${pid}/cmdline", "utf8").replaceAll("\\0", " "),
      pidNamespace: fs.readlinkSync("/proc/self/ns/pid"),
      writes: Object.fromEntries(["/", "/tmp", "/opt/watchdog", "/host"].map((dir) => [dir, attempt(dir)])),
      files: fs.readdirSync("/opt/watchdog"),
      binds: mounts.filter((mount) => /^\\/(host|run|var)\\//.test(mount[4]))
        // /var/run is a link to /run in some images.
        .map((mount) => mount[4].replace(/^\\/run\\//, "/var/run/") + " " + mount[5].split(",")[0]).sort(),
    }));
  `;
}

/** The status codes that the hardened variant's proxy answers these methods and targets with. */
export function askProxy(requests: readonly (readonly [string, string])[]): string {
  return `
    const { request } = require("http");
    const ask = ([method, path]) => new Promise((resolve, reject) => {
      const one = request({ host: "docker-proxy", port: 2375, method, path, agent: false }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      });
      one.on("error", reject).end();
    });
    Promise.all(${JSON.stringify(requests)}.map(ask)).then((codes) => console.log(JSON.stringify(codes)));
  `;
}
