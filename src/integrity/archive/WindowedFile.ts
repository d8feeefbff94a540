import type { Disk } from "../Disk.js";

/** Bytes that are read at once for many small records. */
const WINDOW_BYTES = 1024 * 1024;

/** Positioned reads of one open file: small ones from a window, large ones in pieces. Holds no more than a window. */
export class WindowedFile {
  readonly size: number;
  private readonly disk: Disk;
  private readonly descriptor: number;
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;

  /** Opens a regular file; a link is not followed. @throws the system's error. */
  constructor(disk: Disk, path: string) {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = disk.constants;
    this.disk = disk;
    this.descriptor = disk.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    this.size = disk.fstatSync(this.descriptor).size;
  }

  /** `length` bytes at `position`, or undefined when the file has not so many. Valid until the next call. */
  bytesAt(position: number, length: number): Buffer | undefined {
    if (position < 0 || position + length > this.size) return undefined;
    const from = position - this.windowStart;
    if (from >= 0 && from + length <= this.window.length) return this.window.subarray(from, from + length);
    this.window = this.readAt(position, Math.max(length, Math.min(WINDOW_BYTES, this.size - position)));
    this.windowStart = position;
    return this.window.length < length ? undefined : this.window.subarray(0, length);
  }

  /** As `bytesAt`, but in memory of its own, which the caller keeps. */
  copyAt(position: number, length: number): Buffer | undefined {
    if (position < 0 || position + length > this.size) return undefined;
    const bytes = this.readAt(position, length);
    return bytes.length < length ? undefined : bytes;
  }

  /** Reads [position, position + length) into `piece`, again and again, and hands each filling to `take`. */
  eachPiece(position: number, length: number, piece: Buffer, take: (bytes: Buffer) => void): void {
    let done = 0;
    while (done < length) {
      const read = this.disk.readSync(this.descriptor, piece, 0, Math.min(piece.length, length - done), position + done);
      if (read === 0) return;
      take(piece.subarray(0, read));
      done += read;
    }
  }

  close(): void {
    this.disk.closeSync(this.descriptor);
  }

  private readAt(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let offset = 0;
    while (offset < length) {
      const read = this.disk.readSync(this.descriptor, bytes, offset, length - offset, position + offset);
      if (read === 0) break;
      offset += read;
    }
    return bytes.subarray(0, offset);
  }
}
