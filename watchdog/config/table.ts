import { fragment, maskSecrets, reasonOf } from "../safe.ts";
import type { Secret } from "./secret.ts";
import type { ListParser, Parser } from "./value.ts";

/** What the surroundings say; read once by main, so that the configuration itself stays pure. */
export interface Facts {
  /** Names in /host, empty when there is none. */
  readonly hostEntries: readonly string[];
  readonly reposExists: boolean;
  readonly appDataExists: boolean;
  readonly inContainer: boolean;
  /** The system's host name, for messages until the engine says its own. */
  readonly hostname: string;
  /** Whether the socket at this path exists; asked once, at start. */
  readonly socketExists: (path: string) => boolean;
  /** The content of the file a *_FILE variable names; throws with a reason. */
  readonly readSecret: (path: string) => string;
  /** Whom this process runs as: files of secrets have to be readable by it. */
  readonly uid: number;
  /** Whether this runtime's https.Agent can use a proxy (`proxyEnv`, Node 24.5 and later). */
  readonly agentHasProxy: boolean;
}

/** Of these, what outlives the configuration: how this system is named, and whether our paths are a container's. */
export type System = Pick<Facts, "hostname" | "inContainer">;

/** One environment variable. A table of these is the only source for parsing, --help and the example file's test. */
export interface Variable<T> {
  readonly name: string;
  /** The default as documents show it. */
  readonly shown: string;
  readonly fallback: (facts: Facts) => T;
  readonly meaning: string;
  readonly parser:
    | { readonly one: Parser<T> }
    | { readonly list: ListParser<unknown>; readonly collect: (entries: unknown[]) => T };
  /** What of it is secret; undefined: nothing can be. */
  readonly secret?: Secret<NonNullable<T>>;
  /** Set but empty means off, not unset. */
  readonly emptyMeans?: { readonly value: T };
}

type Extra<T> = Partial<Pick<Variable<T>, "secret" | "shown" | "emptyMeans">>;

export function one<T>(
  name: string,
  parser: Parser<T>,
  fallback: NoInfer<T>,
  meaning: string,
  extra: Extra<NoInfer<T>> = {},
): Variable<T> {
  const shown =
    typeof fallback === "boolean" || typeof fallback === "number" || typeof fallback === "string"
      ? String(fallback)
      : "";
  return { name, parser: { one: parser }, fallback: () => fallback, shown, meaning, ...extra };
}

/** A variable that may simply not be there. */
export function optional<T>(
  name: string,
  parser: Parser<T>,
  meaning: string,
  extra: Extra<T | undefined> = {},
): Variable<T | undefined> {
  return { name, parser: { one: parser }, fallback: () => undefined, shown: "", meaning, ...extra };
}

export function list<T>(
  name: string,
  parser: ListParser<T>,
  shown: string,
  fallback: (facts: Facts) => T[],
  meaning: string,
  extra: Extra<T[]> = {},
): Variable<T[]> {
  return {
    name,
    parser: { list: parser, collect: (entries) => entries as T[] },
    fallback,
    shown,
    meaning,
    ...extra,
  };
}

/** A table of variables, by the names of their settings. */
export type Variables = Readonly<Record<string, Variable<never> | Variable<unknown>>>;

/** What a table of variables parses to. */
export type Parsed<Table> = { readonly [K in keyof Table]: Table[K] extends Variable<infer T> ? T : never };

/** One thing wrong with the configuration. */
export interface Problem {
  readonly variable: string;
  /** What is set, where that is another name: the variable's with _FILE. */
  readonly name?: string;
  readonly code?: ProblemCode;
  /** The file that is `denied`. Foreign text. */
  readonly path?: string;
  /** One line that names the variable, its value, what is allowed and what counts instead. */
  readonly text: string;
}

/**
 * What is to be done about it, where that is not to correct or remove what is set. `denied`: its file may not be read; `unreadable`: it cannot
 * be. `needed`: without a usable value something else does not work; `missing`: there is no other problem with it. `open`: a token is needed.
 */
export type ProblemCode = "denied" | "unreadable" | "needed" | "missing" | "open";
export type Env = Readonly<Record<string, string | undefined>>;

/** Says what follows from the value of a variable that cannot be used: at the end of the problem that says why, or as one of its own. */
export function addConsequence(problems: Problem[], variable: string, consequence: string, otherwise: string): void {
  const at = problems.findLastIndex((problem) => problem.variable === variable);
  const problem = problems[at];
  if (problem) problems[at] = { code: "needed", ...problem, text: `${problem.text}; ${consequence}` };
  else problems.push({ variable, code: "missing", text: `${otherwise}; ${consequence}` });
}

/** Every variable of a table; never throws: a bad value falls back to its default and is reported. */
export function parseTable<Table extends Variables>(
  table: Table,
  env: Env,
  facts: Facts,
  problems: Problem[],
): Parsed<Table> {
  const values = Object.entries(table).map(([key, variable]) => [
    key,
    readValue(variable as Variable<unknown>, env, facts, problems),
  ]);
  return Object.fromEntries(values) as Parsed<Table>;
}

/** Every name that means something, *_FILE variants included. */
export function namesOf(table: Variables): string[] {
  return Object.values(table).flatMap((variable) =>
    hasFileVariant(variable) ? [variable.name, `${variable.name}_FILE`] : [variable.name],
  );
}

/** A single value that says what of it is secret may also be given as NAME_FILE, a path whose content is the value. */
export function hasFileVariant({ secret, parser }: Variables[string]): boolean {
  return secret !== undefined && "one" in parser;
}

/** What must never be shown of these values. */
export function secretsOf<Table extends Variables>(table: Table, values: Parsed<Table>): string[] {
  return Object.entries(table).flatMap(([key, { secret }]) => {
    const value = values[key as keyof Table];
    return value === undefined ? [] : (secret?.textsOf(value as never) ?? []);
  });
}

/** Longer than any path (PATH_MAX is 4,096) or URL that means something: a text of 100 kB is somebody's mistake, and is not matched against anything. */
const MAX_VALUE = 4096;
/** Of one list; and of what is wrong with it, each is told up to a number that a person still reads. */
const MAX_ENTRIES = 1000;
const MAX_TOLD = 20;

function readValue(variable: Variable<unknown>, env: Env, facts: Facts, problems: Problem[]): unknown {
  const given = rawOf(variable, env, facts, problems);
  if (given === undefined) return variable.fallback(facts);
  if (given.raw === "") return variable.emptyMeans ? variable.emptyMeans.value : variable.fallback(facts);
  if ("list" in variable.parser) {
    const entries = entriesOf(variable, variable.parser.list, given.raw, problems);
    return entries.length > 0 ? variable.parser.collect(entries) : variable.fallback(facts);
  }
  const isLong = given.raw.length > MAX_VALUE;
  const value = isLong ? undefined : variable.parser.one.parse(given.raw);
  if (value !== undefined) return value;
  problems.push({
    variable: variable.name,
    name: given.name,
    text: `${given.name}=${shownOf(variable, given.raw)} is not allowed; allowed: ${variable.parser.one.allowed}${isLong ? `, of at most ${MAX_VALUE} characters` : ""}; using ${variable.shown === "" ? "the default (unset)" : `the default ${variable.shown}`}`,
  });
  return variable.fallback(facts);
}

/** The paths of all files that variables name for their values. */
export function secretFilesOf(table: Variables, env: Env): string[] {
  return Object.values(table)
    .filter(hasFileVariant)
    .map(({ name }) => env[`${name}_FILE`]?.trim() ?? "")
    .filter((path) => path !== "");
}

/** The value and the name it came from: the variable itself, or the file its NAME_FILE names. */
function rawOf(
  variable: Variable<unknown>,
  env: Env,
  facts: Facts,
  problems: Problem[],
): { name: string; raw: string } | undefined {
  const { name } = variable;
  const direct = env[name]?.trim();
  const fileName = `${name}_FILE`;
  const path = hasFileVariant(variable) ? env[fileName]?.trim() : undefined;
  if (path === undefined || path === "") return direct === undefined ? undefined : { name, raw: direct };
  if (direct !== undefined && direct !== "") {
    problems.push({
      variable: name,
      name: fileName,
      text: `${fileName}=${showValue(path)} is ignored because ${name} is set too; set only one of them`,
    });
    return { name, raw: direct };
  }
  try {
    return { name: fileName, raw: facts.readSecret(path).trim() };
  } catch (error) {
    const code = ["EACCES", "EPERM"].includes((error as { code?: string }).code ?? "") ? "denied" : "unreadable";
    const remedy = code === "denied" ? ` (chown ${ownerToRead(facts.uid)}, chmod 440)` : "";
    problems.push({
      variable: name,
      name: fileName,
      code,
      path: fragment(path, 120),
      text: `${fileName}=${showValue(path)} cannot be read (${maskSecrets(reasonOf(error))}); allowed: a file that uid ${facts.uid} may read${remedy} and whose content is the value of ${name}; using the default${variable.shown === "" ? " (unset)" : ` ${variable.shown}`}`,
    });
    return undefined;
  }
}

/**
 * What chown is given, beside mode 440. Watchdog and pruner may share the file under two uids, and a root without capabilities is bound by
 * permissions too (capabilities(7), CAP_DAC_OVERRIDE): it reads by group 0. So root's remedy keeps the owner, and that of the others gives group 0.
 */
export function ownerToRead(uid: number): string {
  return uid === 0 ? ":0" : `${uid}:0`;
}

function entriesOf<T>(variable: Variable<unknown>, parser: ListParser<T>, raw: string, problems: Problem[]): T[] {
  const { name } = variable;
  const report = (what: string): unknown => problems.push({ variable: name, text: `${name}: ${what}` });
  const entries: T[] = [];
  const seen = new Set<string>();
  let dropped = 0;
  const parts = raw
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  for (const part of parts.slice(0, MAX_ENTRIES)) {
    const entry = part.length > MAX_VALUE ? undefined : parser.parseEntry(part);
    const identity = entry === undefined ? undefined : parser.identity?.(entry);
    const repeated = identity !== undefined && seen.has(identity);
    if (entry === undefined || repeated) {
      dropped += 1;
      if (dropped <= MAX_TOLD)
        report(
          `entry ${shownOf(variable, part)} ${repeated ? "repeats a name" : "is not allowed"}; allowed: ${parser.allowed}; the entry is dropped, the rest counts`,
        );
      continue;
    }
    if (identity !== undefined) seen.add(identity);
    entries.push(entry);
  }
  if (dropped > MAX_TOLD)
    report(
      `${dropped - MAX_TOLD} more entries are dropped in the same way; allowed: ${parser.allowed}; the rest counts`,
    );
  if (parts.length > MAX_ENTRIES)
    report(`has ${parts.length} entries; allowed: at most ${MAX_ENTRIES}; the first ${MAX_ENTRIES} count`);
  return entries;
}

function shownOf({ secret }: Variable<unknown>, raw: string): string {
  return secret?.hidesAll ? "***" : showValue(raw);
}

/** A value that was not understood, as far as it may be shown: in a malformed URL a password may hold spaces and slashes, and any part of the query may be secret. */
export function showValue(raw: string): string {
  const authority = raw.indexOf("://") + 3;
  const at = raw.lastIndexOf("@");
  const named = authority > 2 && at >= authority ? `${raw.slice(0, authority)}***${raw.slice(at)}` : raw;
  const query = authority > 2 ? named.indexOf("?", authority) : -1;
  const masked = query === -1 ? named : `${named.slice(0, query + 1)}***`;
  return JSON.stringify(fragment(masked, 120));
}
