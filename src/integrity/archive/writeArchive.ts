import type { FileProblem, NodeScope } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Disk } from "../Disk.js";
import { systemCodeOf } from "../systemCode.js";
import type { ArchiveFile, FinishedArchive } from "./ArchiveFormat.js";
import { formatOf } from "./formats.js";

/** The catalogue's "Error creating zip file". */
export const NOT_WRITTEN = 3001;

/** What to write, and where. */
export interface ArchiveOrder {
  readonly scope: NodeScope;
  /** Absolute. */
  readonly destination: string;
  readonly files: readonly ArchiveFile[];
  /** Bytes that the files may take in the archive, for formats that pack. */
  readonly mostPackedBytes?: number | undefined;
}

export interface WrittenArchive extends FinishedArchive {
  /** Files that could not be packed and are not in the archive. */
  readonly failures: readonly FileProblem[];
}

/**
 * Writes an archive of the files in the dialect's format, in their order, and the metadata as its last entry
 * (protocol.md 10): to a temporary file beside `destination`, which then takes that name. Files are
 * read one after another. One that cannot be read, or changes while it is read, is left out.
 *
 * @param metadata the metadata's bytes, asked for when it is certain which files are in the archive;
 *   it is told those that are not.
 * @throws MusterError 3001 when the archive itself cannot be written; nothing of it is left.
 */
export async function writeArchive(
  disk: Disk,
  { scope, destination, files, mostPackedBytes }: ArchiveOrder,
  metadata: (failures: readonly FileProblem[]) => Buffer,
): Promise<WrittenArchive> {
  const temporary = `${destination}.tmp`;
  let isKept = false;
  try {
    disk.rmSync(temporary, { force: true });
    const descriptor = disk.openSync(temporary, "wx", 0o600);
    try {
      const contents = formatOf(scope.dialect).write(disk, descriptor, scope, mostPackedBytes);
      const failures = await contents.writeFiles(files);
      const finished = await contents.finish(metadata(failures));
      disk.renameSync(temporary, destination);
      isKept = true;
      return { ...finished, failures };
    } finally {
      disk.closeSync(descriptor);
    }
  } catch (cause) {
    const reason = systemCodeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw MusterError.cluster(NOT_WRITTEN, `${destination}: ${reason}`, { cause });
  } finally {
    if (!isKept) disk.rmSync(temporary, { force: true });
  }
}
