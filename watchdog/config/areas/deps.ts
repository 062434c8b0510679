import { login } from "../secret.ts";
import { list, one, type Parsed } from "../table.ts";
import { count, countOrOff, dependency } from "../value.ts";

/** The services that others have to answer. */
export const DEPS_VARIABLES = {
  deps: list("WATCHDOG_DEPS", dependency, "", () => [], "name=http(s)://… or name=tcp://host:port, comma-separated", {
    secret: { ...login, textsOf: (deps) => deps.flatMap(({ url }) => login.textsOf(url)) },
  }),
  depDownTicks: one("WATCHDOG_DEP_DOWN_TICKS", count, 2, "failing pings in a row before a dependency alerts"),
  certDays: one(
    "WATCHDOG_CERT_DAYS",
    countOrOff,
    14,
    "days before the end of an https dependency's certificate from which it alerts; 0 = off",
  ),
};

export type DepSettings = Parsed<typeof DEPS_VARIABLES>;
