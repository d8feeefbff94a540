/** The reference's levels, most urgent first (dapi.md 4.5). */
export const LOG_LEVELS = ["error", "warning", "info", "debug", "debug2"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whose words a line is. Given to `child`, then part of every line. */
export interface LogContext {
  /** This node's name. */
  readonly node?: string;
  /** The other end's name. */
  readonly peer?: string;
  /** The process (`integritySync`, …) and the state that it is in. */
  readonly process?: string;
  readonly state?: string;
  readonly taskId?: string;
  /** First bracket of a line for people: `Master`, `Worker <name>`, `Local Server`, … @default Cluster */
  readonly tag?: string;
  /** Second bracket: `Main`, `D API`, `Integrity sync`, `Keep alive`, … @default Main */
  readonly subtag?: string;
}

/** Further values of one line, by name. Errors go under `error`; secrets are masked by their names. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What the rest of muster knows of logging. A line's message says everything that a reader must know;
 * fields are for programs that read the JSON lines.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The reference's DEBUG2. */
  trace(message: string, fields?: LogFields): void;
  /** Whether lines of a level are written: ask before building a costly message. */
  isEnabled(level: LogLevel): boolean;
  /** A logger whose lines carry `context` over this one's. */
  child(context: LogContext): Logger;
}
