import { MusterError } from "./errors/MusterError.js";
import type { Slab } from "./memory/SlabStore.js";

/** Bytes before a frame's body: counter, body length, command field (protocol.md 1). */
export const HEADER_BYTES = 20;
/** Longest command name in bytes: the field without its last byte, the divide flag. */
export const LONGEST_COMMAND_BYTES = 11;

const COUNTER_OFFSET = 0;
const LENGTH_OFFSET = 4;
const FIELD_OFFSET = 8;
const FIELD_BYTES = HEADER_BYTES - FIELD_OFFSET;
/** Where in the field the divide flag stands. */
const FLAG_OFFSET = FIELD_BYTES - 1;
const MORE_PARTS = "d".charCodeAt(0);
const LAST_PART = "-".charCodeAt(0);
const SPACE = " ".charCodeAt(0);

/** One frame as it stood on the wire. */
export interface Frame {
  /** The message's id, an unsigned 32-bit number. */
  readonly counter: number;
  /** The command's name, one character a byte (latin1), without blanks or dashes. */
  readonly command: string;
  /** True when more frames of the same message follow. */
  readonly divided: boolean;
  /** The 12 raw bytes of the command field. */
  readonly field: Buffer;
  readonly body: Buffer;
  /** The borrowed memory in which the body stands, if any: whoever uses the body releases it. */
  readonly slab?: Slab | undefined;
}

/** What a header says, before its body is there. */
export interface FrameHeader extends Omit<Frame, "body" | "slab"> {
  readonly bodyBytes: number;
}

/**
 * A whole frame in one buffer, because a peer misreads a body that arrives in another read than its
 * header (observed.md, framing): hand it to the link in one write.
 *
 * @param command the name, with the trailing blank that `ok ` and `ok-m ` carry.
 * @param divided true when more frames of this message follow.
 * @throws MusterError 3024 for a command longer than 11 bytes.
 */
export function encodeFrame(counter: number, command: string, body: Uint8Array, divided = false): Buffer {
  if (command.length > LONGEST_COMMAND_BYTES) throw MusterError.cluster(3024, command);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  writeHeader(frame, counter, command);
  if (divided) frame[FIELD_OFFSET + FLAG_OFFSET] = MORE_PARTS;
  frame.set(body, HEADER_BYTES);
  return frame;
}

/**
 * Makes a frame of an undivided message whose body stands behind `HEADER_BYTES` of room already.
 *
 * @throws MusterError 3024 for a command longer than 11 bytes.
 */
export function writeHeader(frame: Buffer, counter: number, command: string): void {
  if (command.length > LONGEST_COMMAND_BYTES) throw MusterError.cluster(3024, command);
  frame.writeUInt32BE(counter, COUNTER_OFFSET);
  frame.writeUInt32BE(frame.length - HEADER_BYTES, LENGTH_OFFSET);
  frame.write(`${command} `.padEnd(FIELD_BYTES, "-"), FIELD_OFFSET, "latin1");
}

/**
 * The last frame of a divided message. It differs from an undivided one only for a command of 11 bytes,
 * whose field then ends with a dash instead of the blank (observed.md, framing).
 */
export function encodeLastPart(counter: number, command: string, body: Uint8Array): Buffer {
  const frame = encodeFrame(counter, command, body);
  frame[FIELD_OFFSET + FLAG_OFFSET] = LAST_PART;
  return frame;
}

/** Reads the 20 bytes of a header. What follows the command's first blank is ignored, but for the flag. */
export function decodeHeader(header: Buffer): FrameHeader {
  const field = header.subarray(FIELD_OFFSET, HEADER_BYTES);
  const name = field.subarray(0, FLAG_OFFSET);
  const blank = name.indexOf(SPACE);
  return {
    counter: header.readUInt32BE(COUNTER_OFFSET),
    bodyBytes: header.readUInt32BE(LENGTH_OFFSET),
    command: name.toString("latin1", 0, blank === -1 ? name.length : blank),
    divided: field[FLAG_OFFSET] === MORE_PARTS,
    field,
  };
}
