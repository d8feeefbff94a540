import { crc32 } from "node:zlib";
import type { Limits } from "../../config/Limits.js";
import type { Disk } from "../Disk.js";
import type { ArchiveReader } from "./ArchiveFormat.js";
import { archiveRefused, shownName } from "./archiveRefused.js";
import { inflateEntry } from "./inflateEntry.js";
import { readZipDirectory, type ZipEntry } from "./readZipDirectory.js";
import { WindowedFile } from "./WindowedFile.js";
import { METHOD_STORED, RECORD_BYTES, SIGNATURE } from "./zipFormat.js";

/** Bytes of stored content that are copied at once. */
const PIECE_BYTES = 256 * 1024;

/** The limits that hold while an archive is read. */
export type ArchiveLimits = Pick<Limits, "archiveEntries" | "archiveEntryBytes" | "archiveBytes">;

/**
 * An archive that is open for reading, its directory checked (`readZipDirectory`). Stored entries,
 * which is what every known sender writes (protocol.md 10), are copied in pieces straight from the
 * file; a deflated entry is inflated by JSZip, which needs that one entry's packed bytes in memory,
 * never the archive: JSZip reads an archive only as a whole buffer.
 */
export class ZipArchive implements ArchiveReader {
  readonly entries: readonly ZipEntry[];
  private readonly file: WindowedFile;
  private readonly limits: ArchiveLimits;
  private readonly piece = Buffer.allocUnsafe(PIECE_BYTES);
  /** Bytes of content so far, of all entries: what was really read, not what was declared. */
  private unpacked = 0;

  /** @throws MusterError 3000 when the archive is refused; the system's error when it cannot be read. */
  constructor(disk: Disk, path: string, limits: ArchiveLimits) {
    this.limits = limits;
    this.file = new WindowedFile(disk, path);
    try {
      this.entries = readZipDirectory(this.file, limits.archiveEntries);
    } catch (error) {
      this.file.close();
      throw error;
    }
  }

  /**
   * Hands an entry's content to `take`, piece by piece; a piece is valid only during the call. The
   * content's length and checksum are checked at the end, so `take` may have seen bytes of an entry
   * that is then refused. Returns the length.
   *
   * @param longest a narrower limit on the entry's bytes than the archive's own.
   * @throws MusterError 3000 when it grows beyond a limit or is broken; whatever `take` throws.
   */
  async read(entry: ZipEntry, take: (bytes: Buffer) => void, longest = this.limits.archiveEntryBytes): Promise<number> {
    const start = this.contentStart(entry);
    let length = 0;
    let checksum = 0;
    const count = (bytes: Buffer): void => {
      length += bytes.length;
      this.unpacked += bytes.length;
      this.requireWithinLimits(entry, length, longest);
      if (length > entry.size) throw wrongSize(entry);
      checksum = crc32(bytes, checksum);
      take(bytes);
    };
    this.requireWithinLimits(entry, entry.size, longest);
    if (entry.method === METHOD_STORED) this.file.eachPiece(start, entry.size, this.piece, count);
    else await inflateEntry(entry, this.packedBytes(entry, start), count);
    if (length !== entry.size) throw wrongSize(entry);
    if (checksum !== entry.crc32) throw archiveRefused(`${shownName(entry.name)} is broken: its checksum is wrong`);
    return length;
  }

  close(): void {
    this.file.close();
  }

  private requireWithinLimits(entry: ZipEntry, length: number, longest: number): void {
    const bound = Math.min(longest, this.limits.archiveEntryBytes);
    if (length > bound) throw archiveRefused(`${shownName(entry.name)} has more than ${bound} bytes (archiveEntryBytes)`);
    if (this.unpacked > this.limits.archiveBytes) {
      throw archiveRefused(`its entries have more than ${this.limits.archiveBytes} bytes together (archiveBytes)`);
    }
  }

  /** Where the content begins: behind the local header, which must agree with the directory. */
  private contentStart(entry: ZipEntry): number {
    const header = this.file.bytesAt(entry.offset, RECORD_BYTES.localHeader);
    if (header === undefined || header.readUInt32LE(0) !== SIGNATURE.localHeader) {
      throw archiveRefused(`${shownName(entry.name)} is not where the directory says`);
    }
    const nameLength = header.readUInt16LE(26);
    const start = entry.offset + RECORD_BYTES.localHeader + nameLength + header.readUInt16LE(28);
    const method = header.readUInt16LE(8);
    const name = this.file.bytesAt(entry.offset + RECORD_BYTES.localHeader, nameLength)?.toString("utf8");
    if (name !== entry.name || method !== entry.method || start + entry.compressedSize > this.file.size) {
      throw archiveRefused(`${shownName(entry.name)} does not agree with its own header`);
    }
    return start;
  }

  private packedBytes(entry: ZipEntry, start: number): Buffer {
    const bound = this.limits.archiveEntryBytes;
    const packed = entry.compressedSize <= bound ? this.file.copyAt(start, entry.compressedSize) : undefined;
    if (packed === undefined) throw archiveRefused(`${shownName(entry.name)} has more than ${bound} packed bytes (archiveEntryBytes)`);
    return packed;
  }
}

function wrongSize(entry: ZipEntry): Error {
  return archiveRefused(`${shownName(entry.name)} says ${entry.size} bytes, but has others`);
}
