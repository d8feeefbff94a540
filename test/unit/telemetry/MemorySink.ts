import type { LogSink } from "../../../src/telemetry/LogSink.js";

/** A sink that keeps what it is given. */
export class MemorySink implements LogSink {
  text = "";
  readonly calls: string[] = [];

  /** The lines as JSON. */
  get records(): Record<string, unknown>[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  write(line: string): void {
    this.text += line;
  }

  async flush(): Promise<void> {
    this.calls.push("flush");
  }

  flushSync(): void {
    this.calls.push("flushSync");
  }

  async close(): Promise<void> {
    this.calls.push("close");
  }
}
