import { formatLogLine } from "./formatLogLine.js";
import type { LogRecord } from "./formatLogLine.js";
import { LOG_LEVELS } from "./Logger.js";
import type { LogLevel } from "./Logger.js";
import type { LogSink } from "./LogSink.js";

/** How lines for people look. */
export interface HumanSinkOptions {
  readonly colour: boolean;
  /** Whether errors show where they arose; the reference does at DEBUG2 (dapi.md 4.5). */
  readonly stacks: boolean;
}

/** Turns JSON lines into the reference's line format and passes them on. */
export class HumanSink implements LogSink {
  readonly #inner: LogSink;
  readonly #options: HumanSinkOptions;

  constructor(inner: LogSink, options: HumanSinkOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  write(line: string): void {
    const record = readRecord(line, this.#options.stacks);
    this.#inner.write(record === undefined ? line : `${formatLogLine(record, this.#options)}\n`);
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  flushSync(): void {
    this.#inner.flushSync();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function readRecord(line: string, stacks: boolean): LogRecord | undefined {
  const json = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { level, time, message, tag, subtag, error } = json;
  if (!isLevel(level) || typeof time !== "string") return undefined;
  const stack = stacks && typeof error === "object" && error !== null && "stack" in error ? error.stack : undefined;
  return {
    level,
    time: Date.parse(time),
    message: typeof message === "string" ? message : "",
    ...(typeof tag === "string" ? { tag } : {}),
    ...(typeof subtag === "string" ? { subtag } : {}),
    ...(typeof stack === "string" ? { stack } : {}),
  };
}

function isLevel(value: unknown): value is LogLevel {
  return LOG_LEVELS.some((level) => level === value);
}
