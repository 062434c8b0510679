import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { isRecord } from "../../../watchdog/net/exchange.ts";

/** The path of a program of this machine, if it is there. */
export function programPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
}

/** Why tests that need a program are skipped; false: they are not. On CI a missing program is a failure instead. */
export function skipWithout(name: string, packageName: string): string | false {
  if (programPath(name) !== undefined) return false;
  const reason = `${name} is not installed (Debian: apt-get install ${packageName})`;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.log(`skipped: ${reason}`);
  return reason;
}

export interface Browser {
  open(options: TabOptions): Promise<Tab>;
  close(): Promise<void>;
}

export interface TabOptions {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
  readonly scale?: number;
  readonly script?: boolean;
}

export interface Tab {
  goto(url: string): Promise<void>;
  /** The value of an expression, as JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** The page, as PNG: the whole of it, or its upper part. */
  screenshot(path: string, maxHeight?: number): Promise<void>;
  /** Errors and warnings of the console, violations of the policy, and exceptions, so far. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

type Listener = (method: string, params: Readonly<Record<string, unknown>>) => void;
type Send = (method: string, params?: object, sessionId?: string) => Promise<Readonly<Record<string, unknown>>>;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-extensions",
  "--disable-dev-shm-usage",
  "--hide-scrollbars",
  "--force-color-profile=srgb",
  "--remote-debugging-pipe",
];
const ANSWER_MS = 30_000;

/** Debian's Chromium, spoken to by the DevTools protocol over a pipe (chromedevtools.github.io/devtools-protocol): JSON ended by NUL, on fd 3 and 4. */
export async function startChromium(): Promise<Browser> {
  const path = programPath("chromium");
  if (path === undefined) throw new Error("chromium is not installed");
  const profile = mkdtempSync(join(tmpdir(), "watchdog-chromium-"));
  const child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, TZ: "UTC", HOME: profile },
  });
  const { send, listeners } = connect(child);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    open: async (options) => {
      const { browserContextId } = await send("Target.createBrowserContext");
      const { targetId } = await send("Target.createTarget", { url: "about:blank", browserContextId });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      if (typeof sessionId !== "string") throw new Error("no session");
      return openTab(
        (method, params) => send(method, params, sessionId),
        (listener) => listeners.set(sessionId, listener),
        () => send("Target.closeTarget", { targetId }),
        options,
      );
    },
    close: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function connect(child: ChildProcess): { send: Send; listeners: Map<string, Listener> } {
  const [toBrowser, fromBrowser] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<
    number,
    { resolve: (result: Readonly<Record<string, unknown>>) => void; reject: (error: Error) => void }
  >();
  const listeners = new Map<string, Listener>();
  let errors = "";
  let buffered = "";
  let id = 0;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4000)));
  const failAll = (): void => {
    for (const { reject } of waiting.values()) reject(new Error(`chromium ended; it wrote:\n${errors}`));
    waiting.clear();
  };
  child.once("close", failAll);
  child.once("error", failAll);
  toBrowser.on("error", () => {});
  fromBrowser.setEncoding("utf8").on("data", (text: string) => {
    const messages = (buffered + text).split("\0");
    buffered = messages.pop() ?? "";
    for (const message of messages) receive(JSON.parse(message));
  });
  const receive = (message: unknown): void => {
    if (!isRecord(message)) return;
    const params = isRecord(message["params"]) ? message["params"] : {};
    if (typeof message["id"] !== "number")
      return listeners.get(String(message["sessionId"]))?.(String(message["method"]), params);
    const request = waiting.get(message["id"]);
    waiting.delete(message["id"]);
    if (isRecord(message["error"])) request?.reject(new Error(JSON.stringify(message["error"])));
    else request?.resolve(isRecord(message["result"]) ? message["result"] : {});
  };
  const send: Send = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const request = (id += 1);
      const timer = setTimeout(() => {
        waiting.delete(request);
        reject(new Error(`chromium did not answer ${method}; it wrote:\n${errors}`));
      }, ANSWER_MS);
      waiting.set(request, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      toBrowser.write(
        `${JSON.stringify({ id: request, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
      );
    });
  return { send, listeners };
}

async function openTab(
  send: Send,
  listen: (listener: Listener) => void,
  close: () => Promise<unknown>,
  { width, height, dark = false, scale = 1, script = true }: TabOptions,
): Promise<Tab> {
  const complaints: string[] = [];
  let loaded: () => void = () => {};
  listen((method, params) => {
    if (method === "Page.loadEventFired") loaded();
    else if (method === "Runtime.exceptionThrown")
      complaints.push(`exception: ${JSON.stringify(params["exceptionDetails"])}`);
    else if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(String(params["type"])))
      complaints.push(`console: ${JSON.stringify(params["args"])}`);
    else if (
      method === "Log.entryAdded" &&
      isRecord(params["entry"]) &&
      params["entry"]["level"] !== "info" &&
      params["entry"]["level"] !== "verbose"
    )
      complaints.push(`log: ${String(params["entry"]["text"])} ${String(params["entry"]["url"] ?? "")}`);
  });
  for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);
  await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: width < 600 });
  await send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
  });
  if (!script) await send("Emulation.setScriptExecutionDisabled", { value: true });
  return {
    goto: async (url) => {
      const done = new Promise<void>((resolve) => (loaded = resolve));
      const { errorText } = await send("Page.navigate", { url });
      if (typeof errorText === "string") throw new Error(`${url}: ${errorText}`);
      await done;
    },
    evaluate: async (expression) => {
      const { result, exceptionDetails } = await send("Runtime.evaluate", {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      return isRecord(result) ? result["value"] : undefined;
    },
    screenshot: async (path, maxHeight = Infinity) => {
      const { cssContentSize } = await send("Page.getLayoutMetrics");
      const full =
        isRecord(cssContentSize) && typeof cssContentSize["height"] === "number"
          ? Math.ceil(cssContentSize["height"])
          : height;
      const { data } = await send("Page.captureScreenshot", {
        format: "png",
        captureBeyondViewport: true,
        clip: { x: 0, y: 0, width, height: Math.min(full, maxHeight), scale: 1 },
      });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, Buffer.from(String(data), "base64"));
    },
    complaints: () => complaints,
    close: async () => void (await close()),
  };
}
