import { whole } from "../secret.ts";
import { addConsequence, type Env, optional, type Parsed, type Problem } from "../table.ts";
import { address, isLoopback, text } from "../value.ts";

/** The status server. */
export const STATUS_VARIABLES = {
  statusAddr: {
    ...optional("WATCHDOG_STATUS_ADDR", address, "host:port of the status server; empty = off"),
    fallback: () => ({ host: "127.0.0.1", port: 9876 }),
    shown: "127.0.0.1:9876",
    emptyMeans: { value: undefined },
  },
  statusToken: optional(
    "WATCHDOG_STATUS_TOKEN",
    text("8 to 200 printable ASCII characters without a blank", /^[\x21-\x7e]{8,200}$/),
    "who asks the status server has to give this token; unset: no token needed",
    { secret: whole },
  ),
};

export type StatusSettings = Parsed<typeof STATUS_VARIABLES>;

/** A token that was meant but cannot be used locks the status server (an empty one is never right) instead of leaving it open. */
export function guardStatus(
  { statusToken, statusAddr }: StatusSettings,
  env: Env,
  problems: Problem[],
): string | undefined {
  const names = ["WATCHDOG_STATUS_TOKEN", "WATCHDOG_STATUS_TOKEN_FILE"];
  if (statusToken === undefined && names.some((name) => (env[name] ?? "").trim() !== "")) {
    addConsequence(
      problems,
      "WATCHDOG_STATUS_TOKEN",
      "until it has a usable value the status server answers /healthz alone",
      "WATCHDOG_STATUS_TOKEN has no usable value although it is set",
    );
    return "";
  }
  if (statusToken === undefined && statusAddr && !isLoopback(statusAddr.host)) {
    problems.push({
      variable: "WATCHDOG_STATUS_ADDR",
      code: "open",
      text: `WATCHDOG_STATUS_ADDR=${statusAddr.host}:${statusAddr.port} can be reached from outside and WATCHDOG_STATUS_TOKEN is unset: whoever reaches it reads the status; set WATCHDOG_STATUS_TOKEN (openssl rand -hex 16), or listen on 127.0.0.1`,
    });
  }
  return statusToken;
}
