import type { LogLevel } from "./Logger.js";

/** What a JSON line holds, as far as a line for people shows it. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly message: string;
  readonly tag?: string;
  readonly subtag?: string;
  /** Printed below the line; the reference does so at DEBUG2 only. */
  readonly stack?: string;
}

/** Terminal colours of the levels (SGR codes). */
const COLOURS: Readonly<Record<LogLevel, string>> = Object.freeze({
  error: "31",
  warning: "33",
  info: "32",
  debug: "36",
  debug2: "90",
});

/**
 * A line in the reference's format, in local time, without a newline at its end (dapi.md 4.5):
 * `2021/06/01 10:00:00 ERROR: [Cluster] [Main] message`. Control characters are shown as escapes, so
 * that a peer's text can neither forge a line nor steer the terminal.
 */
export function formatLogLine(record: LogRecord, { colour = false } = {}): string {
  const word = record.level.toUpperCase();
  const level = colour ? `\u001b[${COLOURS[record.level]}m${word}\u001b[0m` : word;
  const tags = `[${visible(record.tag ?? "Cluster")}] [${visible(record.subtag ?? "Main")}]`;
  const line = `${formatLocalTime(record.time)} ${level}: ${tags} ${visible(record.message)}`;
  if (record.stack === undefined) return line;
  return [line, ...record.stack.split(/\r?\n/).map((row) => `  ${visible(row)}`)].join("\n");
}

/** `YYYY/MM/DD HH:MM:SS` in the process's time zone. */
export function formatLocalTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (part: number): string => String(part).padStart(2, "0");
  const date = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code === 10) return "\\n";
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}
