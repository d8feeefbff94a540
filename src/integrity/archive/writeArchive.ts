import type { FileProblem } from "../../../workers/jobs.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Disk } from "../Disk.js";
import { METADATA_NAME } from "../metadata.js";
import { systemCodeOf } from "../systemCode.js";
import { ArchiveWriter, type ArchiveFile, type FinishedArchive } from "./ArchiveWriter.js";

/** The catalogue's "Error creating zip file". */
export const NOT_WRITTEN = 3001;

const METADATA_MODE = 0o600;

/** The writer makes no zip64 records: an archive has at most so many entries, metadata included. */
export const MOST_ENTRIES = 0xffff;
/** … and so many bytes. */
export const MOST_BYTES = 0xffffffff;

export interface WrittenArchive extends FinishedArchive {
  /** Files that could not be packed and are not in the archive. */
  readonly failures: readonly FileProblem[];
}

/**
 * Writes an archive of the files, stored, in their order, and the metadata as its last entry
 * (protocol.md 10): to a temporary file beside `destination`, which then takes that name. Files are
 * read one after another. One that cannot be read, or changes while it is read, is left out.
 *
 * @param metadata the metadata's bytes, asked for when it is certain which files are in the archive;
 *   it is told those that are not.
 * @throws MusterError 3001 when the archive itself cannot be written; nothing of it is left.
 */
export function writeArchive(
  disk: Disk,
  destination: string,
  files: readonly ArchiveFile[],
  metadata: (failures: readonly FileProblem[]) => Buffer,
): WrittenArchive {
  const temporary = `${destination}.tmp`;
  let isKept = false;
  try {
    disk.rmSync(temporary, { force: true });
    const descriptor = disk.openSync(temporary, "wx", 0o600);
    try {
      const writer = new ArchiveWriter(disk, descriptor);
      const failures = files.flatMap((file) => writer.addFile(file) ?? []);
      writer.addContent(METADATA_NAME, metadata(failures), 0, METADATA_MODE);
      const finished = writer.finish();
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
