import { createHash, type Hash } from "node:crypto";
import { createDeflate, deflateSync } from "node:zlib";
import type { FileProblem } from "../../../../workers/jobs.js";
import type { Disk } from "../../Disk.js";
import { FileFault, fileProblem } from "../../fileProblem.js";
import { METADATA_NAME } from "../../metadata.js";
import { writeFully } from "../../writeFully.js";
import type { ArchiveContents, ArchiveFile, FinishedArchive } from "../ArchiveFormat.js";
import { SourceFault, SourceFile } from "../SourceFile.js";
import { isMarkable, MarkSearch, MEMBER_END, MEMBER_MARK } from "./marks.js";
import { throughZlib } from "./throughZlib.js";

/** Bytes that a source file is read by; smaller files are packed at once. */
const PIECE_BYTES = 256 * 1024;
/** Levels that are tried when the packed bytes hold a mark; 0 packs nothing, and shows the content as it is. */
const LEVELS = [1, 6, 9, 2, 3, 4, 5, 7, 8, 0] as const;

/** No level packs these bytes so that a reader could find their end. */
const MARKED = "EILSEQ";
const TOO_MUCH = "E2BIG";

export interface ZlibContentsOptions {
  /** zlib's level for the first try. */
  readonly level: number;
  /** Bytes of all members but the metadata. */
  readonly mostBytes: number;
}

/** Writes zlib members into an open file, each streamed from its source (dialects.md 1.5). */
export class ZlibContents implements ArchiveContents {
  readonly #disk: Disk;
  readonly #descriptor: number;
  readonly #options: ZlibContentsOptions;
  readonly #levels: readonly number[];
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES);
  /** What is certain of the archive. What stands behind its end, of a try that failed, is written over. */
  #whole: Member;

  /** @param descriptor of an empty file, open for writing */
  constructor(disk: Disk, descriptor: number, options: ZlibContentsOptions) {
    this.#disk = disk;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#whole = new Member(disk, descriptor, 0, createHash("sha256"));
    this.#levels = [options.level, ...LEVELS.filter((level) => level !== options.level)];
  }

  async writeFiles(files: readonly ArchiveFile[]): Promise<FileProblem[]> {
    const failures: FileProblem[] = [];
    for (const [index, file] of files.entries()) {
      const failure = await this.#writeFile(file);
      if (failure === undefined) continue;
      if (failure.code !== TOO_MUCH) {
        failures.push(failure);
        continue;
      }
      if (this.#whole.end === 0) {
        // It fits into no archive of this size; the others may.
        failures.push({ ...failure, code: "EFBIG" });
        continue;
      }
      return [...failures, ...files.slice(index).map(({ path }) => ({ ...failure, path }))];
    }
    return failures;
  }

  async finish(metadata: Buffer): Promise<FinishedArchive> {
    await this.#atSomeLevel((level) => {
      const packed = deflateSync(metadata, { level });
      const search = new MarkSearch();
      search.push(packed);
      if (search.found.length > 0) return Promise.resolve(false);
      const member = this.#whole.next();
      member.put(headOf(METADATA_NAME));
      member.put(packed);
      this.#whole = member;
      return Promise.resolve(true);
    });
    this.#disk.ftruncateSync(this.#descriptor, this.#whole.end);
    return this.#whole.finished();
  }

  /** Writes one file; why not, when it is left out. */
  async #writeFile({ path, file }: ArchiveFile): Promise<FileProblem | undefined> {
    if (!isMarkable(path)) return { path, code: MARKED, message: "its name holds what separates files in an archive: it cannot be sent" };
    try {
      await this.#atSomeLevel((level) => this.#writeMember(path, file, level));
      return undefined;
    } catch (error) {
      if (error instanceof SourceFault) return error.problem;
      // What the archive's own disk says is no fault of the file.
      if (error instanceof FileFault) return fileProblem(path, error);
      throw error;
    }
  }

  /** False when the packed bytes hold a mark: then nothing of the member counts. */
  async #writeMember(path: string, file: string, level: number): Promise<boolean> {
    const head = headOf(path);
    const search = new MarkSearch();
    const member = this.#whole.next();
    member.put(head);
    const take = (bytes: Buffer): void => {
      if (member.end + bytes.length + MEMBER_END.length > this.#options.mostBytes) {
        throw new FileFault(TOO_MUCH, `does not fit into an archive of ${this.#options.mostBytes} bytes; the next round sends it`);
      }
      search.push(bytes);
      member.put(bytes);
    };
    const source = new SourceFile(this.#disk, path, file);
    try {
      if (source.size <= PIECE_BYTES) {
        const content = this.#piece.subarray(0, source.size);
        source.readFully(content);
        take(deflateSync(content, { level }));
      } else await throughZlib(createDeflate({ level, chunkSize: PIECE_BYTES }), this.#pieces(source), take);
      source.requireUnchanged();
    } finally {
      source.close();
    }
    const contentBytes = member.end - this.#whole.end - head.length;
    search.push(MEMBER_END);
    if (search.found[0] !== contentBytes) return false;
    member.put(MEMBER_END);
    this.#whole = member;
    return true;
  }

  *#pieces(source: SourceFile): Generator<Buffer> {
    for (let left = source.size; left > 0; left -= PIECE_BYTES) {
      const piece = this.#piece.subarray(0, Math.min(left, PIECE_BYTES));
      source.readFully(piece);
      yield piece;
    }
  }

  async #atSomeLevel(work: (level: number) => Promise<boolean>): Promise<void> {
    for (const level of this.#levels) if (await work(level)) return;
    throw new FileFault(MARKED, "packed at any level it holds what separates files in an archive: it cannot be sent");
  }
}

/** A member that is being written, with the hash of the whole archive up to its end. */
class Member {
  readonly #disk: Disk;
  readonly #descriptor: number;
  readonly #hash: Hash;
  #end: number;

  constructor(disk: Disk, descriptor: number, end: number, hash: Hash) {
    this.#disk = disk;
    this.#descriptor = descriptor;
    this.#end = end;
    this.#hash = hash;
  }

  /** The byte of the archive behind it. */
  get end(): number {
    return this.#end;
  }

  put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#end += writeFully(this.#disk, this.#descriptor, bytes, this.#end);
  }

  /** A member behind this one. */
  next(): Member {
    return new Member(this.#disk, this.#descriptor, this.#end, this.#hash.copy());
  }

  finished(): FinishedArchive {
    return { bytes: this.#end, sha256: this.#hash.digest() };
  }
}

function headOf(path: string): Buffer {
  return Buffer.concat([Buffer.from(path), MEMBER_MARK]);
}
