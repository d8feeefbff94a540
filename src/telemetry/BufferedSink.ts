import type { LogDestination } from "./LogDestination.js";
import type { LogSink } from "./LogSink.js";

/** The timers that a sink needs; `Clock` has them. */
export interface SinkClock {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** How a sink behaves towards its destination. */
export interface BufferedSinkOptions {
  readonly clock: SinkClock;
  /** Bytes that may wait to be written; lines beyond are dropped and counted. @default 8 MiB */
  readonly mostWaitingBytes?: number;
  /** Milliseconds that `flush` and `close` wait at most. @default 2000 */
  readonly flushTimeout?: number;
  /** The destination failed (a full disk, say); told once until it works again. */
  readonly onTrouble?: (error: Error) => void;
  /** It works again, after `lines` lines were lost. */
  readonly onRecovered?: (lines: number) => void;
}

const DEFAULT_MOST_WAITING_BYTES = 8 * 1024 * 1024;
const DEFAULT_FLUSH_TIMEOUT = 2000;
/** Bytes given to one write at most. */
const BATCH_BYTES = 256 * 1024;
/** Milliseconds before another try at a destination that is busy. */
const BUSY_DELAY = 50;
/** Milliseconds for which lines are gathered after a write: a busy node's log costs a few writes a second, not one a line. */
const GATHER_DELAY = 25;
/** Tries of `flushSync` at a busy destination. */
const BUSY_TRIES = 20;

const BUSY: ReadonlySet<unknown> = new Set(["EAGAIN", "EBUSY"]);
/** The reader is gone, or the descriptor is: no later line can succeed. */
const GONE: ReadonlySet<unknown> = new Set(["EPIPE", "EBADF", "ECONNRESET"]);

/**
 * Writes lines in batches, off the main thread, in bounded memory. A destination that fails costs
 * the lines that it refused and nothing else: a full disk is tried again with the next lines, a closed
 * pipe is given up for good.
 */
export class BufferedSink implements LogSink {
  readonly #destination: LogDestination;
  readonly #options: BufferedSinkOptions;
  readonly #mostWaitingBytes: number;
  #lines: string[] = [];
  #waitingBytes = 0;
  #pumping: Promise<void> | undefined;
  #stopGathering: (() => void) | undefined;
  #flushing = 0;
  #gone = false;
  #torn = false;
  #lost = 0;
  #inTrouble = false;
  #dropped = 0;

  constructor(destination: LogDestination, options: BufferedSinkOptions) {
    this.#destination = destination;
    this.#options = options;
    this.#mostWaitingBytes = options.mostWaitingBytes ?? DEFAULT_MOST_WAITING_BYTES;
  }

  /** Lines that were not written, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#gone || this.#waitingBytes + bytes > this.#mostWaitingBytes) {
      this.#lose(1);
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += bytes;
    this.#pumping ??= this.#pump();
  }

  async flush(): Promise<void> {
    if (this.#pumping === undefined) return;
    const { clock, flushTimeout = DEFAULT_FLUSH_TIMEOUT } = this.#options;
    let timer: unknown;
    const expired = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, flushTimeout);
    });
    this.#flushing += 1;
    this.#stopGathering?.();
    await Promise.race([this.#pumping, expired]);
    this.#flushing -= 1;
    clock.clearTimeout(timer);
  }

  flushSync(): void {
    if (this.#gone) return;
    let rest: Uint8Array = Buffer.from(this.#takeLines(Number.POSITIVE_INFINITY).join(""));
    for (let tries = 0; rest.length > 0 && tries < BUSY_TRIES;) {
      try {
        rest = rest.subarray(this.#destination.writeSync(rest));
      } catch (error) {
        if (!BUSY.has(codeOf(error))) return;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_DELAY / 5);
      }
    }
  }

  async close(): Promise<void> {
    await this.flush();
    this.#gone = true;
    await this.#destination.close().catch(() => undefined);
  }

  async #pump(): Promise<void> {
    // Lines of the same turn go out together.
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const lines = this.#takeLines(BATCH_BYTES);
      try {
        await this.#writeAll(Buffer.from(`${this.#torn ? "\n" : ""}${lines.join("")}`));
        this.#recovered();
      } catch (error) {
        this.#lose(lines.length);
        this.#failed(error);
      }
      await this.#gather();
    }
    this.#pumping = undefined;
  }

  /** Waits a little for more lines, unless somebody waits for those that are here. */
  async #gather(): Promise<void> {
    if (this.#flushing > 0 || this.#gone) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, GATHER_DELAY);
      this.#stopGathering = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
    this.#stopGathering = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        rest = rest.subarray(await this.#writeSome(rest));
        this.#torn = rest.length > 0;
      }
    } catch (error) {
      // What was begun must not run into the next line.
      this.#torn ||= rest.length < bytes.length;
      throw error;
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#destination.write(bytes);
    } catch (error) {
      if (!BUSY.has(codeOf(error))) throw error;
      await new Promise<void>((resolve) => {
        this.#options.clock.setTimeout(resolve, BUSY_DELAY);
      });
      return 0;
    }
  }

  #takeLines(mostBytes: number): string[] {
    let bytes = 0;
    let count = 0;
    for (const line of this.#lines) {
      if (count > 0 && bytes + line.length > mostBytes) break;
      bytes += line.length;
      count += 1;
    }
    const taken = this.#lines.slice(0, count);
    this.#lines = this.#lines.slice(count);
    this.#waitingBytes -= taken.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    return taken;
  }

  #lose(lines: number): void {
    this.#dropped += lines;
    this.#lost += lines;
  }

  #failed(error: unknown): void {
    if (GONE.has(codeOf(error))) {
      this.#gone = true;
      this.#lose(this.#lines.length);
      this.#lines = [];
      this.#waitingBytes = 0;
    }
    if (this.#inTrouble) return;
    this.#inTrouble = true;
    this.#options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
  }

  #recovered(): void {
    const lost = this.#lost;
    this.#inTrouble = false;
    this.#lost = 0;
    if (lost > 0) this.#options.onRecovered?.(lost);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
