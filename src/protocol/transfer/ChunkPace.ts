import type { Clock } from "../Clock.js";

/** Clear bytes of a connection's first chunk: even at 1 KiB a second it is confirmed within a request's time. */
const FIRST_CHUNK_BYTES = 4 * 1024;
const LEAST_CHUNK_BYTES = 1024;
/** Chunks that are on their way at a time, while the link is not known to be fast and when it is. */
const FEWEST_IN_FLIGHT = 2;
const MOST_IN_FLIGHT = 8;
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
  #inFlight = FEWEST_IN_FLIGHT;

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

  /** Chunks that may be on their way at a time: more than a few only when the largest ones are confirmed soon. */
  get chunksInFlight(): number {
    return this.#inFlight;
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
      if (isSlow) this.#shrink();
      else if (bytes >= this.#bytes) this.#grow();
    }
  }

  #shrink(): void {
    this.#inFlight = FEWEST_IN_FLIGHT;
    this.#bytes = Math.max(Math.min(LEAST_CHUNK_BYTES, this.#mostBytes), Math.trunc(this.#bytes / 2));
  }

  #grow(): void {
    if (this.#bytes === this.#mostBytes) this.#inFlight = Math.min(MOST_IN_FLIGHT, this.#inFlight + 1);
    else this.#bytes = Math.min(this.#mostBytes, this.#bytes * 2);
  }
}
