import { createWriteStream, type WriteStream } from "node:fs";
import type { TraceEnd, TraceGap, TraceHeader, TraceLine } from "./TraceLine.js";

/** Bytes after which a trace ends by itself. */
const LONGEST_TRACE = 1024 * 1024 * 1024;
/** Bytes of a trace that wait to be written; changes beyond are counted instead. */
const WAITING_TRACE = 8 * 1024 * 1024;
/** Milliseconds in which the last lines must be on the disk when the node stops. */
const TRACE_FLUSH_DEADLINE = 2_000;

export interface TraceFileOptions {
  readonly path: string;
  readonly onTrouble: (error: Error) => void;
  /** Called once, when the file has reached its largest size. */
  readonly onFull: () => void;
  readonly longest?: number;
  readonly waiting?: number;
}

/** A file of JSON lines of bounded size, written beside the machines in bounded memory. */
export class TraceFile {
  readonly #options: TraceFileOptions;
  readonly #stream: WriteStream;
  readonly #longest: number;
  readonly #waiting: number;
  #bytes = 0;
  #lines = 0;
  #dropped = 0;
  #isOpen = true;

  constructor(options: TraceFileOptions) {
    this.#options = options;
    this.#longest = options.longest ?? LONGEST_TRACE;
    this.#waiting = options.waiting ?? WAITING_TRACE;
    this.#stream = createWriteStream(options.path, { flags: "w" });
    this.#stream.on("error", (error) => {
      this.#isOpen = false;
      options.onTrouble(error);
    });
  }

  begin(header: TraceHeader): void {
    this.#put(header);
  }

  /** Takes a change of state; false when the trace is full or can't be written, and takes no more. */
  add(line: TraceLine): boolean {
    if (!this.#isOpen) return false;
    if (this.#stream.writableLength > this.#waiting) {
      this.#dropped += 1;
      return true;
    }
    this.#tellGap(line.elapsed);
    this.#put(line);
    this.#lines += 1;
    if (this.#bytes < this.#longest) return true;
    this.#finish("full", line.elapsed);
    this.#options.onFull();
    return false;
  }

  /** Ends the trace; what was taken is written, unless the disk is too slow for it. */
  async close(elapsed: number): Promise<void> {
    this.#tellGap(elapsed);
    this.#finish("stopped", elapsed);
    if (this.#stream.destroyed || this.#stream.writableFinished) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TRACE_FLUSH_DEADLINE);
      this.#stream.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tellGap(elapsed: number): void {
    if (this.#dropped === 0 || !this.#isOpen) return;
    this.#put({ dropped: this.#dropped, elapsed });
    this.#dropped = 0;
  }

  #finish(ended: TraceEnd["ended"], elapsed: number): void {
    if (!this.#isOpen) return;
    this.#put({ ended, elapsed, lines: this.#lines });
    this.#isOpen = false;
    this.#stream.end();
  }

  #put(record: TraceHeader | TraceLine | TraceGap | TraceEnd): void {
    const text = `${JSON.stringify(record)}\n`;
    this.#bytes += Buffer.byteLength(text);
    this.#stream.write(text);
  }
}
