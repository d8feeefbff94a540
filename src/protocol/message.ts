import { ByteQueue } from "./ByteQueue.js";
import { encodeFrame, encodeLastPart, HEADER_BYTES } from "./frame.js";
import type { Frame } from "./frame.js";
import { MusterError } from "./errors/MusterError.js";
import type { Slab } from "./memory/SlabStore.js";

/** A whole message: one frame's, or the joined parts of a divided one. */
export interface Message {
  readonly counter: number;
  readonly command: string;
  /** The token on an encrypted link, the payload on a plain one. */
  readonly body: Buffer;
  /** The borrowed memory in which the body stands, if any: whoever uses the body releases it. */
  readonly slab?: Slab | undefined;
}

export interface OutgoingMessage {
  /** Unsigned 32-bit id. */
  readonly counter: number;
  /** With the trailing blank that `ok ` and `ok-m ` carry. */
  readonly command: string;
  /** The token on an encrypted link, the payload on a plain one. */
  readonly body: Uint8Array;
  /** Bytes of one frame, header included, above which the message is divided (`Dialect.requestChunk`). */
  readonly requestChunk: number;
  /** The message is one frame whatever it takes: dialects that judge by the clear payload (`Dialect.divides`). @default false */
  readonly undivided?: boolean;
}

/**
 * The frames of one message, each a buffer to be written in one piece. A message that would not fit one
 * frame is divided: all parts but the last are exactly `requestChunk` bytes (protocol.md 1).
 *
 * @throws MusterError 3024 for a command that is too long; RangeError for a `requestChunk` without room
 * for a body.
 */
export function encodeMessage(message: OutgoingMessage): Buffer[] {
  const { counter, command, body, requestChunk, undivided = false } = message;
  const partBytes = requestChunk - HEADER_BYTES;
  if (partBytes < 1) throw new RangeError(`A frame of ${requestChunk} bytes has no room for a body`);
  if (undivided || body.length <= partBytes) return [encodeFrame(counter, command, body)];
  const frames: Buffer[] = [];
  let offset = 0;
  for (; body.length - offset > partBytes; offset += partBytes) {
    frames.push(encodeFrame(counter, command, body.subarray(offset, offset + partBytes), true));
  }
  frames.push(encodeLastPart(counter, command, body.subarray(offset)));
  return frames;
}

export interface MessageLimits {
  /** Largest joined message, in bytes. */
  readonly messageBytes: number;
  /** Divided messages that may be open at once. */
  readonly dividedMessages: number;
}

/** Joins the parts of divided messages. Parts of different messages may interleave. */
export class MessageAssembler {
  /** Largest joined message, in bytes; may be raised once the peer has said hello. */
  messageBytes: number;

  readonly #dividedMessages: number;
  /**
   * By counter and command: both ends draw counters by themselves, so a peer's answer can carry the
   * counter of its own half-sent request.
   */
  readonly #open = new Map<string, ByteQueue>();

  constructor(limits: MessageLimits) {
    this.messageBytes = limits.messageBytes;
    this.#dividedMessages = limits.dividedMessages;
  }

  /** Divided messages of which the last part is still to come. */
  get openMessages(): number {
    return this.#open.size;
  }

  /**
   * Takes the next frame; returns the message that it completes, if any.
   *
   * @throws MusterError 3050 when a message grows beyond `messageBytes` (it is dropped), 3051 when more than
   * `dividedMessages` are begun. The connection is of no use after either.
   */
  accept(frame: Frame): Message | undefined {
    const { counter, command } = frame;
    const key = `${counter} ${command}`;
    const parts = this.#open.get(key);
    const bytes = (parts?.length ?? 0) + frame.body.length;
    if (bytes > this.messageBytes) {
      this.#open.delete(key);
      frame.slab?.release();
      const sizes = `a message of at least ${bytes} bytes, at most ${this.messageBytes} are allowed`;
      throw MusterError.cluster(3050, sizes);
    }
    if (frame.divided) {
      (parts ?? this.#begin(key)).append(ownBody(frame));
      return undefined;
    }
    if (parts === undefined) return { counter, command, body: frame.body, slab: frame.slab };
    this.#open.delete(key);
    parts.append(ownBody(frame));
    return { counter, command, body: parts.take(bytes) };
  }

  /** Drops all unfinished messages: the connection is gone. */
  clear(): void {
    this.#open.clear();
  }

  #begin(key: string): ByteQueue {
    if (this.#open.size >= this.#dividedMessages) {
      throw MusterError.cluster(3051, `at most ${this.#dividedMessages} are allowed`);
    }
    const parts = new ByteQueue();
    this.#open.set(key, parts);
    return parts;
  }
}

/** A frame's body in memory that stays: what was borrowed for it goes back. */
function ownBody({ body, slab }: Frame): Buffer {
  if (slab === undefined) return body;
  const copy = Buffer.from(body);
  slab.release();
  return copy;
}
