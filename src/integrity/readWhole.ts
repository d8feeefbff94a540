import type { Disk } from "./Disk.js";
import { FileFault } from "./fileProblem.js";

export interface WholeFile {
  readonly content: Buffer;
  /** Seconds since the epoch, with fractions. */
  readonly modTime: number;
}

/**
 * A small regular file's content and time, read through one descriptor that follows no link.
 *
 * @param longest bytes beyond which the file is refused before it is read.
 * @throws the system's error; an error with code EFBIG (too large), EINVAL (no regular file) or
 *   EAGAIN (it changed its size while it was read).
 */
export function readWhole(disk: Disk, file: string, longest: number): WholeFile {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = disk.constants;
  const descriptor = disk.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const status = disk.fstatSync(descriptor);
    if (!status.isFile()) throw new FileFault("EINVAL", "it is no regular file");
    if (status.size > longest) throw new FileFault("EFBIG", `it has ${status.size} bytes; at most ${longest} are taken`);
    const content = Buffer.allocUnsafe(status.size);
    let offset = 0;
    while (offset < content.length) {
      const read = disk.readSync(descriptor, content, offset, content.length - offset, null);
      if (read === 0) throw new FileFault("EAGAIN", "it became shorter while it was read");
      offset += read;
    }
    return { content, modTime: status.mtimeMs / 1000 };
  } finally {
    disk.closeSync(descriptor);
  }
}
