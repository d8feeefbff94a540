import type { FileSink, FileSinkFactory } from "../../../../src/protocol/transfer/IncomingFiles.js";

/** A disk in memory that records what happens to its files, and fails where a test says so. */
export class MemoryFiles implements FileSinkFactory {
  readonly contents = new Map<string, Buffer>();
  readonly finished = new Set<string>();
  readonly calls: string[] = [];
  /** Step (`open`, `append`, `finish`, `discard`) → the error with which it fails. */
  readonly failures = new Map<string, Error>();
  /** What every append waits for. */
  appendDelay: () => Promise<void> = () => Promise.resolve();

  async open(path: string): Promise<FileSink> {
    this.#call("open", path);
    if (this.contents.has(path)) throw systemError("EEXIST");
    this.contents.set(path, Buffer.alloc(0));
    return {
      append: async (bytes) => {
        await this.appendDelay();
        this.#call("append", path);
        this.contents.set(path, Buffer.concat([this.contents.get(path) ?? Buffer.alloc(0), bytes]));
      },
      finish: async () => {
        this.#call("finish", path);
        this.finished.add(path);
      },
      discard: async () => {
        this.#call("discard", path);
        this.contents.delete(path);
        this.finished.delete(path);
      },
    };
  }

  #call(step: string, path: string): void {
    this.calls.push(`${step} ${path}`);
    const failure = this.failures.get(step);
    if (failure !== undefined) throw failure;
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: said the system`), { code });
}
