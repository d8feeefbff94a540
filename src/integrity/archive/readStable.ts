import type { Disk } from "../Disk.js";
import { FileFault } from "../fileProblem.js";

/**
 * A file's content in pieces, read by synchronous calls into one buffer: a piece is valid until the next one is
 * asked for. No link is followed in its last name. As many bytes as it had when it was opened, so that a growing
 * file ends.
 *
 * @throws the system's error; FileFault EINVAL when it is no regular file, EAGAIN when it changed meanwhile.
 */
export function* readStable(disk: Disk, file: string, piece: Buffer): Generator<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = disk.constants;
  const descriptor = disk.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const before = disk.fstatSync(descriptor);
    if (!before.isFile()) throw new FileFault("EINVAL", "it is no regular file");
    for (let position = 0; position < before.size; ) {
      const read = disk.readSync(descriptor, piece, 0, Math.min(piece.length, before.size - position), null);
      if (read === 0) break;
      position += read;
      yield piece.subarray(0, read);
    }
    const after = disk.fstatSync(descriptor);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new FileFault("EAGAIN", "it changed while it was packed; the next round sends it");
    }
  } finally {
    disk.closeSync(descriptor);
  }
}
