import type { Clock } from "../Clock.js";

/** Clear bytes of a connection's first chunk: even at 1 KiB a second it is confirmed within a request's time. */
const FIRST_CHUNK_BYTES = 4 * 1024;
const LEAST_CHUNK_BYTES = 1024;
/** A chunk is slow when it takes more than this part of the time that a request may take. */
const SLOW_PART = 1 / 8;

export interface ChunkPaceOptions {
  readonly clock: Pick<Clock, "now">;
  /** Clear bytes of the largest chunk. */
  readonly mostBytes: number;
  /** Seconds that a request may take. */
  readonly requestTimeout: number;
}

/**
 * How much a connection's next chunk holds. A request must be answered in a bounded time, however slow
 * the link is: chunks grow while they are confirmed soon, and shrink when one takes long. Kept per
 * connection, so that only its first transfer has to find out.
 */
export class ChunkPace {
  readonly #clock: Pick<Clock, "now">;
  readonly #mostBytes: number;
  readonly #slow: number;
  #bytes: number;

  constructor({ clock, mostBytes, requestTimeout }: ChunkPaceOptions) {
    this.#clock = clock;
    this.#mostBytes = mostBytes;
    this.#slow = requestTimeout * 1000 * SLOW_PART;
    this.#bytes = Math.min(FIRST_CHUNK_BYTES, mostBytes);
  }

  /** Clear bytes of the next chunk. */
  get chunkBytes(): number {
    return this.#bytes;
  }

  /**
   * Sends one chunk of `bytes` clear bytes by `request`, and takes its time. A chunk that is smaller than
   * it may be tells nothing of what larger ones would take. Rejects as `request` does.
   */
  async measure<Value>(bytes: number, request: () => Promise<Value>): Promise<Value> {
    const start = this.#clock.now();
    let isSlow = true;
    try {
      const value = await request();
      isSlow = this.#clock.now() - start > this.#slow;
      return value;
    } finally {
      if (isSlow) this.#bytes = Math.max(Math.min(LEAST_CHUNK_BYTES, this.#mostBytes), Math.trunc(this.#bytes / 2));
      else if (bytes >= this.#bytes) this.#bytes = Math.min(this.#mostBytes, this.#bytes * 2);
    }
  }
}
