import { archiveRefused } from "./archiveRefused.js";
import type { WindowedFile } from "./WindowedFile.js";
import { IN_ZIP64_16, IN_ZIP64_32, RECORD_BYTES, SIGNATURE } from "./zipFormat.js";

/** Where an archive's directory is, and how many entries it says to have. */
export interface DirectorySpan {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

/** A comment's length is a 16-bit number. */
const LONGEST_COMMENT_BYTES = 0xffff;

/**
 * Finds the directory by the record at the archive's end; zip64 records are understood. The directory
 * must end where its end record begins, and that record where the file ends: an archive that two
 * readers could read in two ways is refused.
 *
 * @throws MusterError 3000 when the file is no such archive.
 */
export function findZipDirectory(file: WindowedFile): DirectorySpan {
  const end = findEndRecord(file);
  const record = requireBytes(file, end, RECORD_BYTES.endOfDirectory);
  const narrow = {
    offset: record.readUInt32LE(16),
    bytes: record.readUInt32LE(12),
    entries: record.readUInt16LE(10),
  };
  const disks = [record.readUInt16LE(4), record.readUInt16LE(6)];
  const isWide = narrow.entries === IN_ZIP64_16 || narrow.bytes === IN_ZIP64_32 || narrow.offset === IN_ZIP64_32;
  const wide = isWide ? findZip64Directory(file, end) : undefined;
  if (wide === undefined && (disks.some((disk) => disk !== 0) || record.readUInt16LE(8) !== narrow.entries)) throw volumes();
  const span = wide?.span ?? narrow;
  if (span.offset + span.bytes !== (wide?.start ?? end)) throw archiveRefused("its directory is not where its end record says");
  return span;
}

/** The last record whose comment ends where the file ends. */
function findEndRecord(file: WindowedFile): number {
  const tailBytes = Math.min(file.size, RECORD_BYTES.endOfDirectory + LONGEST_COMMENT_BYTES);
  const tail = file.bytesAt(file.size - tailBytes, tailBytes) ?? Buffer.alloc(0);
  for (let at = tail.length - RECORD_BYTES.endOfDirectory; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== SIGNATURE.endOfDirectory) continue;
    if (at + RECORD_BYTES.endOfDirectory + tail.readUInt16LE(at + 20) === tail.length) return file.size - tailBytes + at;
  }
  throw archiveRefused("it is no zip file, or its end is missing");
}

/** The zip64 end record and where it starts; undefined when there is none: then the narrow values are meant. */
function findZip64Directory(file: WindowedFile, end: number): { span: DirectorySpan; start: number } | undefined {
  const locator = file.bytesAt(end - RECORD_BYTES.zip64Locator, RECORD_BYTES.zip64Locator);
  if (locator === undefined || locator.readUInt32LE(0) !== SIGNATURE.zip64Locator) return undefined;
  if (locator.readUInt32LE(4) !== 0 || locator.readUInt32LE(16) > 1) throw volumes();
  const start = Number(locator.readBigUInt64LE(8));
  const record = requireBytes(file, start, RECORD_BYTES.zip64EndOfDirectory);
  if (record.readUInt32LE(0) !== SIGNATURE.zip64EndOfDirectory) throw archiveRefused("its zip64 end record is missing");
  if (record.readUInt32LE(16) !== 0 || record.readUInt32LE(20) !== 0) throw volumes();
  const span = {
    offset: Number(record.readBigUInt64LE(48)),
    bytes: Number(record.readBigUInt64LE(40)),
    entries: Number(record.readBigUInt64LE(32)),
  };
  return { span, start };
}

function requireBytes(file: WindowedFile, position: number, length: number): Buffer {
  const bytes = file.bytesAt(position, length);
  if (bytes === undefined) throw archiveRefused("it is cut short");
  return bytes;
}

function volumes(): Error {
  return archiveRefused("it is one of several volumes");
}
