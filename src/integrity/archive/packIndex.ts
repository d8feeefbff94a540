import type { PackIndexJob, PackResult } from "../../../workers/jobs.js";
import type { Disk } from "../Disk.js";
import { FileIndex } from "../FileIndex.js";
import { indexToMetadata } from "../metadata.js";
import { writeArchive } from "./writeArchive.js";

/**
 * Writes a worker's whole index as an archive that holds only `files_metadata.json` (protocol.md 6).
 *
 * @throws MusterError 3001 when the archive cannot be written.
 */
export async function packIndex(disk: Disk, job: PackIndexJob): Promise<PackResult> {
  const index = new FileIndex(job.index);
  const metadata = Buffer.from(indexToMetadata(index, job.scope.dialect), "latin1");
  const { bytes, sha256 } = await writeArchive(disk, { scope: job.scope, destination: job.destination, files: [] }, () => metadata);
  return { bytes, files: index.size, sha256 };
}
