import { crc32 } from "node:zlib";

/** One stored entry of a zip file, as its directory and its content say. */
export interface PlainZipEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly method: number;
  readonly flags: number;
  readonly mode: number;
  readonly madeOn: number;
  readonly year: number;
}

/** Reads a zip file of stored entries, written apart from muster's own reader; throws where anything is wrong. */
export function readZip(bytes: Buffer): PlainZipEntry[] {
  const end = bytes.length - 22;
  if (bytes.readUInt32LE(end) !== 0x06054b50) throw new Error("no end record");
  const count = bytes.readUInt16LE(end + 10);
  const directory = bytes.readUInt32LE(end + 16);
  if (directory + bytes.readUInt32LE(end + 12) !== end) throw new Error("the directory is not before the end record");
  const entries: PlainZipEntry[] = [];
  let at = directory;
  let expectedOffset = 0;
  for (let number = 0; number < count; number++) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw new Error(`no directory record at ${at}`);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const size = bytes.readUInt32LE(at + 24);
    const offset = bytes.readUInt32LE(at + 42);
    if (offset !== expectedOffset || bytes.readUInt32LE(offset) !== 0x04034b50) throw new Error(`${name}: no header at ${offset}`);
    const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
    if (bytes.toString("utf8", offset + 30, offset + 30 + nameLength) !== name) throw new Error(`${name}: other name in its header`);
    const content = bytes.subarray(start, start + size);
    const crc = bytes.readUInt32LE(at + 16);
    if (crc32(content) !== crc) throw new Error(`${name}: wrong checksum`);
    const flags = bytes.readUInt16LE(at + 8);
    expectedOffset = start + size;
    if ((flags & 8) !== 0) {
      const descriptor = [0, 4, 8, 12].map((field) => bytes.readUInt32LE(start + size + field));
      if (descriptor.join() !== [0x08074b50, crc, size, size].join()) throw new Error(`${name}: wrong descriptor`);
      expectedOffset += 16;
    }
    entries.push({
      name,
      content,
      method: bytes.readUInt16LE(at + 10),
      flags,
      mode: bytes.readUInt32LE(at + 38) >>> 16,
      madeOn: bytes.readUInt8(at + 5),
      year: 1980 + (bytes.readUInt16LE(at + 14) >>> 9),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  if (at !== end || expectedOffset !== directory) throw new Error("bytes that no record accounts for");
  return entries;
}
