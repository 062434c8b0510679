export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** A message to the operator, for whom the log is the channel: written whatever the level. `done` and `signal` as a line writer has them. */
  message(text: string, done: (error?: Error) => void, signal: AbortSignal): void;
}
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly write: (line: string, done?: (error?: Error) => void, signal?: AbortSignal) => void;
  readonly wallMs: () => number;
  /** Applied to every event and field, so that a secret in a foreign text cannot reach the log either. */
  readonly redact: (text: string) => string;
}

/** One line an event. Control characters, line breaks among them, are escaped so that nothing can fake a second line. */
export function createLog(options: LogOptions): Log {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const emit =
    (level: LogLevel) =>
    (event: string, fields: Fields = {}): void => {
      if (LOG_LEVELS.indexOf(level) >= threshold) options.write(lineOf(options, level, event, fields));
    };
  return {
    debug: emit("debug"),
    info: emit("info"),
    warn: emit("warn"),
    error: emit("error"),
    message: (text, done, signal) => options.write(lineOf(options, "info", `message: ${text}`, {}), done, signal),
  };
}

/** The line itself, its end included. */
export function lineOf(
  { format, redact, wallMs }: Pick<LogOptions, "format" | "redact" | "wallMs">,
  level: LogLevel,
  event: string,
  fields: Fields,
): string {
  const time = new Date(wallMs()).toISOString();
  // Before quotes and escapes can hide what a secret is.
  const said = redact(event);
  const told = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? redact(value) : value]),
  );
  const line =
    format === "json" ? JSON.stringify({ time, level, event: said, ...told }) : textLine(time, level, said, told);
  return `${escapeControls(line)}\n`;
}

function textLine(time: string, level: LogLevel, event: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? quoted(value) : String(value)}`);
  return `${time} ${level.padEnd(5)} ${oneLine(event)}${pairs.join("")}`;
}

function quoted(value: string): string {
  return /^[\w./:@+%-]+$/.test(value) ? value : JSON.stringify(value);
}

/** JSON.stringify leaves DEL, the C1 controls and the two Unicode line ends as they are; a terminal obeys some of them. */
function escapeControls(line: string): string {
  return line.replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => (c === "\n" ? " | " : " "));
}
