import { isUtf8 } from "node:buffer";
import { createInflate, inflateSync } from "node:zlib";
import type { Limits } from "../../../config/Limits.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { Disk } from "../../Disk.js";
import { isPlainPath } from "../../items.js";
import { METADATA_NAME } from "../../metadata.js";
import type { ArchiveEntry, ArchiveReader } from "../ArchiveFormat.js";
import { archiveRefused, shownName } from "../archiveRefused.js";
import { WindowedFile } from "../WindowedFile.js";
import { MarkSearch, MEMBER_END, MEMBER_MARK } from "./marks.js";
import { throughZlib } from "./throughZlib.js";

/** Bytes that are read at once. */
const PIECE_BYTES = 256 * 1024;
/** Longest path in bytes; its mark follows. */
const LONGEST_PATH_BYTES = 4095;
/** A member of at most so many packed bytes is unpacked at once, if it has at most so many bytes then. */
const SMALL_PACKED_BYTES = 64 * 1024;
const SMALL_BYTES = 1024 * 1024;

/** The catalogue's "Decompressed file exceeds the maximum allowed size" (dialects.md 3.2). */
const TOO_LARGE = 3053;

interface Member extends ArchiveEntry {
  /** Where its packed content begins, and how many bytes it has. */
  readonly start: number;
  readonly packedBytes: number;
}

/**
 * An archive of zlib members (dialects.md 1.5), open for reading. It is gone through once for the members' bounds;
 * refused are those without a path, paths that are not plain or come twice, an end after the last member, and
 * metadata that is not the last member. Contents are unpacked as they are asked for, in pieces, and counted.
 */
export class ZlibArchive implements ArchiveReader {
  readonly entries: readonly ArchiveEntry[];
  private readonly members = new Map<string, Member>();
  private readonly file: WindowedFile;
  private readonly limits: Pick<Limits, "archiveEntries" | "archiveEntryBytes" | "archiveBytes">;
  private readonly piece = Buffer.allocUnsafe(PIECE_BYTES);
  /** Bytes of content so far, of all members. */
  private unpacked = 0;

  constructor(disk: Disk, path: string, limits: Pick<Limits, "archiveEntries" | "archiveEntryBytes" | "archiveBytes">) {
    this.limits = limits;
    this.file = new WindowedFile(disk, path);
    try {
      this.findMembers();
    } catch (error) {
      this.file.close();
      throw error;
    }
    this.entries = [...this.members.values()];
  }

  async read({ name }: ArchiveEntry, take: (bytes: Buffer) => void, longest = this.limits.archiveEntryBytes): Promise<number> {
    const member = this.members.get(name);
    if (member === undefined) throw archiveRefused(`it has no ${shownName(name)}`);
    let length = 0;
    const count = (bytes: Buffer): void => {
      length += bytes.length;
      this.unpacked += bytes.length;
      const bound = Math.min(longest, this.limits.archiveEntryBytes);
      if (length > bound) throw tooLarge(`${shownName(name)} has more than ${bound} bytes (archiveEntryBytes)`);
      if (this.unpacked > this.limits.archiveBytes) {
        throw tooLarge(`its entries have more than ${this.limits.archiveBytes} bytes together (archiveBytes, max_zip_size)`);
      }
      take(bytes);
    };
    const small = this.unpackedAtOnce(member);
    if (small !== undefined) count(small);
    else await this.unpack(member, count);
    return length;
  }

  close(): void {
    this.file.close();
  }

  private findMembers(): void {
    const ends = new MarkSearch();
    this.file.eachPiece(0, this.file.size, this.piece, (bytes) => {
      ends.push(bytes);
      if (ends.found.length >= this.limits.archiveEntries) {
        throw archiveRefused(`it has more than ${this.limits.archiveEntries} entries (archiveEntries)`);
      }
    });
    let start = 0;
    for (const end of [...ends.found, this.file.size]) {
      this.addMember(start, end);
      start = end + MEMBER_END.length;
    }
    if ([...this.members.keys()].at(-1) !== METADATA_NAME) throw archiveRefused(`${METADATA_NAME} is not its last entry`);
  }

  private addMember(start: number, end: number): void {
    const head = this.file.bytesAt(start, Math.min(end - start, LONGEST_PATH_BYTES + MEMBER_MARK.length));
    const nameBytes = head?.indexOf(MEMBER_MARK) ?? -1;
    if (head === undefined || nameBytes === -1) throw archiveRefused(`the entry at byte ${start} has no name`);
    const name = head.toString("utf8", 0, nameBytes);
    if (!isUtf8(head.subarray(0, nameBytes)) || !isPlainPath(name)) throw archiveRefused(`${shownName(name)} is not a path that may travel`);
    if (this.members.has(name)) throw archiveRefused(`${shownName(name)} is there twice`);
    const contentStart = start + nameBytes + MEMBER_MARK.length;
    this.members.set(name, { name, start: contentStart, packedBytes: end - contentStart });
  }

  /** Most members are small, and a stream of its own for each would be most of the work. */
  private unpackedAtOnce({ name, start, packedBytes }: Member): Buffer | undefined {
    if (packedBytes > SMALL_PACKED_BYTES) return undefined;
    const packed = this.file.bytesAt(start, packedBytes);
    if (packed === undefined) throw broken(name);
    try {
      return inflateSync(packed, { maxOutputLength: SMALL_BYTES });
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw broken(name, error);
    }
  }

  private async unpack({ name, start, packedBytes }: Member, take: (bytes: Buffer) => void): Promise<void> {
    let refusal: { readonly error: unknown } | undefined;
    const guarded = (bytes: Buffer): void => {
      try {
        take(bytes);
      } catch (error) {
        refusal = { error };
        throw error;
      }
    };
    try {
      await throughZlib(createInflate({ chunkSize: PIECE_BYTES }), this.pieces(start, packedBytes), guarded);
    } catch (error) {
      if (refusal !== undefined) throw refusal.error;
      throw broken(name, error);
    }
  }

  private *pieces(start: number, length: number): Generator<Buffer> {
    for (let done = 0; done < length; done += PIECE_BYTES) {
      const bytes = this.file.copyAt(start + done, Math.min(PIECE_BYTES, length - done));
      if (bytes === undefined) return;
      yield bytes;
    }
  }
}

function broken(name: string, cause?: unknown): Error {
  return archiveRefused(`${shownName(name)} is broken: it cannot be unpacked to its end`, cause);
}

function tooLarge(fault: string): Error {
  return MusterError.cluster(TOO_LARGE, `archive refused: ${fault}`);
}
