import { createHash, hash as hashAtOnce } from "node:crypto";
import type { Disk } from "./Disk.js";

/** Bytes read at once; one buffer serves all files. */
const READ_BYTES = 256 * 1024;

/** A file's hash with the status that it had before its content was read. */
export interface HashedFile {
  readonly digest: Uint8Array;
  /** Seconds since the epoch. */
  readonly modTime: number;
  /** `ctimeMs`. */
  readonly changeTime: number;
  readonly size: number;
}

/** Says that a path holds no regular file. */
class NotRegularError extends Error {
  readonly code = "EINVAL";
}

/** Hashes files one after another through one bounded buffer. */
export class FileHasher {
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** @param algorithm Node's name of the hash. */
  constructor(
    private readonly disk: Disk,
    private readonly algorithm: string,
  ) {}

  /**
   * Hashes as many bytes as the file had when it was opened, so that a growing file ends. Does not
   * follow a link in the path's last name, and does not wait for the writer of a named pipe.
   *
   * @throws the system's error, or NotRegularError.
   */
  hash(absolutePath: string): HashedFile {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = this.disk.constants;
    const descriptor = this.disk.openSync(absolutePath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const status = this.disk.fstatSync(descriptor);
      if (!status.isFile()) throw new NotRegularError(`${absolutePath} is no regular file`);
      const digest = this.digest(descriptor, status.size);
      return { digest, modTime: status.mtimeMs / 1000, changeTime: status.ctimeMs, size: status.size };
    } finally {
      this.disk.closeSync(descriptor);
    }
  }

  private digest(descriptor: number, size: number): Uint8Array {
    const first = this.read(descriptor, size);
    if (first.length === size) return hashAtOnce(this.algorithm, first, "buffer");
    const running = createHash(this.algorithm).update(first);
    let left = size - first.length;
    while (left > 0) {
      const part = this.read(descriptor, left);
      if (part.length === 0) break;
      running.update(part);
      left -= part.length;
    }
    return running.digest();
  }

  /** The next bytes of the file, at most `most`; empty at its end. Valid until the next read. */
  private read(descriptor: number, most: number): Buffer {
    if (most === 0) return this.buffer.subarray(0, 0);
    const got = this.disk.readSync(descriptor, this.buffer, 0, Math.min(most, READ_BYTES), null);
    return this.buffer.subarray(0, got);
  }
}
