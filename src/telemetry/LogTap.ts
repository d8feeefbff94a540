import type { LogSink } from "./LogSink.js";

/** Hears the finished lines of a log, secrets masked, while somebody listens; keeps none. */
export class LogTap implements LogSink {
  /** Gets one JSON line. Must not throw. */
  onLine: ((line: string) => void) | undefined;

  write(line: string): void {
    this.onLine?.(line);
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  flushSync(): void {
    // Nothing is held.
  }

  async close(): Promise<void> {
    this.onLine = undefined;
    await Promise.resolve();
  }
}
