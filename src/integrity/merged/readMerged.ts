import type { Disk } from "../Disk.js";
import { LONGEST_PART_BYTES } from "./mergeFiles.js";
import { parseMergedHeader } from "./mergedHeader.js";

/** One part of a merged file. `content` is undefined when the part is larger than any part may be. */
export interface MergedPart {
  readonly name: string;
  readonly size: number;
  /** Seconds since the epoch, with fractions. */
  readonly modTime: number;
  readonly content: Buffer | undefined;
}

export interface MergedReading {
  /** Parts that were handed to `take`. */
  readonly parts: number;
  /** Why the reading ended before the file's end, and at which byte; undefined when it did not. */
  readonly malformed: string | undefined;
}

/** Longest header in bytes, its newline included: a size, a name as long as Linux allows, a date. */
const LONGEST_HEADER_BYTES = 512;

const NEWLINE = 0x0a;

/**
 * Reads a merged file part by part (protocol.md 9) and hands each to `take`; one part is in memory at
 * a time. Names are the sender's: `take` judges them. A malformed header, or a part that the file's
 * end cuts, ends the reading: the parts before it were taken, and the rest is reported.
 *
 * @throws the system's error when the file cannot be read, and whatever `take` throws.
 */
export function readMerged(disk: Disk, file: string, take: (part: MergedPart) => void): MergedReading {
  const { O_RDONLY, O_NOFOLLOW } = disk.constants;
  const descriptor = disk.openSync(file, O_RDONLY | O_NOFOLLOW);
  try {
    const end = disk.fstatSync(descriptor).size;
    let position = 0;
    let parts = 0;
    while (position < end) {
      const line = headerAt(disk, descriptor, position);
      const header = line === undefined ? undefined : parseMergedHeader(line.text);
      if (line === undefined || header === undefined) {
        return { parts, malformed: `malformed header at byte ${position}` };
      }
      const from = position + line.bytes;
      if (from + header.size > end) {
        return { parts, malformed: `part ${JSON.stringify(header.name)} at byte ${position} is cut by the end of the file` };
      }
      const content = header.size > LONGEST_PART_BYTES ? undefined : bytesAt(disk, descriptor, from, header.size);
      take({ ...header, content });
      parts++;
      position = from + header.size;
    }
    return { parts, malformed: undefined };
  } finally {
    disk.closeSync(descriptor);
  }
}

function headerAt(disk: Disk, descriptor: number, position: number): { text: string; bytes: number } | undefined {
  const window = bytesAt(disk, descriptor, position, LONGEST_HEADER_BYTES);
  const newline = window.indexOf(NEWLINE);
  return newline === -1 ? undefined : { text: window.toString("utf8", 0, newline), bytes: newline + 1 };
}

/** Up to `length` bytes at `position`; fewer only at the file's end. */
function bytesAt(disk: Disk, descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  while (offset < length) {
    const read = disk.readSync(descriptor, bytes, offset, length - offset, position + offset);
    if (read === 0) break;
    offset += read;
  }
  return bytes.subarray(0, offset);
}
