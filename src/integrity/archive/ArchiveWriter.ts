import JSZip from "jszip";
import type { Disk } from "../Disk.js";
import { writeFully } from "../writeFully.js";
import type { FileSource } from "./FileSource.js";
import { RECORD_BYTES, REGULAR_FILE, SIGNATURE } from "./zipFormat.js";

/** A zip file cannot say times outside these years; the receiver does not use them (observed.md, Zip). */
const FIRST_TIME = Date.UTC(1980, 0, 1);
const LAST_TIME = Date.UTC(2107, 11, 31, 23, 59, 58);

/** Bytes that are gathered before they are written: JSZip hands out a header or a name at a time. */
const GATHERED_BYTES = 256 * 1024;

/** Where a directory record holds its entry's offset. */
const OFFSET_FIELD = 42;

/** One entry to write. */
export interface WriterEntry {
  /** Relative to the node's root. */
  readonly name: string;
  readonly content: Buffer | FileSource;
  /** Milliseconds since the epoch; any time at all. */
  readonly modTime: number;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Writes a zip file in segments. JSZip sets up its whole machinery for every entry before it writes
 * the first one (about 8 KB each), so it is given a segment at a time; what it writes as the segment's
 * directory is kept, with its offsets moved, and becomes part of the one directory at the end. A
 * segment that turned out torn is simply written over by the next call.
 */
export class ArchiveWriter {
  private readonly disk: Disk;
  /** Open for reading and writing. */
  private readonly descriptor: number;
  private readonly records: Buffer[] = [];
  private entries = 0;
  /** Where the next segment begins. */
  private end = 0;

  constructor(disk: Disk, descriptor: number) {
    this.disk = disk;
    this.descriptor = descriptor;
  }

  /**
   * Writes entries, stored, behind the kept ones. They count only when `isWhole` then says so.
   *
   * @throws the system's error, for example ENOSPC.
   */
  async write(entries: readonly WriterEntry[], isWhole: () => boolean = () => true): Promise<void> {
    const zip = new JSZip();
    for (const { name, content, modTime, mode } of entries) {
      const date = new Date(Math.min(Math.max(modTime, FIRST_TIME), LAST_TIME));
      const options = { binary: true, createFolders: false, date, unixPermissions: REGULAR_FILE | (mode & 0o777) };
      // JSZip asks of a stream only on, pause and resume; a FileSource has exactly these.
      zip.file(name, content as unknown as NodeJS.ReadableStream, options);
    }
    const length = await this.stream(zip);
    if (isWhole()) this.keep(length);
  }

  /** Writes the directory; returns the archive's size. The descriptor stays open. */
  finish(): number {
    const directory = Buffer.concat(this.records);
    const last = Buffer.alloc(RECORD_BYTES.endOfDirectory);
    last.writeUInt32LE(SIGNATURE.endOfDirectory, 0);
    last.writeUInt16LE(this.entries, 8);
    last.writeUInt16LE(this.entries, 10);
    last.writeUInt32LE(directory.length, 12);
    last.writeUInt32LE(this.end, 16);
    const size = this.end + writeFully(this.disk, this.descriptor, Buffer.concat([directory, last]), this.end);
    this.disk.ftruncateSync(this.descriptor, size);
    return size;
  }

  /** Keeps a segment of `length` bytes that ends in JSZip's directory and end record. */
  private keep(length: number): void {
    const last = this.read(this.end + length - RECORD_BYTES.endOfDirectory, RECORD_BYTES.endOfDirectory);
    const bytes = last.readUInt32LE(12);
    const offset = last.readUInt32LE(16);
    const directory = this.read(this.end + offset, bytes);
    for (let at = 0; at < bytes; ) {
      directory.writeUInt32LE(directory.readUInt32LE(at + OFFSET_FIELD) + this.end, at + OFFSET_FIELD);
      at += RECORD_BYTES.centralHeader + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
      this.entries++;
    }
    this.records.push(directory);
    this.end += offset;
  }

  private read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let offset = 0;
    while (offset < length) {
      const read = this.disk.readSync(this.descriptor, bytes, offset, length - offset, position + offset);
      if (read === 0) throw new Error("the archive was changed while it was written");
      offset += read;
    }
    return bytes;
  }

  /** Streams what JSZip makes of a segment to the file; resolves with its length. */
  private stream(zip: JSZip): Promise<number> {
    const gathered = Buffer.allocUnsafe(GATHERED_BYTES);
    let used = 0;
    let written = 0;
    const flush = (bytes: Uint8Array): void => {
      written += writeFully(this.disk, this.descriptor, bytes, this.end + written);
    };
    const add = (bytes: Uint8Array): void => {
      if (used + bytes.length > gathered.length) {
        flush(gathered.subarray(0, used));
        used = 0;
      }
      if (bytes.length >= gathered.length) return flush(bytes);
      gathered.set(bytes, used);
      used += bytes.length;
    };
    const stream = zip.generateInternalStream({ type: "nodebuffer", streamFiles: true, compression: "STORE", platform: "UNIX" });
    return new Promise<number>((resolve, reject) => {
      const guarded = (work: () => void): void => {
        try {
          work();
        } catch (error) {
          stream.pause();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      // JSZip calls this during the source's own event, so the source's piece is still valid.
      stream.on("data", (bytes) => guarded(() => add(bytes)));
      stream.on("error", reject);
      stream.on("end", () =>
        guarded(() => {
          flush(gathered.subarray(0, used));
          resolve(written);
        }),
      );
      stream.resume();
    });
  }
}
