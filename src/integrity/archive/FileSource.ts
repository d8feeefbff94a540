import { EventEmitter } from "node:events";
import type { FileProblem } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { FileFault, fileProblem } from "../fileProblem.js";

/** What to read, and as what it is reported. */
export interface SourceFile {
  /** Relative to the node's root: the entry's name. */
  readonly path: string;
  /** Where it is, absolute. */
  readonly file: string;
}

/**
 * One file as JSZip's streaming input: the few stream methods that JSZip uses, and the file opened
 * only when JSZip comes to it, so that any number of sources holds one descriptor at a time. Each
 * step reads one piece with synchronous calls (this runs on pool threads) and in a tick of its own,
 * so that thousands of small files make no deep recursion.
 *
 * A file that cannot be read, or that changes while it is read, ends early and is told to `failed`:
 * the archive then holds a torn entry and has to be written again without it.
 */
export class FileSource extends EventEmitter {
  private readonly disk: Disk;
  private readonly source: SourceFile;
  private readonly piece: Buffer;
  private readonly failed: (problem: FileProblem) => void;
  private descriptor: number | undefined;
  private size = 0;
  private modTime = 0;
  private position = 0;
  private isFlowing = false;
  private isScheduled = false;
  private isEnded = false;

  /**
   * @param piece shared buffer that each piece is read into; a piece is valid during its event only.
   * @param failed hears why the file is not in the archive.
   */
  constructor(disk: Disk, source: SourceFile, piece: Buffer, failed: (problem: FileProblem) => void) {
    super();
    this.disk = disk;
    this.source = source;
    this.piece = piece;
    this.failed = failed;
  }

  pause(): this {
    this.isFlowing = false;
    return this;
  }

  resume(): this {
    this.isFlowing = true;
    if (!this.isScheduled && !this.isEnded) {
      this.isScheduled = true;
      process.nextTick(() => this.step());
    }
    return this;
  }

  /** Closes the file if it is open; for archives that are given up. */
  close(): void {
    this.isEnded = true;
    if (this.descriptor !== undefined) this.disk.closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private step(): void {
    this.isScheduled = false;
    if (!this.isFlowing || this.isEnded) return;
    const bytes = this.next();
    if (bytes === undefined) {
      this.close();
      this.emit("end");
      return;
    }
    this.emit("data", bytes);
    this.resume();
  }

  /** The next piece; undefined at the end, also at an early one. */
  private next(): Buffer | undefined {
    try {
      const descriptor = this.descriptor ?? this.open();
      if (this.position < this.size) {
        const read = this.disk.readSync(descriptor, this.piece, 0, Math.min(this.piece.length, this.size - this.position), null);
        this.position += read;
        if (read > 0) return this.piece.subarray(0, read);
      }
      const { size, mtimeMs } = this.disk.fstatSync(descriptor);
      if (size !== this.size || mtimeMs !== this.modTime) {
        throw new FileFault("EAGAIN", "it changed while it was packed; the next round sends it");
      }
    } catch (error) {
      this.failed(fileProblem(this.source.path, error));
    }
    return undefined;
  }

  private open(): number {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = this.disk.constants;
    this.descriptor = this.disk.openSync(this.source.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = this.disk.fstatSync(this.descriptor);
    if (!status.isFile()) throw new FileFault("EINVAL", "it is no regular file");
    this.size = status.size;
    this.modTime = status.mtimeMs;
    return this.descriptor;
  }
}
