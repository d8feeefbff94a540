import { ByteQueue } from "./ByteQueue.js";
import { decodeHeader, HEADER_BYTES } from "./frame.js";
import type { Frame, FrameHeader } from "./frame.js";
import { MusterError } from "./errors/MusterError.js";
import type { Slab } from "./memory/SlabStore.js";

export interface FrameDecoderOptions {
  /** Largest body of one frame, in bytes. */
  readonly maxBodyBytes: number;
  /** Memory for the body that a header announces; undefined: it stays in the memory in which its bytes arrive. */
  readonly borrow?: ((header: FrameHeader) => Slab | undefined) | undefined;
}

/** A body that is gathered in borrowed memory. */
interface GatheredBody {
  readonly slab: Slab;
  bytes: number;
}

/**
 * Cuts a peer's byte stream into frames (protocol.md 1). Any cutting of the same bytes into chunks gives
 * the same frames. Memory grows with the bytes received, never with what a header announces.
 */
export class FrameDecoder {
  /**
   * Largest body of one frame, in bytes; may be raised once the peer has said hello. It applies to
   * headers read from then on.
   */
  maxBodyBytes: number;

  readonly #received = new ByteQueue();
  readonly #borrow: FrameDecoderOptions["borrow"];
  #header: FrameHeader | undefined;
  #gathered: GatheredBody | undefined;
  #failure: MusterError | undefined;

  constructor(options: FrameDecoderOptions) {
    this.maxBodyBytes = options.maxBodyBytes;
    this.#borrow = options.borrow;
  }

  /** True between two frames: nothing of an unfinished one is held. */
  get idle(): boolean {
    return this.#header === undefined && this.#received.length === 0;
  }

  /**
   * Takes the next bytes of the stream and returns the frames that they complete.
   *
   * @param isReused what is kept of `chunk` is copied. Otherwise the decoder keeps it (bodies may be views of it), and it
   *   must not be changed afterwards.
   * @throws MusterError 3050 when a header announces more than `maxBodyBytes`. The stream is of no use from
   * then on: frames of the same chunk are lost with it, and every further call throws the same error.
   */
  push(chunk: Uint8Array, isReused = false): Frame[] {
    if (this.#failure !== undefined) throw this.#failure;
    const rest = this.#gatherFirst(chunk);
    this.#received.append(isReused ? Buffer.from(rest) : rest);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** Drops what is unfinished: the connection is gone. */
  clear(): void {
    this.#received.clear();
    this.#gathered?.slab.release();
    this.#gathered = undefined;
    this.#header = undefined;
  }

  #next(): Frame | undefined {
    this.#header ??= this.#nextHeader();
    const header = this.#header;
    if (header === undefined) return undefined;
    const { counter, command, divided, field, bodyBytes } = header;
    if (this.#gathered !== undefined) {
      const { slab } = this.#gathered;
      if (!this.#gather(this.#gathered, bodyBytes)) return undefined;
      this.#gathered = undefined;
      this.#header = undefined;
      return { counter, command, divided, field, body: slab.bytes.subarray(0, bodyBytes), slab };
    }
    if (this.#received.length < bodyBytes) return undefined;
    this.#header = undefined;
    return { counter, command, divided, field, body: this.#received.take(bodyBytes) };
  }

  /** Moves what belongs to a gathered body there at once; returns the rest. Nothing waits before it as long as one is gathered. */
  #gatherFirst(chunk: Uint8Array): Uint8Array {
    const gathered = this.#gathered;
    if (gathered === undefined || this.#header === undefined) return chunk;
    const taken = chunk.subarray(0, this.#header.bodyBytes - gathered.bytes);
    gathered.slab.bytes.set(taken, gathered.bytes);
    gathered.bytes += taken.length;
    return chunk.subarray(taken.length);
  }

  /** Moves what has arrived of a body to its place; true when it is whole. */
  #gather(gathered: GatheredBody, bodyBytes: number): boolean {
    const piece = this.#received.take(Math.min(this.#received.length, bodyBytes - gathered.bytes));
    gathered.slab.bytes.set(piece, gathered.bytes);
    gathered.bytes += piece.length;
    return gathered.bytes === bodyBytes;
  }

  #nextHeader(): FrameHeader | undefined {
    if (this.#received.length < HEADER_BYTES) return undefined;
    const header = decodeHeader(this.#received.take(HEADER_BYTES));
    if (header.bodyBytes > this.maxBodyBytes) {
      const sizes = `a frame of ${header.bodyBytes} bytes, at most ${this.maxBodyBytes} are allowed`;
      this.#failure = MusterError.cluster(3050, sizes);
      this.#received.clear();
      throw this.#failure;
    }
    const slab = this.#borrow?.(header);
    if (slab !== undefined) this.#gathered = { slab, bytes: 0 };
    return header;
  }
}
