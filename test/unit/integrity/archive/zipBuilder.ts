import { crc32, deflateRawSync } from "node:zlib";

/** One entry of a hand-made zip file. Every field may lie. */
export interface RawEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly deflate?: boolean;
  /** Sizes and checksum in a descriptor behind the content, zeros in the local header. */
  readonly descriptor?: boolean;
  /** External attributes; a regular file made on Unix by default. */
  readonly mode?: number;
  readonly attributes?: number;
  readonly madeOn?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly localName?: string | Buffer;
  readonly localMethod?: number;
  /** What the directory says, where that is not the truth. */
  readonly crc?: number;
  readonly size?: number;
  readonly compressedSize?: number;
  readonly offset?: number;
  /** The packed bytes themselves, instead of the content's. */
  readonly packed?: Buffer;
  /** Sizes and offset in a zip64 extra field. */
  readonly zip64?: boolean;
  readonly extra?: Buffer;
  readonly comment?: string;
}

export interface RawArchive {
  readonly comment?: Buffer;
  /** What the end record says. */
  readonly entries?: number;
  readonly directoryBytes?: number;
  readonly directoryOffset?: number;
  readonly disk?: number;
  /** Writes the zip64 end records, and fills the plain one with ones. */
  readonly zip64?: boolean;
  readonly zip64Disks?: number;
  /** Bytes between the last entry and the directory. */
  readonly gap?: Buffer;
}

/** Puts a zip file together byte by byte, as no library would. */
export function buildZip(entries: readonly RawEntry[], archive: RawArchive = {}): Buffer {
  const parts: Buffer[] = [];
  const records: Buffer[] = [];
  let position = 0;
  const add = (bytes: Buffer): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  for (const entry of entries) {
    const offset = position;
    for (const bytes of localParts(entry)) add(bytes);
    records.push(centralRecord(entry, offset));
  }
  add(archive.gap ?? Buffer.alloc(0));
  const start = position;
  for (const record of records) add(record);
  const directory = { start, bytes: position - start, entries: archive.entries ?? entries.length };
  for (const bytes of endRecords(directory, position, archive)) add(bytes);
  return Buffer.concat(parts);
}

function localParts(entry: RawEntry): Buffer[] {
  const truth = packedOf(entry);
  const name = Buffer.from(entry.localName ?? entry.name);
  const hidden = entry.descriptor === true;
  const header = record([
    [4, 0x04034b50],
    [2, 20],
    [2, (entry.flags ?? 0) | (hidden ? 8 : 0)],
    [2, entry.localMethod ?? entry.method ?? truth.method],
    [4, 0],
    [4, hidden ? 0 : truth.crc],
    [4, hidden ? 0 : truth.packed.length],
    [4, hidden ? 0 : truth.size],
    [2, name.length],
    [2, 0],
  ]);
  const descriptor = record([
    [4, 0x08074b50],
    [4, truth.crc],
    [4, truth.packed.length],
    [4, truth.size],
  ]);
  return [header, name, truth.packed, ...(hidden ? [descriptor] : [])];
}

function centralRecord(entry: RawEntry, offset: number): Buffer {
  const truth = packedOf(entry);
  const name = Buffer.from(entry.name);
  const size = entry.size ?? truth.size;
  const compressedSize = entry.compressedSize ?? truth.packed.length;
  const at = entry.offset ?? offset;
  const wide = entry.zip64 === true;
  const extra = wide ? record([[2, 1], [2, 24], [8, size], [8, compressedSize], [8, at]]) : (entry.extra ?? Buffer.alloc(0));
  const comment = Buffer.from(entry.comment ?? "");
  const fixed = record([
    [4, 0x02014b50],
    [1, 20],
    [1, entry.madeOn ?? 3],
    [2, 20],
    [2, (entry.flags ?? 0) | (entry.descriptor === true ? 8 : 0)],
    [2, entry.method ?? truth.method],
    [4, 0],
    [4, entry.crc ?? truth.crc],
    [4, wide ? 0xffffffff : compressedSize],
    [4, wide ? 0xffffffff : size],
    [2, name.length],
    [2, extra.length],
    [2, comment.length],
    [2, 0],
    [2, 0],
    [4, entry.attributes ?? (entry.mode ?? 0o100644) * 0x10000],
    [4, wide ? 0xffffffff : at],
  ]);
  return Buffer.concat([fixed, name, extra, comment]);
}

function endRecords(directory: { start: number; bytes: number; entries: number }, position: number, archive: RawArchive): Buffer[] {
  const { entries } = directory;
  const bytes = archive.directoryBytes ?? directory.bytes;
  const start = archive.directoryOffset ?? directory.start;
  const disk = archive.disk ?? 0;
  const comment = archive.comment ?? Buffer.alloc(0);
  const wide = archive.zip64 === true;
  const end = record([
    [4, 0x06054b50],
    [2, disk],
    [2, disk],
    [2, wide ? 0xffff : entries],
    [2, wide ? 0xffff : entries],
    [4, wide ? 0xffffffff : bytes],
    [4, wide ? 0xffffffff : start],
    [2, comment.length],
  ]);
  if (!wide) return [end, comment];
  const wideEnd = record([[4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, entries], [8, entries], [8, bytes], [8, start]]);
  const locator = record([[4, 0x07064b50], [4, 0], [8, position], [4, archive.zip64Disks ?? 1]]);
  return [wideEnd, locator, end, comment];
}

function packedOf(entry: RawEntry): { packed: Buffer; size: number; crc: number; method: number } {
  const content = Buffer.from(entry.content ?? "");
  const packed = entry.packed ?? (entry.deflate === true ? deflateRawSync(content) : content);
  return { packed, size: content.length, crc: crc32(content), method: entry.deflate === true ? 8 : 0 };
}

/** Little-endian fields: [bytes, value]. */
function record(fields: readonly (readonly [number, number])[]): Buffer {
  return Buffer.concat(
    fields.map(([length, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, length);
    }),
  );
}
