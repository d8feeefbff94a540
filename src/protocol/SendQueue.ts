import type { ByteLink } from "./ByteLink.js";
import type { Cipher } from "./Cipher.js";
import type { Dialect } from "./dialects/Dialect.js";
import { HEADER_BYTES, writeHeader } from "./frame.js";
import type { Slab } from "./memory/SlabStore.js";
import { encodeMessage } from "./message.js";

/** One message on its way to the link. */
export interface OutgoingMessage {
  readonly counter: number;
  readonly command: string;
  /** Called when the message can't be sealed or framed; it is out of the queue by then. */
  readonly onRefused: (error: unknown) => void;
  /** Called once when the queue holds nothing of the message any more, sent or not. */
  readonly onLeft?: (() => void) | undefined;
}

export interface SendQueueOptions {
  readonly link: ByteLink;
  readonly cipher: Cipher;
  readonly dialect: Dialect;
  /** Bytes in the queue from which there is no more room. */
  readonly bound: number;
  /** Called for each time the queue has become empty. */
  readonly onEmpty: () => void;
}

/** A sealed body in borrowed memory: behind `HEADER_BYTES` of room for the header of its only frame. */
export interface BorrowedBody {
  readonly slab: Slab;
  readonly bytes: number;
}

/** What a message's payload was sealed to. */
export type SealedBody = Buffer | BorrowedBody;

/** A payload that is sealed elsewhere. */
export interface SealedPayload {
  /** Clear bytes. */
  readonly bytes: number;
  readonly seal: () => Promise<BorrowedBody>;
}

interface Entry {
  readonly message: OutgoingMessage;
  /** Bytes of the clear payload. */
  readonly payloadBytes: number;
  /** Bytes that the entry holds: its payload's, then its body's, then those of its unwritten frames. */
  bytes: number;
  body?: SealedBody | undefined;
  frames?: Buffer[];
  /** The memory of its only frame, until that is written. */
  slab?: Slab;
  gone?: true;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * The messages that one channel sends: sealed side by side, written in the order in which they were
 * queued, each frame in one piece, and none while the link is congested.
 */
export class SendQueue {
  readonly #options: SendQueueOptions;
  /** May change while nothing large is queued: a master learns a worker's dialect from its hello. */
  dialect: Dialect;
  #entries: Entry[] = [];
  #waiters: Waiter[] = [];
  #congested = false;
  #closedReason: { readonly error: Error } | undefined;
  #bytes = 0;
  #framesOut = 0;
  #bytesOut = 0;

  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.dialect = options.dialect;
  }

  /** Bytes held: payloads that are being sealed, and bodies that the link has not taken yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get framesOut(): number {
    return this.#framesOut;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** Queues a message behind those that are queued already. After `close` it is dropped. */
  enqueue(message: OutgoingMessage, payload: Uint8Array | SealedPayload): void {
    if (this.#closedReason !== undefined) {
      message.onLeft?.();
      return;
    }
    const bytes = payload instanceof Uint8Array ? payload.length : payload.bytes;
    const entry: Entry = { message, payloadBytes: bytes, bytes };
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    let sealed: Buffer | Promise<SealedBody>;
    try {
      sealed = payload instanceof Uint8Array ? this.#options.cipher.seal(payload) : payload.seal();
    } catch (error) {
      this.#refuse(entry, error);
      return;
    }
    if (Buffer.isBuffer(sealed)) {
      this.#sealed(entry, sealed);
    } else {
      sealed.then(
        (body) => this.#sealed(entry, body),
        (error: unknown) => this.#refuse(entry, error),
      );
    }
  }

  /**
   * Takes a message back. False when a part of it has been written already: the rest must follow,
   * because the peer holds a divided message until its last part has come.
   */
  withdraw(message: OutgoingMessage): boolean {
    const entry = this.#entries.find((candidate) => candidate.message === message);
    if (entry === undefined || entry.frames !== undefined) return false;
    this.#remove(entry);
    this.#pump();
    return true;
  }

  /** The link has room again. */
  drained(): void {
    this.#congested = false;
    this.#pump();
  }

  /** Whether the link takes bytes and the queue is below its bound. */
  get hasRoom(): boolean {
    return this.#closedReason === undefined && !this.#congested && this.#bytes < this.#options.bound;
  }

  /** Resolves when there is room; rejects when the queue is closed. */
  room(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closedReason !== undefined) reject(this.#closedReason.error);
      else if (this.hasRoom) resolve();
      else this.#waiters.push({ resolve, reject });
    });
  }

  /** Drops whatever is queued; later messages too. Waiters are rejected with `error`. */
  close(error: Error): void {
    if (this.#closedReason !== undefined) return;
    this.#closedReason = { error };
    const dropped = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    for (const entry of dropped) {
      entry.gone = true;
      releaseBody(entry);
      entry.message.onLeft?.();
    }
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  #sealed(entry: Entry, body: SealedBody): void {
    entry.body = body;
    if (entry.gone) return releaseBody(entry);
    this.#setBytes(entry, Buffer.isBuffer(body) ? body.length : body.bytes);
    this.#pump();
  }

  #refuse(entry: Entry, error: unknown): void {
    if (entry.gone) return;
    this.#remove(entry);
    entry.message.onRefused(error);
    this.#pump();
  }

  /** The link may answer a write by new messages at once, so the state is in order before each one. */
  #pump(): void {
    while (!this.#congested) {
      const entry = this.#entries[0];
      if (entry === undefined) break;
      const frames = entry.frames ?? this.#divide(entry);
      if (frames === undefined) {
        if (entry.gone) continue;
        break;
      }
      const frame = frames.shift();
      const isLast = frames.length === 0;
      this.#setBytes(entry, entry.bytes - (frame?.length ?? 0));
      if (isLast) {
        this.#entries.shift();
        entry.gone = true;
      }
      if (frame !== undefined) this.#write(frame, entry.slab?.release);
      if (isLast) entry.message.onLeft?.();
    }
    this.#wake();
  }

  #write(frame: Buffer, onTaken: (() => void) | undefined): void {
    this.#framesOut += 1;
    this.#bytesOut += frame.length;
    if (!this.#options.link.write(frame, onTaken)) this.#congested = true;
  }

  /** The frames of the first entry; undefined while it is not sealed, or when it was refused. */
  #divide(entry: Entry): Buffer[] | undefined {
    const { body } = entry;
    if (body === undefined) return undefined;
    const { counter, command } = entry.message;
    const { requestChunk, divides } = this.dialect;
    const undivided = divides === "payload" && entry.payloadBytes <= requestChunk;
    try {
      entry.frames = Buffer.isBuffer(body)
        ? encodeMessage({ counter, command, body, requestChunk, undivided })
        : [this.#frameInPlace(entry, body)];
    } catch (error) {
      this.#remove(entry);
      entry.message.onRefused(error);
      return undefined;
    }
    if (!Buffer.isBuffer(body)) entry.slab = body.slab;
    entry.body = undefined;
    this.#setBytes(
      entry,
      entry.frames.reduce((sum, frame) => sum + frame.length, 0),
    );
    return entry.frames;
  }

  #frameInPlace({ message }: Entry, { slab, bytes }: BorrowedBody): Buffer {
    const frame = slab.bytes.subarray(0, HEADER_BYTES + bytes);
    if (frame.length > this.dialect.requestChunk) throw new RangeError(`A frame of ${frame.length} bytes would need dividing`);
    writeHeader(frame, message.counter, message.command);
    return frame;
  }

  #setBytes(entry: Entry, bytes: number): void {
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (index === -1) return;
    this.#entries.splice(index, 1);
    this.#bytes -= entry.bytes;
    entry.gone = true;
    releaseBody(entry);
    entry.message.onLeft?.();
  }

  #wake(): void {
    while (this.#waiters.length > 0 && this.hasRoom) this.#waiters.shift()?.resolve();
    if (this.#entries.length === 0) this.#options.onEmpty();
  }
}

/** Gives back what was borrowed for a message that is not written. */
function releaseBody({ body, slab }: Entry): void {
  slab?.release();
  if (body !== undefined && !Buffer.isBuffer(body)) body.slab.release();
}
