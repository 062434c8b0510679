/**
 * How the process ends. `process.exit` joins the threads of libuv's pool, so one file or name lookup that never answers would
 * keep the process for ever; and a reader that does not read would keep what is written for it.
 */

/** From the first SIGTERM or SIGINT to the last step, whatever hangs; what takes our place (below) needs some time to start. `docker stop` kills after 10 s, a system that shuts down sooner. */
const END_MS = 4200;
/** npm and others pass a signal on that the terminal sent to the whole group: so close together it is one signal, not two. */
const SAME_SIGNAL_MS = 500;
/** A reader of our output that is merely slow gets this long; one that does not read at all must not keep us. */
const WRITE_MS = 300;
/** The same for a file operation: on a busy host one that is well takes its time too. */
const POOL_MS = 1000;

/** Aborts at the first SIGTERM or SIGINT. From then on the process ends within END_MS with exit code 0; a second signal ends it at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let firstMs = 0;
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      if (performance.now() - firstMs > SAME_SIGNAL_MS) end(0);
      return;
    }
    firstMs = performance.now();
    setTimeout(() => end(0), END_MS);
    stop.abort();
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, onSignal);
  return stop.signal;
}

/** Ends the process once what it has to say is `written`, or cannot be written in time. */
export async function leave(exitCode: number, written: Promise<unknown>): Promise<never> {
  await Promise.race([written, sleep(WRITE_MS)]);
  const until = performance.now() + POOL_MS;
  while (isPoolBusy() && performance.now() < until) await sleep(10);
  return end(exitCode);
}

/** Whether a thread of libuv's pool may be at work: requests to the file system, and name lookups, which go through getaddrinfo(3). */
function isPoolBusy(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((name) => /^(?:FSReq|CloseReq|GetAddrInfoReq|GetNameInfoReq)/.test(name));
}

function end(exitCode: number): never {
  if (isPoolBusy()) replaceOrKill(exitCode);
  process.exit(exitCode);
}

/**
 * execve(2) ends all other threads of the process, and what takes its place ends at once with the exit code (Node 22.15 and later).
 * An older Node can only end by a signal to itself; SIGTERM, because to systemd that is a clean end (systemd.service(5), SuccessExitStatus=).
 */
function replaceOrKill(exitCode: number): void {
  try {
    process.execve?.(process.execPath, [process.execPath, "-e", `process.exit(${exitCode})`], {});
  } catch {
    // The file of this Node may have been replaced or removed meanwhile.
  }
  process.removeAllListeners("SIGTERM");
  process.kill(process.pid, "SIGTERM");
  process.kill(process.pid, "SIGKILL");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
