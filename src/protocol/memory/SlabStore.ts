/** Borrowed memory that all threads see. It belongs to its borrower until it is released. */
export interface Slab {
  readonly bytes: Buffer;
  /** Gives the memory back; nobody may use it afterwards. A second call does nothing. */
  readonly release: () => void;
}

export interface SlabStoreOptions {
  /** Bytes of one slab. */
  readonly slabBytes: number;
  /** Slabs that are lent at a time, at most. */
  readonly most: number;
  /** Slabs that are kept for the next borrowers, at most; what comes back beyond is left to the garbage collector. */
  readonly kept: number;
}

/**
 * Shared memory for the large messages of all connections. It is used again and again: fresh memory of this size costs
 * more than what is done with it, because the system hands out each page anew.
 */
export class SlabStore {
  readonly slabBytes: number;
  readonly #most: number;
  readonly #kept: number;
  readonly #free: SharedArrayBuffer[] = [];
  #lent = 0;

  constructor({ slabBytes, most, kept }: SlabStoreOptions) {
    this.slabBytes = slabBytes;
    this.#most = most;
    this.#kept = kept;
  }

  /** Slabs that are lent now. */
  get lent(): number {
    return this.#lent;
  }

  /** A slab with anything in it; undefined when as many as may be are lent. */
  take(): Slab | undefined {
    if (this.#lent >= this.#most) return undefined;
    this.#lent += 1;
    const memory = this.#free.pop() ?? new SharedArrayBuffer(this.slabBytes);
    let isLent = true;
    return {
      bytes: Buffer.from(memory),
      release: () => {
        if (!isLent) return;
        isLent = false;
        this.#lent -= 1;
        if (this.#free.length < this.#kept) this.#free.push(memory);
      },
    };
  }
}
