import type { Disk } from "../src/integrity/Disk.js";
import { FileFault } from "../src/integrity/fileProblem.js";
import { encryptPieces } from "../src/protocol/fernet.js";
import type { FernetKeys } from "./FernetKeys.js";
import type { SealedResult, SealFileJob } from "./jobs.js";

/** Bytes of the file that are in hand at a time. This thread reads all its files through the same memory. */
const piece = Buffer.allocUnsafeSlow(32 * 1024);

/**
 * Seals a part of a file: reads it piece by piece and writes the token into shared memory, so that the clear bytes are
 * nowhere as a whole.
 *
 * @throws the system's error, and EIO when the file ends before the part does.
 */
export function sealFile(disk: Disk, job: SealFileJob, keys: FernetKeys): SealedResult {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = disk.constants;
  const descriptor = disk.openSync(job.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const target = Buffer.from(job.target).subarray(job.offset);
    const payloadBytes = job.prefix.length + job.length;
    return { bytes: encryptPieces(keys.of(job.key), pieces(disk, descriptor, job), payloadBytes, job.seconds, job.iv, target) };
  } finally {
    disk.closeSync(descriptor);
  }
}

function* pieces(disk: Disk, descriptor: number, { prefix, position, length, file }: SealFileJob): Generator<Uint8Array> {
  yield prefix;
  for (let done = 0; done < length; ) {
    const read = disk.readSync(descriptor, piece, 0, Math.min(piece.length, length - done), position + done);
    if (read === 0) throw new FileFault("EIO", `${file} became shorter while it was sent`);
    yield piece.subarray(0, read);
    done += read;
  }
}
