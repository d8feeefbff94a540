import type { ReadIndexJob, ReadIndexResult } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { METADATA_NAME, metadataToIndex } from "../metadata.js";
import { archiveRefused, shownName } from "./archiveRefused.js";
import { formatOf } from "./formats.js";
import { readMetadata } from "./readMetadata.js";

/**
 * Reads a worker's archive into a packed index. It may hold nothing but `files_metadata.json`. The
 * archive is removed in any case: it is of no further use, and a refused one leaves nothing behind
 * (protocol.md 10).
 *
 * @throws MusterError 3000 when the archive or its metadata is refused, 3036 when that is no JSON.
 */
export async function readIndex(disk: Disk, job: ReadIndexJob): Promise<ReadIndexResult> {
  const { items, dialect, limits } = job.scope;
  try {
    const archive = formatOf(dialect).open(disk, job.archive, job.scope);
    try {
      const metadata = await readMetadata(archive);
      const other = archive.entries.find(({ name }) => name !== METADATA_NAME);
      if (other !== undefined) throw archiveRefused(`${shownName(other.name)} is not listed by its metadata`);
      const index = metadataToIndex(metadata, items, dialect, limits);
      return { index: index.buffer, files: index.size };
    } finally {
      archive.close();
    }
  } finally {
    disk.rmSync(job.archive, { force: true });
  }
}
