import { pino } from "pino";
import type { Logger as PinoLogger } from "pino";
import { MASK } from "../config/secrets.js";
import { loggableFields } from "./logFields.js";
import type { LogContext, LogFields, Logger, LogLevel } from "./Logger.js";
import type { LogSink } from "./LogSink.js";

/** What a logger needs. */
export interface LoggerOptions {
  /** Less urgent lines are not written. @default info */
  readonly level?: LogLevel;
  /** Each line goes to all of them. */
  readonly sinks: readonly LogSink[];
  readonly context?: LogContext;
  /** Milliseconds since the Unix epoch, for the lines' times. */
  readonly wallTime: () => number;
  /** Texts that never appear in a line, wherever they come from: the cluster key. */
  readonly secrets?: readonly string[];
}

/** The logger that owns the sinks; its children share them, its level and its secrets. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
  /** One more text that must never appear, after a change of keys. Texts under 8 characters are ignored. */
  addSecret(secret: string): void;
  /** Resolves when the lines so far are written, or can't be. */
  flush(): Promise<void>;
  /** The same at once, for the last moment of a process. */
  flushSync(): void;
  /** Flushes and closes the sinks; later lines are lost. */
  close(): Promise<void>;
}

/** A shorter text may be part of ordinary words. */
const SHORTEST_SECRET = 8;

const PINO_LEVELS = { error: "error", warning: "warn", info: "info", debug: "debug", debug2: "trace" } as const;
const LEVEL_NAMES: ReadonlyMap<string, LogLevel> = new Map(
  (Object.keys(PINO_LEVELS) as LogLevel[]).map((name) => [PINO_LEVELS[name], name]),
);
/** Names of a line that no field may take. */
const RESERVED: ReadonlySet<string> = new Set(["level", "time", "message"]);

/**
 * A logger that writes JSON lines: `level` (the reference's words in lower case), `time` (UTC), the
 * context, the fields, `message`. Values of secret names are masked, and so are the known secrets
 * wherever they turn up.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const { sinks, wallTime } = options;
  const secrets = new Set<string>();
  const addSecret = (secret: string): void => {
    if (secret.length >= SHORTEST_SECRET) secrets.add(secret);
  };
  for (const secret of options.secrets ?? []) addSecret(secret);

  const write = (line: string): void => {
    let safe = line;
    for (const secret of secrets) safe = safe.replaceAll(secret, MASK);
    for (const sink of sinks) sink.write(safe);
  };
  const root = pino(
    {
      level: PINO_LEVELS[options.level ?? "info"],
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(wallTime()).toISOString()}"`,
      formatters: { level: (label) => ({ level: LEVEL_NAMES.get(label) ?? label }) },
    },
    { write },
  );
  return Object.assign(new ContextLogger(root, options.context ?? {}), {
    setLevel: (level: LogLevel) => {
      root.level = PINO_LEVELS[level];
    },
    addSecret,
    flush: async () => {
      await Promise.all(sinks.map((sink) => sink.flush()));
    },
    flushSync: () => sinks.forEach((sink) => sink.flushSync()),
    close: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  });
}

/** Adds a context to each line. The context is merged here, so that no name occurs twice in a line. */
class ContextLogger implements Logger {
  readonly #pino: PinoLogger;
  readonly #context: LogContext;

  constructor(pinoLogger: PinoLogger, context: LogContext) {
    this.#pino = pinoLogger;
    this.#context = context;
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warning", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  trace(message: string, fields?: LogFields): void {
    this.#log("debug2", message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(PINO_LEVELS[level]);
  }

  child(context: LogContext): Logger {
    return new ContextLogger(this.#pino, { ...this.#context, ...context });
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.isEnabled(level)) return;
    const values =
      fields === undefined ? this.#context : { ...this.#context, ...withoutReserved(loggableFields(fields)) };
    this.#pino[PINO_LEVELS[level]](values, message);
  }
}

/** A field called `time`, say, becomes `time_`. */
function withoutReserved(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(fields).some((name) => RESERVED.has(name))) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  );
}
