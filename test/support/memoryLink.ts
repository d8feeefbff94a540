import type { ByteLink } from "../../src/protocol/ByteLink.js";

/** What a link tells its owner; a channel has the same three methods. */
export interface LinkOwner {
  receive(chunk: Uint8Array): void;
  drained(): void;
  linkClosed(error?: Error): void;
}

export interface MemoryPairOptions {
  /** Bytes in flight in one direction from which `write` returns false. @default unbounded */
  readonly capacity?: number;
  /** How many of the available bytes (at least 1) the next read gives. @default all of one write */
  readonly cut?: (available: number) => number;
  /** Whether the next read is one of the first link's, when both have something. @default always */
  readonly pickFirst?: () => boolean;
}

/** One end of a pair. Nothing moves until the pair is told to. */
export class MemoryLink implements ByteLink {
  readonly remoteAddress: string;
  owner: LinkOwner | undefined;
  /** Every `write`, as it came. */
  readonly writes: Buffer[] = [];
  isPaused = false;
  /** How often reading was stopped. */
  pauses = 0;
  isEnded = false;
  isDestroyed = false;
  isClosed = false;
  /** Bytes on their way to the other end. */
  readonly inFlight: Buffer[] = [];
  /** The most bytes that were on their way at a time. */
  mostInFlight = 0;
  wantsDrain = false;
  readonly #capacity: number;

  constructor(remoteAddress: string, capacity: number) {
    this.remoteAddress = remoteAddress;
    this.#capacity = capacity;
  }

  get bytesInFlight(): number {
    return this.inFlight.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get isCongested(): boolean {
    return this.bytesInFlight >= this.#capacity;
  }

  write(bytes: Uint8Array, onTaken?: () => void): boolean {
    if (this.isEnded || this.isDestroyed) throw new Error("write after the end");
    const copy = Buffer.from(bytes);
    onTaken?.();
    this.writes.push(copy);
    this.inFlight.push(copy);
    this.mostInFlight = Math.max(this.mostInFlight, this.bytesInFlight);
    this.wantsDrain = this.isCongested;
    return !this.wantsDrain;
  }

  pause(): void {
    this.isPaused = true;
    this.pauses += 1;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.inFlight.length = 0;
  }
}

/** Two links joined in memory, with the reads cut and ordered as the test wants. */
export class MemoryPair {
  readonly first: MemoryLink;
  readonly second: MemoryLink;
  readonly #options: MemoryPairOptions;

  constructor(options: MemoryPairOptions = {}) {
    this.#options = options;
    const capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.first = new MemoryLink("192.0.2.1", capacity);
    this.second = new MemoryLink("192.0.2.2", capacity);
  }

  /** Lets one read happen, or one closing be noticed; false when there was nothing to do. */
  step(): boolean {
    const firstReads = canRead(this.second, this.first);
    const secondReads = canRead(this.first, this.second);
    if (firstReads && (!secondReads || (this.#options.pickFirst?.() ?? true)))
      return this.#read(this.second, this.first);
    if (secondReads) return this.#read(this.first, this.second);
    return notice(this.first, this.second) || notice(this.second, this.first);
  }

  /** Lets everything happen that can, promises included. */
  async settle(): Promise<void> {
    for (let idleTurns = 0; idleTurns < 3; idleTurns += 1) {
      while (this.step()) idleTurns = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Breaks the connection, as a reset does: what is in flight is lost. */
  reset(error: Error = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })): void {
    for (const link of [this.first, this.second]) {
      link.inFlight.length = 0;
      if (link.isClosed) continue;
      link.isClosed = true;
      link.owner?.linkClosed(error);
    }
  }

  #read(from: MemoryLink, to: MemoryLink): boolean {
    const { cut } = this.#options;
    const chunk = cut === undefined ? (from.inFlight.shift() ?? Buffer.alloc(0)) : takeBytes(from, cut);
    to.owner?.receive(chunk);
    if (from.wantsDrain && !from.isCongested) {
      from.wantsDrain = false;
      from.owner?.drained();
    }
    return true;
  }
}

function takeBytes(from: MemoryLink, cut: (available: number) => number): Buffer {
  const available = Buffer.concat(from.inFlight);
  const length = Math.min(available.length, Math.max(1, cut(available.length)));
  from.inFlight.length = 0;
  if (length < available.length) from.inFlight.push(available.subarray(length));
  return available.subarray(0, length);
}

function canRead(from: MemoryLink, to: MemoryLink): boolean {
  return from.inFlight.length > 0 && !to.isPaused && !to.isClosed && !to.isDestroyed;
}

/** An end that closed is noticed by both sides, once what it sent has been read. */
function notice(closing: MemoryLink, other: MemoryLink): boolean {
  const isOver = closing.isDestroyed || (closing.isEnded && closing.inFlight.length === 0);
  if (!isOver || (closing.isClosed && other.isClosed)) return false;
  for (const link of [other, closing]) {
    if (link.isClosed) continue;
    link.isClosed = true;
    link.inFlight.length = 0;
    link.owner?.linkClosed();
  }
  return true;
}
