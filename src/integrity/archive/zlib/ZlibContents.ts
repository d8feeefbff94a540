import { createDeflate, deflateSync } from "node:zlib";
import type { FileProblem } from "../../../../workers/jobs.js";
import type { Disk } from "../../Disk.js";
import { FileFault, fileProblem } from "../../fileProblem.js";
import { METADATA_NAME } from "../../metadata.js";
import { systemCodeOf } from "../../systemCode.js";
import { writeFully } from "../../writeFully.js";
import type { ArchiveContents, ArchiveFile } from "../ArchiveFormat.js";
import { readStable } from "../readStable.js";
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
  private readonly disk: Disk;
  private readonly descriptor: number;
  private readonly options: ZlibContentsOptions;
  private readonly levels: readonly number[];
  private readonly piece = Buffer.allocUnsafe(PIECE_BYTES);
  /** Where the next member begins. What stands behind it, of a try that failed, is written over. */
  private end = 0;

  constructor(disk: Disk, descriptor: number, options: ZlibContentsOptions) {
    this.disk = disk;
    this.descriptor = descriptor;
    this.options = options;
    this.levels = [options.level, ...LEVELS.filter((level) => level !== options.level)];
  }

  async writeFiles(files: readonly ArchiveFile[]): Promise<FileProblem[]> {
    const failures: FileProblem[] = [];
    for (const [index, file] of files.entries()) {
      const failure = await this.writeFile(file);
      if (failure === undefined) continue;
      if (failure.code !== TOO_MUCH) {
        failures.push(failure);
        continue;
      }
      if (this.end === 0) {
        // It fits into no archive of this size; the others may.
        failures.push({ ...failure, code: "EFBIG" });
        continue;
      }
      return [...failures, ...files.slice(index).map(({ path }) => ({ ...failure, path }))];
    }
    return failures;
  }

  finish(metadata: Buffer): Promise<number> {
    return this.atSomeLevel(async (level) => {
      const packed = deflateSync(metadata, { level });
      const search = new MarkSearch();
      search.push(packed);
      if (search.found.length > 0) return undefined;
      const size = this.end + this.put(this.end, headOf(METADATA_NAME), packed);
      this.disk.ftruncateSync(this.descriptor, size);
      return Promise.resolve(size);
    });
  }

  /** Writes one file; why not, when it is left out. */
  private async writeFile({ path, file }: ArchiveFile): Promise<FileProblem | undefined> {
    if (!isMarkable(path)) return { path, code: MARKED, message: "its name holds what separates files in an archive: it cannot be sent" };
    try {
      this.end = await this.atSomeLevel((level) => this.writeMember(path, file, level));
      return undefined;
    } catch (error) {
      // The archive's own disk may be full; that is no fault of the file.
      if (error instanceof NotWritten) throw error.cause;
      return fileProblem(path, error);
    }
  }

  /** Where the member ends; undefined when its packed bytes hold a mark. */
  private async writeMember(path: string, file: string, level: number): Promise<number | undefined> {
    const head = headOf(path);
    const search = new MarkSearch();
    let end = this.end + this.put(this.end, head);
    const take = (bytes: Buffer): void => {
      if (end + bytes.length + MEMBER_END.length > this.options.mostBytes) {
        throw new FileFault(TOO_MUCH, `does not fit into an archive of ${this.options.mostBytes} bytes; the next round sends it`);
      }
      search.push(bytes);
      end += this.put(end, bytes);
    };
    const pieces = readStable(this.disk, file, this.piece);
    try {
      const first = pieces.next();
      if (first.done === true || first.value.length < this.piece.length) {
        const content = first.done === true ? Buffer.alloc(0) : Buffer.from(first.value);
        // Not yet at its end: the last step looks whether the file has changed.
        for (const rest of first.done === true ? [] : pieces) if (rest.length > 0) throw new FileFault("EAGAIN", "it changed while it was packed");
        take(deflateSync(content, { level }));
      } else {
        await throughZlib(createDeflate({ level, chunkSize: PIECE_BYTES }), startingWith(first.value, pieces), take);
      }
    } finally {
      pieces.return(undefined);
    }
    const contentEnd = end - this.end - head.length;
    search.push(MEMBER_END);
    if (search.found[0] !== contentEnd) return undefined;
    return end + this.put(end, MEMBER_END);
  }

  private async atSomeLevel<T>(work: (level: number) => Promise<T | undefined>): Promise<T> {
    for (const level of this.levels) {
      const done = await work(level);
      if (done !== undefined) return done;
    }
    throw new FileFault(MARKED, "packed at any level it holds what separates files in an archive: it cannot be sent");
  }

  private put(position: number, ...parts: Uint8Array[]): number {
    try {
      return parts.reduce((done, part) => done + writeFully(this.disk, this.descriptor, part, position + done), 0);
    } catch (cause) {
      throw systemCodeOf(cause) === undefined ? cause : new NotWritten(cause);
    }
  }
}

/** The archive itself could not be written. */
class NotWritten extends Error {
  constructor(cause: unknown) {
    super("the archive could not be written", { cause });
  }
}

function headOf(path: string): Buffer {
  return Buffer.concat([Buffer.from(path), MEMBER_MARK]);
}

function* startingWith(first: Buffer, rest: Iterable<Buffer>): Generator<Buffer> {
  yield first;
  yield* rest;
}
