import type { LogContext, LogFields, Logger, LogLevel } from "../../src/telemetry/Logger.js";

/** One line as a test sees it. */
export interface MemoryLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly context: LogContext;
  readonly fields: LogFields;
}

/** A logger that keeps its lines, and its children's, in `lines`. */
export interface MemoryLogger extends Logger {
  readonly lines: readonly MemoryLine[];
  /** The messages of one level, or of all. */
  messages(level?: LogLevel): string[];
}

/** A logger for tests: writes nothing, keeps everything. */
export function memoryLogger(): MemoryLogger {
  const lines: MemoryLine[] = [];
  const withContext = (context: LogContext): Logger => {
    const keep =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}) => {
        lines.push({ level, message, context, fields });
      };
    return {
      error: keep("error"),
      warn: keep("warning"),
      info: keep("info"),
      debug: keep("debug"),
      trace: keep("debug2"),
      isEnabled: () => true,
      child: (more) => withContext({ ...context, ...more }),
    };
  };
  return Object.assign(withContext({}), {
    lines,
    messages: (level?: LogLevel) =>
      lines.filter((line) => level === undefined || line.level === level).map((line) => line.message),
  });
}
