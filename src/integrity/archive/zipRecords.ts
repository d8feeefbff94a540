import { MADE_ON_UNIX, METHOD_STORED, RECORD_BYTES, REGULAR_FILE, SIGNATURE } from "./zipFormat.js";

/** A zip file cannot say times outside these years; the receiver does not use them (observed.md, Zip). */
const FIRST_YEAR = 1980;
const LAST_YEAR = 2107;

/** Version of the format that is needed to read a stored entry: 2.0. */
const VERSION = 20;
/** General purpose bits: checksum and sizes stand behind the content; the name is UTF-8. */
const FLAG_DESCRIPTOR = 0x0008;
const FLAG_UTF8 = 0x0800;

const DESCRIPTOR_SIGNATURE = 0x08074b50;
const DESCRIPTOR_BYTES = 16;
const NOT_ASCII = /[^\u0000-\u007f]/;

/** What stands in an entry's records. */
export interface EntryFacts {
  readonly name: Buffer;
  readonly flags: number;
  /** Time and date as the format packs them. */
  readonly time: number;
  readonly date: number;
  /** External attributes. */
  readonly attributes: number;
}

/**
 * @param modTime milliseconds since the epoch; any time at all
 * @param mode permission bits
 * @param hasDescriptor whether checksum and sizes follow the content instead of standing before it
 */
export function entryFacts(name: string, modTime: number, mode: number, hasDescriptor: boolean): EntryFacts {
  const when = new Date(modTime);
  const year = when.getFullYear();
  const inRange = year >= FIRST_YEAR && year <= LAST_YEAR;
  // Local time, as the reference writes it.
  const time = (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >>> 1);
  const date = ((year - FIRST_YEAR) << 9) | ((when.getMonth() + 1) << 5) | when.getDate();
  const edge = year > LAST_YEAR ? { time: 0xbf7d, date: 0xff9f } : { time: 0, date: 0x21 };
  return {
    name: Buffer.from(name),
    flags: (hasDescriptor ? FLAG_DESCRIPTOR : 0) | (NOT_ASCII.test(name) ? FLAG_UTF8 : 0),
    attributes: ((REGULAR_FILE | (mode & 0o777)) << 16) >>> 0,
    ...(inRange ? { time, date } : edge),
  };
}

/** The record before an entry's content. Checksum and size are 0 where a descriptor follows. */
export function localHeader(entry: EntryFacts, crc32: number, size: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES.localHeader + entry.name.length);
  record.writeUInt32LE(SIGNATURE.localHeader, 0);
  writeCommon(record, 4, entry, crc32, size);
  record.set(entry.name, RECORD_BYTES.localHeader);
  return record;
}

/** The record behind the content of an entry whose header could not tell yet. */
export function dataDescriptor(crc32: number, size: number): Buffer {
  const record = Buffer.alloc(DESCRIPTOR_BYTES);
  record.writeUInt32LE(DESCRIPTOR_SIGNATURE, 0);
  record.writeUInt32LE(crc32, 4);
  record.writeUInt32LE(size, 8);
  record.writeUInt32LE(size, 12);
  return record;
}

/** The entry's record in the directory. @param offset of its local header in the archive */
export function centralHeader(entry: EntryFacts, crc32: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES.centralHeader + entry.name.length);
  record.writeUInt32LE(SIGNATURE.centralHeader, 0);
  record.writeUInt8(VERSION, 4);
  record.writeUInt8(MADE_ON_UNIX, 5);
  writeCommon(record, 6, entry, crc32, size);
  record.writeUInt32LE(entry.attributes, 38);
  record.writeUInt32LE(offset, 42);
  record.set(entry.name, RECORD_BYTES.centralHeader);
  return record;
}

/** The archive's last record. */
export function endOfDirectory(entries: number, directoryBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES.endOfDirectory);
  record.writeUInt32LE(SIGNATURE.endOfDirectory, 0);
  record.writeUInt16LE(entries, 8);
  record.writeUInt16LE(entries, 10);
  record.writeUInt32LE(directoryBytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}

/** What both headers hold in the same order, from the needed version to the name's length. */
function writeCommon(record: Buffer, at: number, entry: EntryFacts, crc32: number, size: number): void {
  record.writeUInt16LE(VERSION, at);
  record.writeUInt16LE(entry.flags, at + 2);
  record.writeUInt16LE(METHOD_STORED, at + 4);
  record.writeUInt16LE(entry.time, at + 6);
  record.writeUInt16LE(entry.date, at + 8);
  record.writeUInt32LE(crc32, at + 10);
  record.writeUInt32LE(size, at + 14);
  record.writeUInt32LE(size, at + 18);
  record.writeUInt16LE(entry.name.length, at + 22);
}
