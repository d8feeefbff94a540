import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { FileProblem } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { writeFully } from "../writeFully.js";
import type { ArchiveFile, FinishedArchive } from "./ArchiveFormat.js";
import { SourceFault, SourceFile } from "./SourceFile.js";
import { RECORD_BYTES } from "./zipFormat.js";
import { centralHeader, dataDescriptor, endOfDirectory, entryFacts, localHeader, type EntryFacts } from "./zipRecords.js";

/** Bytes that are gathered before they are written. A file that fits is read straight into its place among them. */
const GATHERED_BYTES = 1024 * 1024;

/**
 * Writes a zip file of stored entries from its first byte to its last, each file in one pass: its checksum and the
 * archive's own hash are made on the way. A small file is read whole before its header is written; behind a larger one
 * stands a descriptor with its checksum. A file that fails leaves no byte in the archive.
 */
export class ArchiveWriter {
  readonly #disk: Disk;
  readonly #descriptor: number;
  readonly #gathered = Buffer.allocUnsafe(GATHERED_BYTES);
  readonly #directory: Buffer[] = [];
  #hash: Hash = createHash("sha256");
  #used = 0;
  /** Bytes of the archive that are written, without those gathered. */
  #written = 0;

  /** @param descriptor of an empty file, open for writing */
  constructor(disk: Disk, descriptor: number) {
    this.#disk = disk;
    this.#descriptor = descriptor;
  }

  /**
   * Adds a file, with synchronous calls (this runs on pool threads). One that cannot be read, or that changes while it
   * is read, is not in the archive, and the problem is returned.
   *
   * @throws the system's error when the archive cannot be written, for example ENOSPC
   */
  addFile(file: ArchiveFile): FileProblem | undefined {
    try {
      const source = new SourceFile(this.#disk, file.path, file.file);
      try {
        const isSmall = RECORD_BYTES.localHeader + Buffer.byteLength(file.path) + source.size <= GATHERED_BYTES;
        const entry = entryFacts(file.path, file.modTime, file.mode, !isSmall);
        if (isSmall) this.#addSmall(entry, source);
        else this.#addLarge(entry, source);
        return undefined;
      } finally {
        source.close();
      }
    } catch (error) {
      if (error instanceof SourceFault) return error.problem;
      throw error;
    }
  }

  /** Adds an entry whose content is at hand. @throws the system's error */
  addContent(name: string, content: Uint8Array, modTime: number, mode: number): void {
    const entry = entryFacts(name, modTime, mode, false);
    const checksum = crc32(content);
    const offset = this.#written + this.#used;
    this.#append(localHeader(entry, checksum, content.length));
    this.#append(content);
    this.#directory.push(centralHeader(entry, checksum, content.length, offset));
  }

  /** Writes the directory. The descriptor stays open. @throws the system's error */
  finish(): FinishedArchive {
    const offset = this.#written + this.#used;
    const directory = Buffer.concat(this.#directory);
    this.#append(directory);
    this.#append(endOfDirectory(this.#directory.length, directory.length, offset));
    this.#flush();
    // What a failed file had written beyond the archive's end is cut off.
    this.#disk.ftruncateSync(this.#descriptor, this.#written);
    return { bytes: this.#written, sha256: this.#hash.digest() };
  }

  #addSmall(entry: EntryFacts, source: SourceFile): void {
    const headerBytes = RECORD_BYTES.localHeader + entry.name.length;
    if (this.#used + headerBytes + source.size > GATHERED_BYTES) this.#flush();
    const start = this.#used + headerBytes;
    const content = this.#gathered.subarray(start, start + source.size);
    source.readFully(content);
    source.requireUnchanged();
    const checksum = crc32(content);
    this.#gathered.set(localHeader(entry, checksum, content.length), this.#used);
    this.#directory.push(centralHeader(entry, checksum, content.length, this.#written + this.#used));
    this.#used = start + content.length;
  }

  #addLarge(entry: EntryFacts, source: SourceFile): void {
    this.#flush();
    const offset = this.#written;
    const before = this.#hash.copy();
    try {
      this.#append(localHeader(entry, 0, 0));
      this.#flush();
      let checksum = 0;
      for (let left = source.size; left > 0; left -= this.#used, this.#flush()) {
        const piece = this.#gathered.subarray(0, Math.min(left, GATHERED_BYTES));
        source.readFully(piece);
        checksum = crc32(piece, checksum);
        this.#used = piece.length;
      }
      source.requireUnchanged();
      this.#append(dataDescriptor(checksum, source.size));
      this.#directory.push(centralHeader(entry, checksum, source.size, offset));
    } catch (error) {
      // The next entry is written over what stands there of this one.
      this.#hash = before;
      this.#written = offset;
      this.#used = 0;
      throw error;
    }
  }

  #append(bytes: Uint8Array): void {
    if (this.#used + bytes.length > GATHERED_BYTES) this.#flush();
    if (bytes.length > GATHERED_BYTES) {
      this.#write(bytes);
      return;
    }
    this.#gathered.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#write(this.#gathered.subarray(0, this.#used));
    this.#used = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#written += writeFully(this.#disk, this.#descriptor, bytes, this.#written);
  }
}
