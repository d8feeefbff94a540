import { ByteQueue } from "./ByteQueue.js";
import { decodeHeader, HEADER_BYTES } from "./frame.js";
import type { Frame, FrameHeader } from "./frame.js";
import { MusterError } from "./errors/MusterError.js";

export interface FrameDecoderOptions {
  /** Largest body of one frame, in bytes. */
  readonly maxBodyBytes: number;
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
  #header: FrameHeader | undefined;
  #failure: MusterError | undefined;

  constructor(options: FrameDecoderOptions) {
    this.maxBodyBytes = options.maxBodyBytes;
  }

  /** True between two frames: nothing of an unfinished one is held. */
  get idle(): boolean {
    return this.#header === undefined && this.#received.length === 0;
  }

  /**
   * Takes the next bytes of the stream and returns the frames that they complete. The decoder keeps
   * `chunk` (bodies may be views of it), so it must not be changed afterwards.
   *
   * @throws MusterError 3050 when a header announces more than `maxBodyBytes`. The stream is of no use from
   * then on: frames of the same chunk are lost with it, and every further call throws the same error.
   */
  push(chunk: Uint8Array): Frame[] {
    if (this.#failure !== undefined) throw this.#failure;
    this.#received.append(chunk);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    this.#header ??= this.#nextHeader();
    const header = this.#header;
    if (header === undefined || this.#received.length < header.bodyBytes) return undefined;
    this.#header = undefined;
    const { counter, command, divided, field } = header;
    return { counter, command, divided, field, body: this.#received.take(header.bodyBytes) };
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
    return header;
  }
}
