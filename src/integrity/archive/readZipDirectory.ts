import { isUtf8 } from "node:buffer";
import { isPlainPath } from "../items.js";
import { archiveRefused, shownName } from "./archiveRefused.js";
import { findZipDirectory, type DirectorySpan } from "./findZipDirectory.js";
import type { WindowedFile } from "./WindowedFile.js";
import {
  DOS_FOLDER,
  FILE_TYPE,
  FLAG_PATCH,
  FLAGS_ENCRYPTED,
  IN_ZIP64_32,
  MADE_ON_UNIX,
  METHOD_DEFLATED,
  METHOD_STORED,
  RECORD_BYTES,
  REGULAR_FILE,
  SIGNATURE,
  ZIP64_EXTRA,
} from "./zipFormat.js";

/** One entry as the archive's directory declares it. Sizes and checksum are claims until it is read. */
export interface ZipEntry {
  /** Relative, plain (see `isPlainPath`), and the archive's only entry of this name. */
  readonly name: string;
  readonly method: typeof METHOD_STORED | typeof METHOD_DEFLATED;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/**
 * Reads a zip file's directory and refuses what no honest sender writes (quality.md 2), before any
 * content is touched: names that are absolute, hold `..`, a backslash or NUL, or come twice; links,
 * folders and other special files; encrypted entries; other methods than stored and deflated;
 * overlapping entries; more entries than the limit. The directory itself is read, not through a
 * library, because libraries show names already made harmless and doubles already merged.
 *
 * @param entryLimit most entries that are taken.
 * @throws MusterError 3000 that names the entry and the fault.
 */
export function readZipDirectory(file: WindowedFile, entryLimit: number): ZipEntry[] {
  const span = findZipDirectory(file);
  if (span.entries > entryLimit) {
    throw archiveRefused(`it has ${span.entries} entries; the limit (archiveEntries) is ${entryLimit}`);
  }
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let position = span.offset;
  while (position < span.offset + span.bytes) {
    const record = recordAt(file, position, span);
    const entry = entryOf(record);
    if (names.has(entry.name)) throw archiveRefused(`${shownName(entry.name)} comes twice`);
    names.add(entry.name);
    entries.push(entry);
    if (entries.length > span.entries) break;
    position += record.length;
  }
  if (entries.length !== span.entries) throw archiveRefused(`it says ${span.entries} entries, but its directory has others`);
  requireApart(entries, span);
  return entries;
}

/** One central record with its name, extra fields and comment. */
function recordAt(file: WindowedFile, position: number, span: DirectorySpan): Buffer {
  const end = span.offset + span.bytes;
  const fixed = position + RECORD_BYTES.centralHeader <= end ? file.bytesAt(position, RECORD_BYTES.centralHeader) : undefined;
  if (fixed === undefined || fixed.readUInt32LE(0) !== SIGNATURE.centralHeader) {
    throw archiveRefused(`its directory is broken at byte ${position}`);
  }
  const length = RECORD_BYTES.centralHeader + fixed.readUInt16LE(28) + fixed.readUInt16LE(30) + fixed.readUInt16LE(32);
  const record = position + length <= end ? file.bytesAt(position, length) : undefined;
  if (record === undefined) throw archiveRefused(`its directory is broken at byte ${position}`);
  return record;
}

function entryOf(record: Buffer): ZipEntry {
  const nameEnd = RECORD_BYTES.centralHeader + record.readUInt16LE(28);
  const name = entryName(record.subarray(RECORD_BYTES.centralHeader, nameEnd));
  const method = record.readUInt16LE(10);
  const flags = record.readUInt16LE(8);
  if ((flags & FLAGS_ENCRYPTED) !== 0) throw archiveRefused(`${shownName(name)} is encrypted`);
  if ((flags & FLAG_PATCH) !== 0 || (method !== METHOD_STORED && method !== METHOD_DEFLATED)) {
    throw archiveRefused(`${shownName(name)} is packed by a method (${method}) other than stored and deflated`);
  }
  requireRegularFile(name, record.readUInt8(5), record.readUInt32LE(38));
  const sizes = sizesOf(record, nameEnd, name);
  if (method === METHOD_STORED && sizes.compressedSize !== sizes.size) {
    throw archiveRefused(`${shownName(name)} is stored, but its two sizes differ`);
  }
  return { name, method, crc32: record.readUInt32LE(16), ...sizes };
}

/** The bytes as a plain path. Names are taken as UTF-8 whether or not flagged so; others are refused. */
function entryName(bytes: Buffer): string {
  const name = bytes.toString("utf8");
  if (!isUtf8(bytes)) throw archiveRefused(`the name ${shownName(bytes.toString("latin1"))} is not UTF-8`);
  if (!isPlainPath(name)) throw archiveRefused(`the name ${shownName(name)} is not a plain relative path`);
  return name;
}

function requireRegularFile(name: string, madeOn: number, attributes: number): void {
  const type = madeOn === MADE_ON_UNIX ? (attributes >>> 16) & FILE_TYPE : 0;
  if ((type !== 0 && type !== REGULAR_FILE) || (attributes & DOS_FOLDER) !== 0) {
    throw archiveRefused(`${shownName(name)} is a link, a folder or another special file`);
  }
}

function sizesOf(record: Buffer, extraStart: number, name: string): Pick<ZipEntry, "compressedSize" | "size" | "offset"> {
  const extra = record.subarray(extraStart, extraStart + record.readUInt16LE(30));
  const wide = new Zip64Values(extra);
  const value = (at: number): number => {
    const narrow = record.readUInt32LE(at);
    const read = narrow === IN_ZIP64_32 ? wide.next() : narrow;
    if (read === undefined) throw archiveRefused(`${shownName(name)} has a broken size or offset`);
    return read;
  };
  // The zip64 field lists only the values that are missing above, in this order.
  const size = value(24);
  const compressedSize = value(20);
  return { size, compressedSize, offset: value(42) };
}

/** The 64-bit values of an entry's zip64 extra field, one after another. */
class Zip64Values {
  private readonly values: Buffer;
  private position = 0;

  constructor(extra: Buffer) {
    let at = 0;
    while (at + 4 <= extra.length && extra.readUInt16LE(at) !== ZIP64_EXTRA) at += 4 + extra.readUInt16LE(at + 2);
    this.values = at + 4 <= extra.length ? extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2)) : Buffer.alloc(0);
  }

  /** Undefined when there is none, or when it is no size that a file can have. */
  next(): number | undefined {
    if (this.position + 8 > this.values.length) return undefined;
    const value = Number(this.values.readBigUInt64LE(this.position));
    this.position += 8;
    return Number.isSafeInteger(value) ? value : undefined;
  }
}

/** Entries that share bytes let a small archive unpack to a huge one. */
function requireApart(entries: readonly ZipEntry[], span: DirectorySpan): void {
  const inFileOrder = [...entries].sort((one, other) => one.offset - other.offset);
  inFileOrder.forEach((entry, position) => {
    const end = entry.offset + RECORD_BYTES.localHeader + entry.compressedSize;
    const next = inFileOrder[position + 1]?.offset ?? span.offset;
    if (end > next) throw archiveRefused(`${shownName(entry.name)} reaches into other parts of the archive`);
  });
}
